// Numbers: a dtype, a shape, and contiguous row-major storage. What goes into a function and what comes out of it.
//
// The one thing to understand: storage is allocated pinned, so that an executor may read it through a plain pointer, and
// Rows(start, count) is a view into the same storage: feeding a mini-batch to a function copies nothing.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace MiniDL;

/// <summary>An array of numbers of any rank, contiguous and row-major.</summary>
/// <example><code>
/// var x = NDArray.From([1f, 2f, 3f, 4f, 5f, 6f], [2, 3]);
/// Span&lt;float&gt; lastRow = x.Rows(1, 1).Span&lt;float&gt;();      // 4 5 6, not a copy
/// </code></example>
public sealed class NDArray
{
    private const int Line = 64;       // bytes of a cache line, and of the widest vector

    private readonly Array _storage;   // float[], int[] or bool[], pinned
    private readonly int _offset;      // first element of this view in _storage

    private NDArray(DType dtype, Shape shape, Array storage, int offset)
    {
        DType = dtype;
        Shape = shape;
        _storage = storage;
        _offset = offset;
        Count = checked((int)shape.Count);
    }

    /// <summary>The type of each element.</summary>
    public DType DType { get; }

    /// <summary>The dims; every one is known.</summary>
    public Shape Shape { get; }

    /// <summary>The number of elements.</summary>
    public int Count { get; }

    /// <summary>An array of zeros (false for bool).</summary>
    /// <exception cref="InvalidOperationException">A dim of <paramref name="shape"/> is unknown.</exception>
    /// <exception cref="OverflowException">More than 2^31-1 elements.</exception>
    public static NDArray Zeros(Shape shape, DType dtype = DType.Float32)
    {
        ArgumentNullException.ThrowIfNull(shape);
        int count = checked((int)shape.Count);
        return dtype switch
        {
            DType.Float32 => OnLine<float>(dtype, shape, count),
            DType.Int32 => OnLine<int>(dtype, shape, count),
            _ => OnLine<bool>(dtype, shape, count),
        };
    }

