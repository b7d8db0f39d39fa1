// Ops that keep all elements in row-major order and only name them by another shape: reshape, and flatten, which merges axes.
//
// On an executor a reshape of elements that lie in order is no work at all. The one thing to understand: how many elements there are may be known
// only at run time, so one dim may stay open, and the gradient takes its shape from the tensor it is the gradient for.
namespace MiniDL;

/// <summary>The same elements in row-major order under another shape. With <paramref name="Target"/> null the shape is that of a
/// second input, until it is known; one dim of a target may be unknown: what is left.</summary>
public sealed record ReshapeTo(Shape? Target) : Op
{
    /// <inheritdoc/>
    public override string Name => "reshape";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0];
        Shape target = Target ?? inputs[1].Shape;
        if (!x.Shape.IsKnown || (Target is null && !target.IsKnown)) return new TensorType(x.DType, target);
        int free = target.Dims.IndexOf(Shape.Unknown);
        if (free >= 0 && !target.With(free, 1).IsKnown) throw Error($"only one dim of {target} may be left open", inputs);
        long others = free < 0 ? target.Count : target.Product(0, free) * target.Product(free + 1, target.Rank);
        if (free < 0 ? others != x.Shape.Count : others == 0 || x.Shape.Count % others != 0)
            throw Error($"{x.Shape} has {x.Shape.Count} elements and cannot become {target}", inputs);
        return new TensorType(x.DType, free < 0 ? target : target.With(free, (int)(x.Shape.Count / others)));
    }

    /// <inheritdoc/>
    public override Tensor Rebuild(Tensor[] inputs, Tensor old)
    {
        if (!inputs[0].Shape.IsKnown) return base.Rebuild(inputs, old);
        Shape target = Infer(inputs).Shape;
        return target.IsKnown ? To(inputs[0], target) : base.Rebuild(inputs, old);
    }

    /// <inheritdoc/>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor back = Like(g, y.Inputs[0]);
        return Target is null ? [back, null] : [back];
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) =>
        new(type.Shape, inputs[0].Data);

    internal static Tensor To(Tensor x, Shape target) => x.Shape.Equals(target) && target.IsKnown ? x : Tensor.Apply(new ReshapeTo(target), x);

    internal static Tensor Like(Tensor x, Tensor like) => like.Shape.IsKnown ? To(x, like.Shape) : Tensor.Apply(new ReshapeTo((Shape?)null), x, like);
}

/// <summary>Merges all axes from <paramref name="Axis"/> on into one.</summary>
public sealed record FlattenOp(int Axis) : Op
{
    /// <inheritdoc/>
    public override string Name => "flatten";

    /// <inheritdoc/>
    protected override string Parameters => $"from axis {Axis}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Shape shape = inputs[0].Shape;
        if (Axis < 0 || Axis > shape.Rank) throw Error($"axis {Axis} does not exist in rank {shape.Rank}", inputs);
        bool known = !shape.Dims[Axis..].Contains(Shape.Unknown);
        return new TensorType(inputs[0].DType, Shape.Create([.. shape.Dims[..Axis], known ? checked((int)shape.Product(Axis, shape.Rank)) : Shape.Unknown]));
    }

    /// <inheritdoc/>
    public override Tensor Rebuild(Tensor[] inputs, Tensor old) =>
        inputs[0].Shape.IsKnown ? ReshapeTo.To(inputs[0], Infer(inputs).Shape) : base.Rebuild(inputs, old);

    /// <inheritdoc/>
    public override Tensor?[] Gradient(Tensor y, Tensor g) => [ReshapeTo.Like(g, y.Inputs[0])];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) =>
        new(type.Shape, inputs[0].Data);
}
