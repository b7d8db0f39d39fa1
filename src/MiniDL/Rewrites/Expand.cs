// The last rewrite: softmax and its relatives are written out in primitive ops, which lowering then fuses with what is around them.
//
// Until here they were single nodes, so that patterns could be recognised and a device may pick a kernel of its own instead. Written out they
// are row reductions and elementwise ops, and a whole softmax with its cross-entropy and gradient becomes one stage that keeps each row in
// the cache (Lowering/Grouping.cs).
namespace MiniDL;

/// <summary>Writes softmax, log-softmax and log-sum-exp in primitive ops, shifted by the maximum.</summary>
public sealed class Expand : RulePass
{
    /// <inheritdoc/>
    public override string Name => "expand";

    /// <inheritdoc/>
    public override string Purpose => "softmax in primitive ops, so that it fuses";

    /// <inheritdoc/>
    public override IReadOnlyList<Rule> Rules => s_rules;

    private static readonly Rule[] s_rules =
    [
        new("softmax -> exp(x - max) / sum", "row reductions and elementwise ops fuse into one stage", (node, _) => (node.Op as SoftmaxOp)?.Expand(node.Inputs[0])),
    ];
}
