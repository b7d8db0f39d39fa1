// The one op that lowering adds to a graph: a copy, where something must lie in one piece or have memory of its own (Materialise.cs).
//
// The one thing to understand: it is elementwise like any other, so it usually fuses into the stage before or after it and costs no pass over memory.
namespace MiniDL;

/// <summary>The identity, as a stage of its own or fused: gives its input memory of its own, in row-major order. Made by lowering alone.</summary>
internal sealed record Copy : NotDifferentiable
{
    /// <inheritdoc/>
    public override string Name => "copy";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => inputs[0].Type;

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) => inputs[0];
}
