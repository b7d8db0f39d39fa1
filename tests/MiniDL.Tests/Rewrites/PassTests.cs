// The other passes: merging, folding, products, expansion; and what all passes have in common.
using System.Diagnostics;
using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Rewrites;

[TestFixture]
public sealed class PassTests
{
    private static int Nodes(params Tensor[] roots) => Traversal.Topological(roots).Count;

    private static Tensor[] Merged(params Tensor[] roots) => new Pipeline().Run(new Merge(), roots);

    private static IEnumerable<TestCaseData> Equal()
    {
        yield return Pair("elementwise", (x, _) => (Exp(x), Exp(x)));
        yield return Pair("whole subgraphs", (x, y) => (Sum(Exp(x) * y, 0), Sum(Exp(x) * y, 0)));
        yield return Pair("literals", (x, _) => (x + 2, x + 2));
        yield return Pair("the same literal through two dtypes' worth of code", (x, _) => (x * 2, x * Constant(2)));
        yield return Pair("views", (x, _) => (Transpose(x), Transpose(x, [1, 0])));
        yield return Pair("slices", (x, _) => (Slice(x, (0, 2)), Slice(x, (0, 2))));
        yield return Pair("reductions", (x, _) => (Sum(x, 1), Sum(x, -1)));
        yield return Pair("convolutions", (x, _) => (Convolve(x, ConvMode.Full), Convolve(x, ConvMode.Full)));
        yield return Pair("named and unnamed", (x, _) => (Exp(x).Named("a"), Exp(x).Named("b")));
    }

    [TestCaseSource(nameof(Equal))]
    public void Equal_nodes_become_one(Func<Tensor, Tensor, (Tensor, Tensor)> pair)
    {
        (Tensor a, Tensor b) = pair(Input([3, 3], "x"), Input([3, 3], "y"));
        Tensor[] merged = Merged(a, b);
        Assert.That(merged[0], Is.SameAs(merged[1]));
    }

    private static IEnumerable<TestCaseData> Unequal()
    {
        yield return Pair("two dropouts", (x, _) => (Dropout(x, 0.5f), Dropout(x, 0.5f)));
        yield return Pair("two uniforms", (x, _) => (Uniform(x), Uniform(x)));
        yield return Pair("different constants", (x, _) => (x + 1, x + 2));
        yield return Pair("0 and -0", (x, _) => (1 / (x * 0f), 1 / (x * -0f)));
        yield return Pair("constants of different dtypes", (x, _) => (Cast(Constant(NDArray.Scalar(1)), DType.Bool), Cast(Constant(NDArray.Scalar(1f)), DType.Bool)));
        yield return Pair("constants of different shapes", (_, _) => (Constant(1), Constant(Vec(1))));
        yield return Pair("operands exchanged", (x, y) => (x - y, y - x));
        yield return Pair("different ops", (x, _) => (Sin(x), Cos(x)));
        yield return Pair("different axes", (x, _) => (Sum(x, 0), Sum(x, 1)));
        yield return Pair("different slices", (x, _) => (Slice(x, (0, 2)), Slice(x, (1, 3))));
        yield return Pair("different steps", (x, _) => (Slice(x, (0, 2, 1)), Slice(x, (0, 3, 2))));
        yield return Pair("different padding", (x, _) => (Convolve(x, ConvMode.Full), Convolve(x, ConvMode.Same)));
        yield return Pair("different pad values", (x, _) => (Pad(x, [1, 1], [1, 1], 0), Pad(x, [1, 1], [1, 1], 1)));
        yield return Pair("different inputs of one name", (_, _) => (Exp(Matrix("z")), Exp(Matrix("z"))));
        yield return Pair("different shared variables of one value", (_, _) => (Exp(T.Shared(Vec(1), "s")), Exp(T.Shared(Vec(1), "s"))));
        yield return Pair("softmax and log-softmax", (x, _) => (Softmax(x), LogSoftmax(x)));
        yield return Pair("floor and ceil pooling", (x, _) => (MaxPool2D(Reshape(x, [1, 1, 3, 3]), (2, 2)), MaxPool2D(Reshape(x, [1, 1, 3, 3]), (2, 2), ceil: true)));
    }

    [TestCaseSource(nameof(Unequal))]
    public void Unequal_nodes_never_merge(Func<Tensor, Tensor, (Tensor, Tensor)> pair)
    {
        (Tensor a, Tensor b) = pair(Input([3, 3], "x"), Input([3, 3], "y"));
        Tensor[] merged = Merged(a, b);
        Assert.That(merged[0], Is.Not.SameAs(merged[1]));
    }

    [Test]
    public void A_dropout_used_twice_stays_one_dropout()
    {
        Tensor x = Input([3], "x"), d = Dropout(x, 0.5f);
        Assert.That(Traversal.Topological(Merged(d * 2, d + 1)).Count(node => node.Op is RandomOp), Is.EqualTo(1));
    }

