// Average pooling and its gradient: two linear ops that are each other's mirror image.
//
// y = the mean of a window; backward, each g is spread evenly over its window. The one thing to understand: what a window at the border divides by, the
// elements that lie on the image or the window's full size, is a parameter, and both directions use the same counts.
namespace MiniDL;

/// <summary>The mean of each window: of its elements on the image, or of all with padding counted as zeros.</summary>
public sealed record AvgPool(PoolGeometry Geometry, bool CountPadding) : PoolOp(Geometry)
{
    /// <inheritdoc/>
    public override string Name => "avg_pool";

    /// <inheritdoc/>
    public override Tolerance Tolerance => new(1e-6, OfLargest: true);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new(DType.Float32, Pooled(inputs));

    /// <inheritdoc/>
    public override Tensor?[] Gradient(Tensor y, Tensor g) => [AvgUnpool.Of(this, g, y.Inputs[0])];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var result = new ReferenceArray(type.Shape);
        ReferenceArray x = inputs[0];
        int[] counts = Counts(x.Shape, type.Shape);
        int inPlane = x.Shape[2] * x.Shape[3], outPlane = type.Shape[2] * type.Shape[3];
        Visit(x.Shape, type.Shape, (plane, o, i) => result.Data[plane * outPlane + o] += x.Data[plane * inPlane + i] / counts[o]);
        return result;
    }

    /// <summary>How many elements each window of a plane divides by.</summary>
    internal int[] Counts(Shape x, Shape y)
    {
        var counts = new int[y[2] * y[3]];
        Visit([1, 1, x[2], x[3]], y, (_, o, _) => counts[o]++);
        if (CountPadding) Array.Fill(counts, Geometry.WindowY * Geometry.WindowX);
        return counts;
    }

    /// <summary>Each g spread evenly over its window: the mirror image.</summary>
    internal ReferenceArray Spread(ReferenceArray g, Shape x)
    {
        var result = new ReferenceArray(x);
        int[] counts = Counts(x, g.Shape);
        int inPlane = x[2] * x[3], outPlane = g.Shape[2] * g.Shape[3];
        Visit(x, g.Shape, (plane, o, i) => result.Data[plane * inPlane + i] += g.Data[plane * outPlane + o] / counts[o]);
        return result;
    }
}

/// <summary>The gradient of <see cref="AvgPool"/>: g (B, C, OH, OW) spread over windows of an image of H x W. Without a size, that
/// of a second input.</summary>
public sealed record AvgUnpool(AvgPool Pool, int? H, int? W) : Op
{
    /// <inheritdoc/>
    public override string Name => "avg_unpool";

    /// <inheritdoc/>
    protected override string Parameters => Pool.Geometry.ToString();

    /// <inheritdoc/>
    public override Tolerance Tolerance => new(1e-6, OfLargest: true);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) =>
        new(DType.Float32, [inputs[0].Shape[0], inputs[0].Shape[1], H ?? inputs[1].Shape[2], W ?? inputs[1].Shape[3]]);

    /// <inheritdoc/>
    public override Tensor Rebuild(Tensor[] inputs, Tensor old) =>
        H is null && inputs[1].Shape.IsKnown ? Of(Pool, inputs[0], inputs[1]) : base.Rebuild(inputs, old);

    /// <inheritdoc/>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor back = Tensor.Apply(Pool, g);
        return H is null ? [back, null] : [back];
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) => Pool.Spread(inputs[0], type.Shape);

    internal static Tensor Of(AvgPool pool, Tensor g, Tensor like) => like.Shape[2] != Shape.Unknown && like.Shape[3] != Shape.Unknown
        ? Tensor.Apply(new AvgUnpool(pool, like.Shape[2], like.Shape[3]), g)
        : Tensor.Apply(new AvgUnpool(pool, null, null), g, like);
}
