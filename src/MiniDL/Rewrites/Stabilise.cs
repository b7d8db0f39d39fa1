// The first pass: expressions that are right on paper and wrong in float32 become ones that are right in both.
//
// Runs before anything else can fold the patterns away, and before a cost is differentiated, so that gradients are born stable and no
// pattern of a gradient has to be matched. The one thing to understand: log(softmax(x)) is -infinity wherever exp underflows, and
// its gradient divides by that zero; log_softmax(x) = x - max - log sum exp(x - max) has neither trouble. The rest of the table is there
// to see that this is what was written: softmax spelled by hand, with or without the maximum, a log that stands behind a
// transpose or a reshape.
namespace MiniDL;

/// <summary>Rewrites logarithms of softmax, sigmoid and exp, and softmax spelled by hand.</summary>
public sealed class Stabilise : RulePass
{
    /// <inheritdoc/>
    public override string Name => "stabilise";

    /// <inheritdoc/>
    public override string Purpose => "what overflows, underflows or cancels in float32 becomes what does not";

    /// <inheritdoc/>
    public override IReadOnlyList<Rule> Rules => s_rules;

    private static readonly Rule[] s_rules =
    [
        new("1 / (1 + exp(-x)) -> sigmoid x", "one op, whose logarithm is recognised below", SpelledSigmoid),
        new("exp x / sum exp x -> softmax x", "softmax is invariant under shifts, so a subtracted maximum is left to the op", SpelledSoftmax),
        new("exp x - 1 -> expm1 x", "near 0 the difference loses every digit", (node, _) =>
            Match.Is(node, Arithmetic.Sub, out Tensor a, out Tensor one) && Match.IsNumber(one, 1) && Match.Is(a, Exponentials.Exp, out Tensor x) ? T.Expm1(x)
            : Match.Is(node, Arithmetic.Add, out Tensor b, out Tensor minusOne) && Match.IsNumber(minusOne, -1) && Match.Is(b, Exponentials.Exp, out Tensor y) ? T.Expm1(y) : null),
        new("log(softmax x) -> log_softmax x", "finite wherever x is, also where the probability underflows to 0", (node, _) =>
            Match.Is(node, Exponentials.Log, out Tensor p) && p.Op is SoftmaxOp { Kind: SoftmaxKind.Softmax } softmax ? SoftmaxOp.Of(SoftmaxKind.LogSoftmax, p.Inputs[0], softmax.Axis) : null),
        new("log sum exp x -> log_sum_exp x", "no exponent overflows once the maximum is taken out", LogSumExp),
        new("log(exp x) -> x", "exact, where exp may overflow", (node, _) =>
            Match.Is(node, Exponentials.Log, out Tensor e) && Match.Is(e, Exponentials.Exp, out Tensor x) ? x : null),
        new("log(sigmoid x) -> -softplus(-x)", "finite wherever x is", (node, _) =>
            Match.Is(node, Exponentials.Log, out Tensor s) && Match.Is(s, Exponentials.Sigmoid, out Tensor x) ? -T.Softplus(-x) : null),
        new("log(1 - sigmoid x) -> -softplus x", "1 - sigmoid(x) is sigmoid(-x), without the cancellation", LogOneMinusSigmoid),
        new("log(1 + x) -> log1p x", "near 0 the sum loses x's digits", (node, _) =>
            Match.Is(node, Exponentials.Log, out Tensor sum) && Match.WithNumber(sum, Arithmetic.Add, out Tensor x, out double one) && one == 1 && x.Type == node.Type ? T.Log1p(x) : null),
        new("log1p(exp x) -> softplus x", "no overflow for large x", (node, _) =>
            Match.Is(node, Exponentials.Log1p, out Tensor e) && Match.Is(e, Exponentials.Exp, out Tensor x) ? T.Softplus(x) : null),
        new("log(view p) -> view(log p)", "moves a logarithm through transposes, reshapes, slices and gathers to the softmax below", LogThroughView),
        new("max_pool(relu x) -> relu(max_pool x)", "both are monotonic, so they commute, values and gradients alike; relu then sees a fraction of the elements", (node, _) =>
            node.Op is MaxPool && Match.Is(node.Inputs[0], Exponentials.Relu, out Tensor x) ? T.Relu(Tensor.Apply(node.Op, x)) : null),
    ];

    private static Tensor? SpelledSigmoid(Tensor node, PassReport report)
    {
        Tensor denominator;
        if (Match.Is(node, Arithmetic.Div, out Tensor one, out Tensor b) && Match.IsNumber(one, 1)) denominator = b;
        else if (!Match.Is(node, Arithmetic.Reciprocal, out denominator)) return null;
        if (!Match.WithNumber(denominator, Arithmetic.Add, out Tensor e, out double number) || number != 1 || !Match.Is(e, Exponentials.Exp, out Tensor minusX)) return null;
        Tensor x = Match.Is(minusX, Arithmetic.Neg, out Tensor inner) ? inner : -minusX;
        return x.Type == node.Type ? T.Sigmoid(x) : null;
    }