    /// <summary>An array whose first element starts a cache line: a vector of 64 bytes that straddles two lines takes twice as long to load. The collector promises 8 bytes, so a
    /// little more is allocated, and what lies before the line is left out.</summary>
    private static unsafe NDArray OnLine<TElement>(DType dtype, Shape shape, int count) where TElement : unmanaged
    {
        int more = count * (long)sizeof(TElement) < Line ? 0 : Line / sizeof(TElement);
        TElement[] storage = GC.AllocateArray<TElement>(checked(count + more), pinned: true);
        nuint start = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(storage));
        int offset = more == 0 ? 0 : (int)((Line - start % Line) % Line) / sizeof(TElement);
        return new NDArray(dtype, shape, storage, offset);
    }

    /// <summary>An array that holds a copy of <paramref name="values"/> (float, int or bool), in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the number of elements of the shape.</exception>
    public static NDArray From<TElement>(ReadOnlySpan<TElement> values, Shape shape) where TElement : unmanaged
    {
        if (values.Length != shape.Count)
            throw new ArgumentException($"{values.Length} values cannot fill shape {shape} of {shape.Count} elements");
        NDArray array = Zeros(shape, DTypes.Of<TElement>());
        values.CopyTo(array.Span<TElement>());
        return array;
    }

    /// <inheritdoc cref="From{TElement}(ReadOnlySpan{TElement}, Shape)"/>
    public static NDArray From<TElement>(TElement[] values, Shape shape) where TElement : unmanaged =>
        From((ReadOnlySpan<TElement>)values, shape);

    /// <summary>A rank-0 array that holds one number.</summary>
    public static NDArray Scalar<TElement>(TElement value) where TElement : unmanaged => From([value], MiniDL.Shape.Scalar);

    /// <summary>A float becomes a rank-0 float32 array, so that <c>multiply.Run(2, 3)</c> reads as written.</summary>
    public static implicit operator NDArray(float value) => Scalar(value);

    /// <summary>The elements, row-major; writes go to this array (and to the views that share its storage).</summary>
    /// <exception cref="InvalidOperationException"><typeparamref name="TElement"/> is not this array's dtype.</exception>
    public Span<TElement> Span<TElement>() where TElement : unmanaged =>
        _storage is TElement[] elements && DTypes.Of<TElement>() == DType
            ? elements.AsSpan(_offset, Count)
            : throw new InvalidOperationException($"this array is {DType.Label()}, it cannot be read as {DTypes.Of<TElement>().Label()}");

    /// <summary>The elements as raw bytes: 4 each for float32 and int32, 1 for bool.</summary>
    public Span<byte> Bytes() => DType switch
    {
        DType.Float32 => MemoryMarshal.AsBytes(Span<float>()),
        DType.Int32 => MemoryMarshal.AsBytes(Span<int>()),
        _ => MemoryMarshal.AsBytes(Span<bool>()),
    };

    /// <summary>The address of the first element. Valid while this array is reachable: the storage is pinned.</summary>
    internal unsafe void* Pointer => Unsafe.AsPointer(ref MemoryMarshal.GetReference(Bytes()));

    /// <summary>Rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> - 1 of the outermost axis:
    /// a view, nothing is copied.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows are not all there, or the array is a scalar.</exception>
    public NDArray Rows(int start, int count)
    {
        if (Shape.Rank == 0 || start < 0 || count < 0 || (long)start + count > Shape[0])
            throw new ArgumentOutOfRangeException(nameof(start), $"rows {start}..{(long)start + count} do not exist in an array of shape {Shape}");
        int rowLength = checked((int)Shape.Product(1, Shape.Rank));
        return new NDArray(DType, Shape.With(0, count), _storage, _offset + start * rowLength);
    }

    /// <summary>The same elements under another shape: a view, nothing is copied. One dim may be -1: what is left.</summary>
    /// <exception cref="ArgumentException">The number of elements differs.</exception>
    public NDArray Reshape(Shape shape)
    {
        int free = shape.Dims.IndexOf(MiniDL.Shape.Unknown);
        if (free >= 0)
        {
            long others = shape.Product(0, free) * shape.Product(free + 1, shape.Rank);
            if (others == 0 || Count % others != 0)
                throw new ArgumentException($"{Shape} of {Count} elements cannot be reshaped to {shape}");
            shape = shape.With(free, (int)(Count / others));
        }
        if (shape.Count != Count)
            throw new ArgumentException($"{Shape} of {Count} elements cannot be reshaped to {shape} of {shape.Count}");
        return new NDArray(DType, shape, _storage, _offset);
    }

    /// <summary>A copy with storage of its own.</summary>
    public NDArray Copy()
    {
        NDArray copy = Zeros(Shape, DType);
        Bytes().CopyTo(copy.Bytes());
        return copy;
    }

    /// <summary>The one element of an array of one element, as float.</summary>
    /// <exception cref="InvalidOperationException">The array does not have exactly one element.</exception>
    public float Item() => Count == 1
        ? (float)this.ToDouble(0)
        : throw new InvalidOperationException($"Item() wants an array of one element, not of shape {Shape}");

    /// <summary>Element <paramref name="index"/> in row-major order as a double: exact for every dtype, true is 1.</summary>
    public double ToDouble(int index) => DType switch
    {
        DType.Float32 => Span<float>()[index],
        DType.Int32 => (double)Span<int>()[index],   // without the cast the switch would be of type float, and round
        _ => Span<bool>()[index] ? 1 : 0,
    };

    /// <summary>The dtype, the shape and the first few elements.</summary>
    public override string ToString()
    {
        const int Shown = 8;
        var text = new StringBuilder($"{DType.Label()}{Shape} [");
        for (int i = 0; i < Math.Min(Count, Shown); i++)
            text.Append(i == 0 ? "" : " ").Append(DType == DType.Bool ? ToDouble(i) != 0 : ToDouble(i).ToString("G6"));
        return text.Append(Count > Shown ? " ...]" : "]").ToString();
    }
}
