// Ops that only stand in for others while shapes are unknown.
//
// A gradient is derived before the shapes are known, and some gradients are ops whose parameters are sizes (how far to pad, where to
// slice). Such a gradient is written as a deferred op that holds the tensor whose shape it needs; when a function meets real
// arrays its graph is rebuilt with known shapes, and each deferred op becomes the op it stands for. None survives to run.
namespace MiniDL;

/// <summary>An op of the shape of its second input, to be replaced by another op once all shapes are known.</summary>
public abstract record DeferredOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new(inputs[0].DType, inputs[1].Shape);

    /// <summary>What this op is, its inputs' shapes being known.</summary>
    protected abstract Tensor Resolve(Tensor[] inputs);

    /// <inheritdoc/>
    public sealed override Tensor Rebuild(Tensor[] inputs, Tensor old)
    {
        foreach (Tensor input in inputs)
            if (!input.Shape.IsKnown) return base.Rebuild(inputs, old);
        return Resolve(inputs);
    }

    /// <summary>A deferred op is only differentiated when shapes stay unknown through two gradients.</summary>
    /// <exception cref="GraphException">Always: declare the shapes of the inputs to differentiate twice.</exception>
    public override Tensor?[] Gradient(Tensor y, Tensor g) =>
        throw GraphException.About(Name, "a second derivative needs known shapes here; declare them with T.Input([...], name)", y.Inputs);

    internal sealed override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) =>
        throw new InvalidOperationException($"{Name} is replaced when shapes are known; it is never run");
}
