// The simplify table, rule by rule: each fires on its pattern and leaves the value as it was, for NaN and infinity too.
using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Rewrites;

/// <summary>Each rule of <see cref="Simplify"/> has a case here.</summary>
[TestFixture]
public sealed class SimplifyTests
{
    private const float Inf = float.PositiveInfinity;
    private static readonly float[] s_special = [float.NaN, Inf, -Inf, 0, -0f, 1.5f, -2, 1e-40f, 3e38f];

    private static readonly (string Rule, Func<Tensor, Tensor, Tensor> Build)[] s_cases =
    [
        ("stop_gradient x -> x", (x, _) => StopGradient(x)),
        ("x + 0, 0 + x -> x", (x, _) => x + 0),
        ("x + 0, 0 + x -> x", (x, _) => Add(0, x)),
        ("x + 0, 0 + x -> x", (x, _) => x + ZerosLike(x)),
        ("x + 0, 0 + x -> x", (x, _) => x + Constant(NDArray.Zeros([1, 1, 1]))),
        ("x - 0 -> x", (x, _) => x - 0),
        ("0 - x -> -x", (x, _) => Sub(0, x)),
        ("x * 1, 1 * x -> x", (x, _) => x * 1),
        ("x * 1, 1 * x -> x", (x, _) => OnesLike(x) * x),
        ("x * -1 -> -x", (x, _) => x * -1),
        ("x / 1 -> x", (x, _) => x / 1),
        ("x / 2^k -> x * 2^-k", (x, _) => x / 8),
        ("x / 2^k -> x * 2^-k", (x, _) => x / -0.25f),
        ("1 / x -> reciprocal x", (x, _) => 1 / x),
        ("--x -> x", (x, _) => -(-x)),
        ("a + -b -> a - b", (x, y) => x + -y),
        ("-b + a -> a - b", (x, y) => -y + x),
        ("a - -b -> a + b", (x, y) => x - -y),
        ("-(x * c), -x * c -> x * -c", (x, _) => -(x * 3)),
        ("-(x * c), -x * c -> x * -c", (x, _) => -x * 3),
        ("(x * c) * d -> x * (c d)", (x, _) => x * 3 * 0.25f),
        ("x^2, x^1, x^-1", (x, _) => Pow(x, 2)),
        ("x^2, x^1, x^-1", (x, _) => Pow(x, 1)),
        ("x^2, x^1, x^-1", (x, _) => Pow(x, -1)),
        ("x * x -> square x", (x, _) => x * x),
        ("cast to the same -> x", (x, _) => Tensor.Apply(new Cast(DType.Float32), x)),
        ("view of view -> view", (x, _) => Transpose(Transpose(x))),
        ("view of view -> view", (x, _) => Flip(Flip(x, [0]), [0])),
        ("view of view -> view", (x, _) => Reshape(Reshape(x, [-1, 1]), x.Shape)),
        ("view of view -> view", (x, _) => T.BroadcastTo(T.BroadcastTo(x, [2, .. x.Shape.Dims]), [3, 2, .. x.Shape.Dims])),
        ("f(..., stretch x, ...) -> f(..., x, ...)", (x, y) => x * T.BroadcastTo(Sum(y, 0, keepDims: true), y.Shape)),
        ("f(stretch x) -> stretch f(x)", (x, _) => Exp(T.BroadcastTo(x, [4, .. x.Shape.Dims]))),
        ("f(stretch x) -> stretch f(x)", (x, _) => Cast(T.BroadcastTo(x, [4, .. x.Shape.Dims]), DType.Bool)),
        ("sum(stretch x) -> x * n", (x, _) => Sum(T.BroadcastTo(x, [4, .. x.Shape.Dims]), 0)),
        ("reduce over axes of 1 -> x", (x, _) => Max(ExpandDims(x, 0), 0, keepDims: true)),
        ("sum(sum x) -> sum x", (x, _) => Sum(Sum(x, 0, keepDims: true), 1, keepDims: true)),
    ];

