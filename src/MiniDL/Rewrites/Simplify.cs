// Algebra that never costs accuracy: neutral elements, double negations, views of views, sums of stretches.
//
// Gradients are written for clarity, not economy; this pass takes away what that leaves behind. The one thing to understand: a rule is
// only here if it holds for NaN and infinity too: x * 0 -> 0 is not here. The one thing that may change is the sign of a zero (-0 + 0 is 0, and
// becomes -0).
namespace MiniDL;

/// <summary>Removes work that does nothing.</summary>
public sealed class Simplify : RulePass
{
    /// <inheritdoc/>
    public override string Name => "simplify";

    /// <inheritdoc/>
    public override string Purpose => "neutral elements, double negation, views of views, sums of stretches";

    /// <inheritdoc/>
    public override IReadOnlyList<Rule> Rules => s_rules;

    private static readonly Rule[] s_rules =
    [
        new("stop_gradient x -> x", "differentiation is over", (node, _) => node.Op is StopGradient ? node.Inputs[0] : null),
        new("x + 0, 0 + x -> x", "neutral", (node, _) => Match.WithNumber(node, Arithmetic.Add, out Tensor x, out double n) && n == 0 ? Fit(x, node) : null),
        new("x - 0 -> x", "neutral", (node, _) => Match.Is(node, Arithmetic.Sub, out Tensor x, out Tensor b) && Match.IsNumber(b, 0) ? Fit(x, node) : null),
        new("0 - x -> -x", "one op less", (node, _) => Match.Is(node, Arithmetic.Sub, out Tensor a, out Tensor x) && Match.IsNumber(a, 0) && x.Type == node.Type ? T.Neg(x) : null),
        new("x * 1, 1 * x -> x", "neutral", (node, _) => Match.WithNumber(node, Arithmetic.Mul, out Tensor x, out double n) && n == 1 ? Fit(x, node) : null),
        new("x * -1 -> -x", "exact", (node, _) => Match.WithNumber(node, Arithmetic.Mul, out Tensor x, out double n) && n == -1 && x.Type == node.Type ? T.Neg(x) : null),
        new("x / 1 -> x", "neutral", (node, _) => Match.Is(node, Arithmetic.Div, out Tensor x, out Tensor b) && Match.IsNumber(b, 1) ? Fit(x, node) : null),
        new("x / 2^k -> x * 2^-k", "a product is a quarter of a division, and by a power of two it is the same number", (node, _) =>
            Match.Is(node, Arithmetic.Div, out Tensor x, out Tensor b) && Constant.ScalarOf(b) is { } c && float.IsPow2((float)Math.Abs(c)) && float.IsNormal(1 / (float)c) ? x * Number(1 / c, b) : null),
        new("1 / x -> reciprocal x", "one op", (node, _) => Match.Is(node, Arithmetic.Div, out Tensor one, out Tensor x) && Match.IsNumber(one, 1) && x.Type == node.Type ? T.Reciprocal(x) : null),
        new("--x -> x", "exact", (node, _) => Match.Is(node, Arithmetic.Neg, out Tensor n) && Match.Is(n, Arithmetic.Neg, out Tensor x) ? x : null),
        new("a + -b -> a - b", "exact", (node, _) => Match.Is(node, Arithmetic.Add, out Tensor a, out Tensor n) && Match.Is(n, Arithmetic.Neg, out Tensor b) ? a - b : null),
        new("-b + a -> a - b", "exact", (node, _) => Match.Is(node, Arithmetic.Add, out Tensor n, out Tensor a) && Match.Is(n, Arithmetic.Neg, out Tensor b) ? a - b : null),
        new("a - -b -> a + b", "exact", (node, _) => Match.Is(node, Arithmetic.Sub, out Tensor a, out Tensor n) && Match.Is(n, Arithmetic.Neg, out Tensor b) ? a + b : null),
        new("-(x * c), -x * c -> x * -c", "exact", (node, _) =>
            Match.Is(node, Arithmetic.Neg, out Tensor p) && Match.WithNumber(p, Arithmetic.Mul, out Tensor x, out double c) && p.DType == DType.Float32 ? x * Number(-c, x)
            : Match.WithNumber(node, Arithmetic.Mul, out Tensor n, out double c2) && Match.Is(n, Arithmetic.Neg, out Tensor y) ? y * Number(-c2, y) : null),
        new("(x * c) * d -> x * (c d)", "one product instead of two", (node, _) =>
            Match.WithNumber(node, Arithmetic.Mul, out Tensor p, out double d) && Match.WithNumber(p, Arithmetic.Mul, out Tensor x, out double c)
            && node.DType == DType.Float32 && float.IsNormal((float)(c * d)) && Constant.ScalarOf(x) is null ? Fit(x * Number(c * d, x), node) : null),
        new("x^2, x^1, x^-1", "pow is forty times an addition", (node, _) =>
            !Match.Is(node, Arithmetic.Pow, out Tensor x, out Tensor p) || x.Type != node.Type ? null : Constant.ScalarOf(p) switch
            {
                2 => T.Square(x),
                1 => x,
                -1 => T.Reciprocal(x),
                _ => null,
            }),
        new("x * x -> square x", "one load", (node, _) => Match.Is(node, Arithmetic.Mul, out Tensor a, out Tensor b) && ReferenceEquals(a, b) ? T.Square(a) : null),
        new("cast to the same -> x", "nothing to do", (node, _) => node.Op is Cast && node.Inputs[0].DType == node.DType ? node.Inputs[0] : null),
        new("view of view -> view", "one index map", ViewOfView),
        new("f(..., stretch x, ...) -> f(..., x, ...)", "elementwise ops stretch by themselves", (node, _) => UnstretchInputs(node)),
        new("f(stretch x) -> stretch f(x)", "computed once for each element that differs", (node, _) =>
            node.Op is Elementwise { Arity: 1 } or Cast && node.Inputs[0].Op is BroadcastTo { Target: { } target }
                ? BroadcastTo.To(node.Op.Rebuild([node.Inputs[0].Inputs[0]], node), target) : null),
        new("sum(stretch x) -> x * n", "n equal terms", SumOfStretch),
        new("reduce over axes of 1 -> x", "one term", (node, _) =>
        {
            if (node.Op is not Reduce reduce) return null;
            foreach (int axis in reduce.Axes)
                if (node.Inputs[0].Shape[axis] != 1) return null;
            return node.Inputs[0];
        }),
        new("sum(sum x) -> sum x", "one reduction over the axes of both", (node, _) =>
            node.Op is Reduce { Kind: ReduceKind.Sum } outer && node.Inputs[0].Op is Reduce { Kind: ReduceKind.Sum } inner
                ? Reduce.Of(ReduceKind.Sum, node.Inputs[0].Inputs[0], [.. outer.Axes.Values.ToArray().Union(inner.Axes.Values.ToArray()).Order()]) : null),
    ];