    [Test]
    public void Constants_are_computed_once_but_not_blown_up()
    {
        Tensor x = Input([3], "x");
        Tensor[] folded = new Pipeline().Run(new Fold(), [x * (Constant(2) + Constant(3)), T.BroadcastTo(Constant(1), [1000, 1000])]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Constant_(folded[0].Inputs[1]), Is.EqualTo(5));
            Assert.That(folded[1].Op.Name, Is.EqualTo("broadcast"), "a stretched number is not stored as a million numbers");
        }
        static double Constant_(Tensor node) => ((Constant)node.Op).Value.ToDouble(0);
    }

    [Test]
    public void Random_numbers_are_not_folded() =>
        Assert.That(new Pipeline().Run(new Fold(), [Uniform(Constant(Vec(1, 2)))])[0].Op, Is.InstanceOf<RandomOp>());

    [Test]
    public void A_step_of_gradient_descent_accumulates_into_the_weights()
    {
        // w - 0.1 x^T g is one product with alpha = -0.1 and beta = 1.
        Tensor x = Input([4, 3], "x"), g = Input([4, 2], "g");
        Shared w = T.Shared(NDArray.Zeros([3, 2]), "w");
        Tensor step = new Pipeline().Optimise([w - 0.1f * Dot(Transpose(x), g)], [])[0];
        Assert.That(step.ToString(), Does.Contain("gemm[alpha -0.1, beta 1]"));
    }

    [Test]
    public void A_product_that_is_used_elsewhere_is_not_scaled_in_place()
    {
        Tensor x = Input([4, 3], "x"), y = Input([3, 2], "y"), p = Dot(x, y);
        Tensor[] after = new Pipeline().Run(new Blas(), [2 * p, Exp(p)]);
        Assert.That(after[0].Op.Name, Is.EqualTo("mul"));
    }

    [Test]
    public void Softmax_is_written_out_only_at_the_end()
    {
        Tensor x = Input([4, 3], "x");
        var pipeline = new Pipeline(keepListings: true);
        pipeline.Optimise([Softmax(x)], []);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(pipeline.Reports.First(report => report.Name == "simplify").Listing, Does.Contain("softmax"));
            Assert.That(pipeline.Reports[^1].Listing, Does.Not.Contain("softmax").And.Contain("exp"));
        }
    }

    [Test]
    public void A_pass_that_changes_a_type_is_caught() =>
        Assert.That(() => new Pipeline().Run(new Breaking(), [Input([3], "x")]), Throws.InvalidOperationException.With.Message.Contains("after breaking"));

    private sealed class Breaking : Pass
    {
        public override string Name => "breaking";

        public override string Purpose => "to be caught";

        public override Tensor[] Run(Tensor[] roots, PassReport report) => [Sum(roots[0])];
    }

    private static IEnumerable<TestCaseData> Large()
    {
        yield return new TestCaseData(10_000, (Func<Tensor, int, Tensor>)Chain).SetArgDisplayNames("a chain of 10,000 ops");
        yield return new TestCaseData(5_000, (Func<Tensor, int, Tensor>)Ladder).SetArgDisplayNames("5,000 levels that use the one before three times");
    }

    [TestCaseSource(nameof(Large))]
    public void The_work_is_linear_in_the_graphs_size(int size, Func<Tensor, int, Tensor> build)
    {
        double[] small = Seconds(size / 4, build), large = Seconds(size, build);
        TestContext.Out.WriteLine($"built in {large[0]:F3} s, differentiated in {large[1]:F3} s, optimised in {large[2]:F3} s");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(large, Has.All.LessThan(1.0), "building, differentiating, optimising, in seconds");
            Assert.That(large.Sum() / small.Sum(), Is.LessThan(10), "four times the graph: linear work is 4 times, quadratic 16 times");
        }
    }

    /// <summary>The least time of several attempts to build, to differentiate and to optimise a graph.</summary>
    private static double[] Seconds(int size, Func<Tensor, int, Tensor> build)
    {
        double[] least = [double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity];
        for (int attempt = 0; attempt < 4; attempt++)
        {
            long start = Stopwatch.GetTimestamp();
            Tensor x = Input([2], "x"), y = build(x, size);
            least[0] = Math.Min(least[0], Lap(ref start));
            Tensor g = Grad(Sum(y), x);
            least[1] = Math.Min(least[1], Lap(ref start));
            new Pipeline().Optimise([y, g], []);
            least[2] = Math.Min(least[2], Lap(ref start));
        }
        return least;
    }

    [Test]
    public void A_chain_of_200_000_nodes_is_traversed_without_recursion()
    {
        Tensor x = Input([2], "x"), y = x;
        for (int i = 0; i < 200_000; i++) y = Exp(y);
        Assert.That(Nodes(y), Is.EqualTo(200_001));
    }

    private static Tensor Chain(Tensor x, int ops)
    {
        for (int i = 0; i < ops; i += 2) x = Tanh(x * 1.01f);
        return x;
    }

    private static Tensor Ladder(Tensor x, int levels)
    {
        for (int i = 0; i < levels; i++) x = Mul(x, x) + x;
        return x;
    }

    private static double Lap(ref long start)
    {
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        return seconds;
    }

    private static Tensor Convolve(Tensor x, ConvMode mode) => Conv2D(Reshape(x, [1, 1, 3, 3]), s_filter, mode);

    private static readonly Tensor s_filter = Constant(Counting([1, 1, 2, 2]));

    private static TestCaseData Pair(string name, Func<Tensor, Tensor, (Tensor, Tensor)> pair) => new TestCaseData(pair).SetArgDisplayNames(name);
}