    private static IEnumerable<TestCaseData> Cases() => s_cases.Select((c, i) => new TestCaseData(c.Rule, c.Build).SetArgDisplayNames($"{i}: {c.Rule}"));

    [TestCaseSource(nameof(Cases))]
    public void A_rule_fires_and_the_value_stays(string rule, Func<Tensor, Tensor, Tensor> build)
    {
        Tensor x = Input([3, 3], "x"), y = Input([3, 3], "y");
        var leaves = new Dictionary<Tensor, NDArray> { [x] = Arr([3, 3], s_special), [y] = Arr([3, 3], [.. s_special.Reverse()]) };
        Tensor before = build(x, y);
        var pipeline = new Pipeline();
        Tensor after = pipeline.Run(new Simplify(), pipeline.Run(new Fold(), [before]))[0];
        const double rounding = 1e-15;
        double[] expected = Interpret([before], leaves)[0].Data, actual = Interpret([after], leaves)[0].Data;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(pipeline.Reports[^1].Fired.Keys, Has.Member(rule));
            Assert.That(after.Type, Is.EqualTo(before.Type));
            Assert.That(actual, Is.EqualTo(expected).Using<double, double>((a, b) => a.Equals(b) || Math.Abs(a - b) <= rounding * Math.Abs(b)));
        }
    }

    [Test]
    public void Every_rule_of_the_table_has_a_case() =>
        Assert.That(new Simplify().Rules.Select(rule => rule.Name).Except(s_cases.Select(c => c.Rule)), Is.Empty);

    private static IEnumerable<TestCaseData> Kept()
    {
        yield return new TestCaseData("x * 0 is NaN for NaN and infinity", (Func<Tensor, Tensor>)(x => x * 0), "mul");
        yield return new TestCaseData("x - x is NaN for infinity", (Func<Tensor, Tensor>)(x => x - x), "sub");
        yield return new TestCaseData("x / x is NaN for 0", (Func<Tensor, Tensor>)(x => x / x), "div");
        yield return new TestCaseData("x / 1e-42: 1e42 overflows", (Func<Tensor, Tensor>)(x => x / 1e-42f), "div");
        yield return new TestCaseData("(x * 1e30) * 1e30: 1e60 overflows where x is small", (Func<Tensor, Tensor>)(x => x * 1e30f * 1e30f), "mul");
        yield return new TestCaseData("x^0.5 of -infinity is infinity, its root NaN", (Func<Tensor, Tensor>)(x => Pow(x, 0.5f)), "pow");
        yield return new TestCaseData("a sum of no terms is 0 also of NaN", (Func<Tensor, Tensor>)(x => Sum(T.BroadcastTo(x, [0, 3, 3]), 0, keepDims: true)), "sum");
        yield return new TestCaseData("max of a sum is not a sum", (Func<Tensor, Tensor>)(x => Max(Sum(x, 0, keepDims: true), 1, keepDims: true)), "max");
    }

    [TestCaseSource(nameof(Kept))]
    public void What_only_looks_simpler_stays(string why, Func<Tensor, Tensor> build, string op) =>
        Assert.That(new Pipeline().Run(new Simplify(), [build(Input([3, 3], "x"))])[0].Op.Name, Is.EqualTo(op), why);

    [Test]
    public void A_result_keeps_the_shape_it_was_stretched_to()
    {
        Tensor x = Input([1, 3], "x");
        Tensor after = new Pipeline().Run(new Simplify(), [x + Constant(NDArray.Zeros([4, 1]))])[0];
        Assert.That(after.Shape.ToString(), Is.EqualTo("(4, 3)"));
    }

    [Test]
    public void Names_and_lines_stay_with_what_replaces_a_node()
    {
        Tensor x = Input([3], "x");
        Tensor h = (Exp(x) * 2 * 3).Named("h");
        Tensor after = new Pipeline().Run(new Simplify(), [h])[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(after.Name, Is.EqualTo("h"));
            Assert.That(after.Source, Is.EqualTo(h.Source));
        }
    }
}