    private static Tensor Number(double value, Tensor like) => Constant.Of(value, like.DType);

    /// <summary>x stretched to the node's shape if dropping a stretched neutral element made it smaller.</summary>
    private static Tensor? Fit(Tensor x, Tensor node) => x.DType != node.DType ? null : x.Type == node.Type ? x : node.Shape.IsKnown ? BroadcastTo.To(x, node.Shape) : null;

    private static Tensor? ViewOfView(Tensor node, PassReport report)
    {
        if (node.Inputs.Length != 1) return null;
        Tensor inner = node.Inputs[0];
        switch (node.Op, inner.Op)
        {
            case (DimShuffle outer, DimShuffle below):
                var pattern = new int[outer.Pattern.Length];
                for (int i = 0; i < pattern.Length; i++) pattern[i] = outer.Pattern[i] < 0 ? -1 : below.Pattern[outer.Pattern[i]];
                Tensor once = DimShuffle.Of(inner.Inputs[0], pattern);
                return once.Type == node.Type ? once : null;
            case (ReshapeTo { Target: { } target }, ReshapeTo) when node.Shape.IsKnown:
                return ReshapeTo.To(inner.Inputs[0], target);
            case (ReshapeTo { Target: { } target }, _) when target.Equals(inner.Shape):
                return inner;
            case (BroadcastTo { Target: { } target }, BroadcastTo { Target: not null }):
                return BroadcastTo.To(inner.Inputs[0], target);
            case (BroadcastTo { Target: { } target }, _) when target.Equals(inner.Shape):
                return inner;
            case (Reverse outer, Reverse below) when outer == below:
                return inner.Inputs[0];
            default:
                return null;
        }
    }

    private static Tensor? UnstretchInputs(Tensor node)
    {
        if (node.Op is not Elementwise op || op.Arity < 2) return null;
        for (int i = 0; i < node.Inputs.Length; i++)
        {
            if (node.Inputs[i].Op is not BroadcastTo { Target: not null }) continue;
            Tensor small = node.Inputs[i].Inputs[0];
            if (small.Rank != 0 && small.Rank != node.Rank) small = DimShuffle.PadRank(small, node.Rank);
            Tensor[] inputs = node.Inputs.ToArray();
            inputs[i] = small;
            if (op.Infer(inputs) == node.Type) return op.Rebuild(inputs, node);
        }
        return null;
    }

    private static Tensor? SumOfStretch(Tensor node, PassReport report)
    {
        if (node.Op is not Reduce { Kind: ReduceKind.Sum } reduce || node.Inputs[0].Op is not BroadcastTo { Target: { } target } || node.DType != DType.Float32) return null;
        Tensor small = node.Inputs[0].Inputs[0];
        if (small.Rank != target.Rank) small = DimShuffle.PadRank(small, target.Rank);
        double times = 1;
        foreach (int axis in reduce.Axes)
        {
            if (small.Shape[axis] != 1) return null;
            times *= target[axis];
        }
        if (times == 0) return null;   // nothing is 0, but NaN times 0 is not
        return Fit(small * Number(times, small), node);
    }
}
