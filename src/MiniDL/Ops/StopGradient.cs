namespace MiniDL;

/// <summary>The identity, with no gradient.</summary>
public sealed record StopGradient : NotDifferentiable
{
    /// <inheritdoc/>
    public override string Name => "stop_gradient";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => inputs[0].Type;

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) => inputs[0];
}
