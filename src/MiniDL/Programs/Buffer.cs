// Where numbers live while a program runs: a buffer is a run of elements, a view an index map into one.
//
// They stand between lowering, which makes them, and the executors, which put addresses to them. The one thing to understand: offset plus one stride per
// axis describes any chain of transposes, slices, stretches and reversals, so views need no stages.
namespace MiniDL;

/// <summary>What a <see cref="Buffer"/> holds, which tells who owns its memory.</summary>
public enum BufferKind
{
    /// <summary>An argument of the function: the caller's array.</summary>
    Input,

    /// <summary>A shared variable's value, read and updated in place.</summary>
    Shared,

    /// <summary>Numbers that are part of the graph.</summary>
    Constant,

    /// <summary>An intermediate result, in the arena; its bytes are used again once nobody reads it any more.</summary>
    Temporary,

    /// <summary>A result of the function, in the arena, kept until the next run.</summary>
    Output,
}

/// <summary>A contiguous run of elements that stages read and write.</summary>
public sealed class Buffer
{
    internal Buffer(int id, BufferKind kind, Tensor node, string name)
    {
        Id = id;
        Kind = kind;
        Node = node;
        Name = name;
    }

    /// <summary>The index in <see cref="Program.Buffers"/>.</summary>
    public int Id { get; }

    /// <summary>What it holds.</summary>
    public BufferKind Kind { get; }

    /// <summary>The node of the optimised graph whose value it holds.</summary>
    public Tensor Node { get; }

    /// <summary>The name in listings.</summary>
    public string Name { get; }

    /// <summary>The type of each element.</summary>
    public DType DType => Node.DType;

    /// <summary>The number of elements.</summary>
    public int Count => checked((int)Node.Shape.Count);

    /// <summary>The size in bytes.</summary>
    public long Bytes => (long)Count * DType.Size();

    /// <summary>The offset in the arena in bytes, for temporaries and outputs; -1 otherwise.</summary>
    public long Offset { get; internal set; } = -1;

    /// <summary>True when the two share bytes: they are one, or the memory plan gave them the same place.</summary>
    internal bool Overlaps(Buffer other) =>
        this == other || (Offset >= 0 && other.Offset >= 0 && Offset < other.Offset + other.Bytes && other.Offset < Offset + Bytes);

    /// <summary>The name and what is known.</summary>
    public override string ToString() => $"{Name}: {Node.Type}";
}

/// <summary>Elements of a buffer under a shape: an index map says where each one is.</summary>
public sealed record View(Buffer Buffer, IndexMap Map)
{
    /// <summary>For listings: the buffer's name, and the strides unless it is read straight.</summary>
    public override string ToString() => Map.IsWhole(Buffer.Count) ? Buffer.Name : $"{Buffer.Name}{Map}";
}

/// <summary>An affine map from a multi-index of a shape to the position of an element: what any chain of transposes, slices, stretches
/// and reversals amounts to.</summary>
/// <param name="Shape">The shape that is read; all dims known.</param>
/// <param name="Strides">Elements per step of each axis; 0 along a stretched axis, negative along a reversed one.</param>
/// <param name="Offset">The element at index 0.</param>
public sealed record IndexMap(Shape Shape, Ints Strides, int Offset)
{
    /// <summary>The map that reads a whole contiguous array of a shape.</summary>
    public static IndexMap Contiguous(Shape shape) => new(shape, Ints.Create(shape.Strides()), 0);

    /// <summary>True when position p in row-major order is element <see cref="Offset"/> + p.</summary>
    public bool IsContiguous
    {
        get
        {
            int step = 1;
            for (int axis = Shape.Rank - 1; axis >= 0; axis--)
            {
                if (Shape[axis] != 1 && Strides[axis] != step) return false;
                step *= Shape[axis];
            }
            return true;
        }
    }

    /// <summary>True when it reads all <paramref name="count"/> elements of an array in order.</summary>
    public bool IsWhole(int count) => Offset == 0 && Shape.Count == count && IsContiguous;

    /// <summary>True when position p reads element p / <paramref name="columns"/>: a column stretched along rows of that length.</summary>
    public bool IsRowStretch(int rows, int columns)
    {
        if (Offset != 0 || Shape.Count != (long)rows * columns) return false;
        int axis = Shape.Rank - 1;
        long stretched = 1;
        while (axis >= 0 && stretched < columns)
        {
            if (Shape[axis] != 1 && Strides[axis] != 0) return false;
            stretched *= Shape[axis--];
        }
        if (stretched != columns) return false;
        int step = 1;
        for (; axis >= 0; axis--)
        {
            if (Shape[axis] != 1 && Strides[axis] != step) return false;
            step *= Shape[axis];
        }
        return true;
    }

    /// <summary>The shape and strides, for listings.</summary>
    public override string ToString() => $"[{Shape} by {Strides}{(Offset == 0 ? "" : $" from {Offset}")}]";
}