    private static Tensor? SpelledSoftmax(Tensor node, PassReport report)
    {
        // Look for e / s, e * (1 / s) or (1 / s) * e.
        if (!Match.Is(node, Arithmetic.Div, out Tensor e, out Tensor s))
        {
            if (!Match.Is(node, Arithmetic.Mul, out Tensor a, out Tensor b)) return null;
            if (Inverse(b) is { } right) (e, s) = (a, right);
            else if (Inverse(a) is { } left) (e, s) = (b, left);
            else return null;
        }
        if (!Match.Is(e, Exponentials.Exp, out Tensor u)) return null;
        if (Match.KeptReduction(s, ReduceKind.Sum) is not { } sum) return null;
        if (!ReferenceEquals(sum.Inputs[0], e))
        {
            report.Near("softmax", node, "the sum is not over the same exponentials");
            return null;
        }
        var reduce = (Reduce)sum.Op;
        if (reduce.Axes.Length != 1)
        {
            report.Near("softmax", node, "the sum runs over more than one axis");
            return null;
        }
        Tensor softmax = SoftmaxOp.Of(SoftmaxKind.Softmax, WithoutShift(u, reduce.Axes[0]), reduce.Axes[0]);
        // A sum that was stretched to a known shape made dims known that x leaves open; they stay known.
        return softmax.Type == node.Type ? softmax : node.Shape.IsKnown ? BroadcastTo.To(softmax, node.Shape) : null;
    }

    private static Tensor? Inverse(Tensor node) =>
        Match.Is(node, Arithmetic.Reciprocal, out Tensor x) ? x
        : Match.Is(node, Arithmetic.Div, out Tensor one, out Tensor y) && Match.IsNumber(one, 1) ? y : null;

    /// <summary>x for u = x - m, where m is x's own maximum along the axis. Any other shift stays: softmax does not see it either, but a
    /// gradient (of zero) may be asked for with respect to what it is made of.</summary>
    private static Tensor WithoutShift(Tensor u, int axis) =>
        Match.Is(u, Arithmetic.Sub, out Tensor x, out Tensor m) && x.Type == u.Type && Match.KeptReduction(m, ReduceKind.Max) is { Op: Reduce max } node
        && max.Axes.Contains(axis) && ReferenceEquals(node.Inputs[0], x) ? x : u;

    private static Tensor? LogSumExp(Tensor node, PassReport report)
    {
        if (!Match.Is(node, Exponentials.Log, out Tensor s) || s.Op is not Reduce { Kind: ReduceKind.Sum, Axes.Length: 1 } sum) return null;
        return Match.Is(s.Inputs[0], Exponentials.Exp, out Tensor x) ? SoftmaxOp.Of(SoftmaxKind.LogSumExp, x, sum.Axes[0]) : null;
    }

    private static Tensor? LogOneMinusSigmoid(Tensor node, PassReport report)
    {
        if (!Match.Is(node, Exponentials.Log, out Tensor difference)) return null;
        return Match.Is(difference, Arithmetic.Sub, out Tensor one, out Tensor s) && Match.IsNumber(one, 1) && Match.Is(s, Exponentials.Sigmoid, out Tensor x) && x.Type == node.Type
            ? -T.Softplus(x) : null;
    }

    /// <summary>Notes a logarithm of probabilities that were summed, clipped or shifted first: there the softmax underflows all the same.</summary>
    private static void NoteChangedProbabilities(Tensor log, PassReport report)
    {
        Tensor below = log.Inputs[0];
        bool changed = false;
        for (int depth = 0; depth < 4 && below.Inputs.Length > 0; depth++)
        {
            if (below.Op is SoftmaxOp { Kind: SoftmaxKind.Softmax })
            {
                if (changed) report.Near("log_softmax", log, "the probabilities are summed, clipped or shifted before the logarithm is taken; take it first");
                return;
            }
            changed |= !Match.IsView(below.Op);
            below = below.Inputs.ToArray().FirstOrDefault(input => input.Op is SoftmaxOp) ?? below.Inputs[0];
        }
    }

    private static Tensor? LogThroughView(Tensor node, PassReport report)
    {
        if (!Match.Is(node, Exponentials.Log, out Tensor view)) return null;
        NoteChangedProbabilities(node, report);
        if (!Match.IsView(view.Op)) return null;
        Tensor below = view;
        while (Match.IsView(below.Op)) below = below.Inputs[0];
        bool worthIt = below.Op is SoftmaxOp { Kind: SoftmaxKind.Softmax } or Reduce { Kind: ReduceKind.Sum }
            || ReferenceEquals(below.Op, Exponentials.Sigmoid) || ReferenceEquals(below.Op, Exponentials.Exp);
        if (below.Op is Reduce && !Match.Is(below.Inputs[0], Exponentials.Exp, out _)) worthIt = false;
        if (!worthIt) return null;

        // Rebuild the whole chain of views on the stable logarithm at its foot.
        var chain = new Stack<Tensor>();
        for (Tensor t = view; !ReferenceEquals(t, below); t = t.Inputs[0]) chain.Push(t);
        Tensor result = T.Log(below);   // the sweep does not come by here again, so make it stable now
        foreach (Rule rule in s_rules)
        {
            if (rule.Apply(result, report) is not { } better) continue;
            result = better;
            break;
        }
        while (chain.TryPop(out Tensor? step)) result = step.Op.Rebuild([result, .. step.Inputs[1..]], step);
        return result;
    }
}
