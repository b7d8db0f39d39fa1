// Constant folding: what depends on constants alone is computed now, by the reference, and rounded once.
//
// The one thing to understand: the reference has no rounding of its own to add, so a folded constant is at least as accurate as the expression was.
namespace MiniDL;

/// <summary>Evaluates small constant subexpressions.</summary>
public sealed class Fold : RulePass
{
    private const int LargestResult = 4096;   // elements; folding must not turn a stretch into stored numbers

    /// <inheritdoc/>
    public override string Name => "fold";

    /// <inheritdoc/>
    public override string Purpose => "what is constant is computed once, when compiling";

    /// <inheritdoc/>
    public override IReadOnlyList<Rule> Rules => s_rules;

    private static readonly Rule[] s_rules =
    [
        new("op(constants) -> constant", "the reference computes it in float64", (node, _) =>
        {
            if (node.Inputs.Length == 0 || Match.IsView(node.Op) || node.Op is StopGradient || !node.Shape.IsKnown || node.Shape.Count > LargestResult) return null;
            foreach (Tensor input in node.Inputs)
                if (input.Op is not Constant) return null;
            var values = new ReferenceArray[node.Inputs.Length];
            for (int i = 0; i < values.Length; i++) values[i] = ReferenceArray.From(((Constant)node.Inputs[i].Op).Value);
            return Constant.Of(node.Op.Evaluate(values, node.Type, default).ToNDArray(node.DType));
        }),
        new("view(scalar constant) -> constant", "one number stays one number", (node, _) =>
            node.Shape.IsKnown && node.Shape.Count == 1 && node.Op is not Constant && Constant.ScalarOf(node) is { } number
                ? Constant.Of(new ReferenceArray(node.Shape, [number]).ToNDArray(node.DType)) : null),
    ];
}
