// Reductions whose result is a whole number or a size: argmax, and the number of elements along axes, which a mean divides by.
//
// Neither gives a gradient. The one thing to understand: a size is no computation; it waits, as an op, for shapes to be known, and is a constant then.
namespace MiniDL;

/// <summary>The index along <paramref name="Axis"/> of the largest element (int32): the lowest index of a tie, the first NaN if
/// there is one. The axis stays as a dim of 1.</summary>
public sealed record ArgMax(int Axis) : NotDifferentiable
{
    /// <inheritdoc/>
    public override string Name => "argmax";

    /// <inheritdoc/>
    protected override string Parameters => $"axis {Axis}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        if (inputs[0].DType == DType.Bool) throw Error("takes numbers; use T.Cast", inputs);
        if (inputs[0].Shape[Axis] == 0) throw Error($"axis {Axis} has no elements", inputs);
        return new TensorType(DType.Int32, inputs[0].Shape.With(Axis, 1));
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        ReferenceArray x = inputs[0];
        var result = new ReferenceArray(type.Shape);
        int inner = (int)x.Shape.Product(Axis + 1, x.Shape.Rank), length = x.Shape[Axis];
        for (int i = 0; i < result.Data.Length; i++)
        {
            int first = i / inner * length * inner + i % inner, best = 0;
            for (int k = 1; k < length; k++)
            {
                double largest = x.Data[first + best * inner], candidate = x.Data[first + k * inner];
                if (candidate > largest || (double.IsNaN(candidate) && !double.IsNaN(largest))) best = k;
            }
            result.Data[i] = best;
        }
        return result;
    }
}

/// <summary>The number of elements of a tensor along some axes, as a float32 scalar; a constant once the shape is known.</summary>
public sealed record SizeOf(Ints Axes) : NotDifferentiable
{
    /// <inheritdoc/>
    public override string Name => "size";

    /// <inheritdoc/>
    protected override string Parameters => $"axes {Axes}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new(DType.Float32, Shape.Scalar);

    /// <inheritdoc/>
    public override Tensor Rebuild(Tensor[] inputs, Tensor old) => Known(inputs[0], Axes) is { } size ? Constant.Of(size, DType.Float32) : base.Rebuild(inputs, old);

    internal static Tensor Of(Tensor x, Ints axes) => Known(x, axes) is { } size ? Constant.Of(size, DType.Float32) : Tensor.Apply(new SizeOf(axes), x);

    private static double? Known(Tensor x, Ints axes)
    {
        double size = 1;
        foreach (int axis in axes)
        {
            if (x.Shape[axis] == Shape.Unknown) return null;
            size *= x.Shape[axis];
        }
        return size;
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) =>
        throw new InvalidOperationException("a size is a constant once shapes are known");
}
