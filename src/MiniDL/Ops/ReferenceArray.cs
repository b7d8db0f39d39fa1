// The reference's numbers: every dtype as float64, which holds int32 and bool exactly.
//
// Used by the Evaluate method of each op and by the interpreter in Reference/. The one thing to understand: nothing here is
// fast or clever on purpose; an op's Evaluate should be readable as its definition.
namespace MiniDL;

/// <summary>An array of float64 with a shape, contiguous and row-major. bool is 0 or 1.</summary>
internal sealed class ReferenceArray
{
    public ReferenceArray(Shape shape) : this(shape, new double[checked((int)shape.Count)]) { }

    public ReferenceArray(Shape shape, double[] data)
    {
        if (data.Length != shape.Count) throw new ArgumentException($"{data.Length} values cannot fill {shape}");
        Shape = shape;
        Data = data;
    }

    /// <summary>The dims; all known.</summary>
    public Shape Shape { get; }

    /// <summary>The elements in row-major order.</summary>
    public double[] Data { get; }

    /// <summary>A copy of an array's elements.</summary>
    public static ReferenceArray From(NDArray array)
    {
        var result = new ReferenceArray(array.Shape);
        for (int i = 0; i < result.Data.Length; i++) result.Data[i] = array.ToDouble(i);
        return result;
    }

    /// <summary>Rounds to <paramref name="dtype"/> and copies into a new array.</summary>
    public NDArray ToNDArray(DType dtype)
    {
        NDArray array = NDArray.Zeros(Shape, dtype);
        for (int i = 0; i < Data.Length; i++)
        {
            if (dtype == DType.Float32) array.Span<float>()[i] = (float)Data[i];
            else if (dtype == DType.Int32) array.Span<int>()[i] = (int)Data[i];
            else array.Span<bool>()[i] = Data[i] != 0;
        }
        return array;
    }

    /// <summary>The elements an index map picks out: result[i] = this[source of i], for each multi-index i of
    /// <paramref name="shape"/>. <paramref name="strides"/> are this array's elements per step of each axis of the result.</summary>
    public ReferenceArray Gather(Shape shape, ReadOnlySpan<int> strides, int offset = 0)
    {
        var result = new ReferenceArray(shape);
        Span<int> index = stackalloc int[shape.Rank];
        for (int i = 0; i < result.Data.Length; i++)
        {
            int source = offset;
            for (int axis = 0; axis < index.Length; axis++) source += index[axis] * strides[axis];
            result.Data[i] = Data[source];
            Advance(index, shape);
        }
        return result;
    }

    /// <summary>This array repeated to a larger shape: dims of 1 (and missing leading dims) are stretched.</summary>
    public ReferenceArray BroadcastTo(Shape shape)
    {
        if (Shape.Equals(shape)) return this;
        int[] own = Shape.Strides();
        var strides = new int[shape.Rank];
        int missing = shape.Rank - Shape.Rank;
        for (int axis = missing; axis < shape.Rank; axis++)
            strides[axis] = Shape[axis - missing] == 1 ? 0 : own[axis - missing];
        return Gather(shape, strides);
    }

    /// <summary>Steps a multi-index to the next one in row-major order, like an odometer.</summary>
    public static void Advance(Span<int> index, Shape shape)
    {
        for (int axis = index.Length - 1; axis >= 0; axis--)
        {
            if (++index[axis] < shape[axis]) return;
            index[axis] = 0;
        }
    }
}
