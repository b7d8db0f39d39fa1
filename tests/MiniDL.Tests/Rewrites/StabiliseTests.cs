// The stabilise table: what is right on paper and wrong in float32, in every spelling, as value and as gradient, on the CPU.
using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Rewrites;

/// <summary>A cost spelled by hand is as finite, and as right, as the op that was made for it.</summary>
[TestFixture]
public sealed class StabiliseTests
{
    // Logits of both signs up to 1e4: exp overflows beyond 88, and a probability of exp(-1e4) is 0 in float32 and in float64.
    private static readonly NDArray s_logits = Arr([4, 3], 1e4f, -1e4f, 0, -1e4f, 1e4f, 3, 0.5f, -1.5f, 2, 1e4f, 1e4f, 1e4f);
    private static readonly NDArray s_targets = Arr([4, 3], 0, 1, 0, 0, 0.25f, 0.75f, 1, 0, 0, 0.2f, 0.3f, 0.5f);

    private static IEnumerable<TestCaseData> Softmaxes()
    {
        yield return Spelling("exp(x - max) / sum", x => Ratio(Exp(x - Max(x, 1, keepDims: true)), e => Sum(e, 1, keepDims: true)));
        yield return Spelling("exp(x - max) / sum, recomputed", x => Exp(x - Max(x, 1, keepDims: true)) / Sum(Exp(x - Max(x, 1, keepDims: true)), 1, keepDims: true));
        yield return Spelling("exp x / sum exp x", x => Exp(x) / Sum(Exp(x), 1, keepDims: true));
        yield return Spelling("e * (1 / s)", x => Ratio(Exp(x), e => Sum(e, 1, keepDims: true), (e, s) => e * (1 / s)));
        yield return Spelling("(1 / s) * e", x => Ratio(Exp(x), e => Sum(e, 1, keepDims: true), (e, s) => 1 / s * e));
        yield return Spelling("e * reciprocal s", x => Ratio(Exp(x), e => Sum(e, 1, keepDims: true), (e, s) => e * Reciprocal(s)));
        yield return Spelling("axis dropped and added again", x => Ratio(Exp(x - DimShuffle(Max(x, 1), [0, -1])), e => DimShuffle(Sum(e, 1), [0, -1])));
        yield return Spelling("axis dropped and expanded", x => Ratio(Exp(x - ExpandDims(Max(x, 1), 1)), e => ExpandDims(Sum(e, 1), 1)));
        yield return Spelling("negative axis", x => Ratio(Exp(x - Max(x, -1, keepDims: true)), e => Sum(e, -1, keepDims: true)));
        yield return Spelling("sum stretched by hand", x => Ratio(Exp(x), e => T.BroadcastTo(Sum(e, 1, keepDims: true), [4, 3])));
        yield return Spelling("the maximum stopped", x => Ratio(Exp(x - StopGradient(Max(x, 1, keepDims: true))), e => Sum(e, 1, keepDims: true)));
        yield return Spelling("columns of a transpose", x => Transpose(Ratio(Exp(Transpose(x)), e => Sum(e, 0, keepDims: true))));
        yield return Spelling("columns, summed and broadcast", x => Transpose(Ratio(Exp(Transpose(x)), e => Sum(e, 0))));
        yield return Spelling("through a transpose and back", x => Transpose(Transpose(Ratio(Exp(x), e => Sum(e, 1, keepDims: true)))));
        yield return Spelling("through a reshape", x => Reshape(Ratio(Exp(Reshape(x, [2, 2, 3])), e => Sum(e, 2, keepDims: true)), [4, 3]));
        yield return Spelling("through a flip", x => Flip(Ratio(Exp(Flip(x, [1])), e => Sum(e, 1, keepDims: true)), [1]));
        yield return Spelling("the op", x => Softmax(x, 1));
        yield return Spelling("the op through a transpose", x => Transpose(Softmax(Transpose(x), 0)));
        yield return Spelling("the op with a name", x => Softmax(x, 1).Named("p"));
    }

    [TestCaseSource(nameof(Softmaxes))]
    public void The_talks_cost_is_finite_and_equal_to_the_stable_op_in_value_and_gradient(Func<Tensor, Tensor> softmax)
    {
        Tensor x = Input([4, 3], "x"), t = Input([4, 3], "t");
        Tensor byHand = Mean(-Sum(t * Log(softmax(x)), 1)), stable = Mean(-Sum(t * LogSoftmax(x, 1), 1));
        CheckEqual([byHand, Grad(byHand, x)], [stable, Grad(stable, x)], [(x, s_logits), (t, s_targets)]);
    }

    [TestCaseSource(nameof(Softmaxes))]
    public void The_same_with_the_batch_unknown(Func<Tensor, Tensor> softmax)
    {
        Tensor x = Input([Shape.Unknown, 3], "x"), t = Input([Shape.Unknown, 3], "t");
        Tensor byHand = Mean(-Sum(t * Log(softmax(x)), 1)), stable = Mean(-Sum(t * LogSoftmax(x, 1), 1));
        CheckEqual([byHand, Grad(byHand, x)], [stable, Grad(stable, x)], [(x, s_logits), (t, s_targets)]);
    }

    [Test]
    public void The_probability_of_the_label_picked_before_the_logarithm_is_stable_too()
    {
        // -log p[label], picked by a product with a one-hot vector of rows: the logarithm moves through the gather.
        Tensor x = Input([4, 3], "x"), rows = Vector("rows", DType.Int32);
        Tensor byHand = -Sum(Log(GatherRows(Ratio(Exp(x), e => Sum(e, 1, keepDims: true)), rows))), stable = -Sum(GatherRows(LogSoftmax(x, 1), rows));
        CheckEqual([byHand, Grad(byHand, x)], [stable, Grad(stable, x)], [(x, s_logits), (rows, IntArr([2], 3, 0))]);
    }

    private static IEnumerable<TestCaseData> Functions()
    {
        yield return Function("log(1 + x)", x => Log(1 + x), x => Log1p(x), 0, 1e-30f, 1e-7f, 3);
        yield return Function("log(x + 1)", x => Log(x + 1), x => Log1p(x), 0, 1e-30f, -1e-7f);
        yield return Function("exp(x) - 1", x => Exp(x) - 1, x => Expm1(x), 0, 1e-30f, -1e-7f, 5);
        yield return Function("-1 + exp(x)", x => -1 + Exp(x), x => Expm1(x), 0, 1e-30f, -1e-7f, 5);
        yield return Function("1 / (1 + exp(-x))", x => 1 / (1 + Exp(-x)), x => Sigmoid(x), 0, 1e4f, -1e4f, 2);
        yield return Function("1 / (exp(-x) + 1)", x => 1 / (Exp(-x) + 1), x => Sigmoid(x), 0, 1e4f, -1e4f, 2);
        yield return Function("reciprocal(1 + exp(-x))", x => Reciprocal(1 + Exp(-x)), x => Sigmoid(x), 0, 1e4f, -1e4f, 2);
        yield return Function("1 / (1 + exp x)", x => 1 / (1 + Exp(x)), x => Sigmoid(-x), 0, 1e4f, -1e4f, 2);
        yield return Function("log sigmoid x", x => Log(Sigmoid(x)), x => -Softplus(-x), 0, 1e4f, -1e4f, 2);
        yield return Function("log sigmoid by hand", x => Log(1 / (1 + Exp(-x))), x => -Softplus(-x), 0, 1e4f, -1e4f, 2);
        yield return Function("log(1 - sigmoid x)", x => Log(1 - Sigmoid(x)), x => -Softplus(x), 0, 1e4f, -1e4f, 2);
        yield return Function("log(1 - sigmoid by hand)", x => Log(1 - 1 / (1 + Exp(-x))), x => -Softplus(x), 0, 1e4f, -1e4f, 2);
        yield return Function("log sigmoid through a reshape", x => Reshape(Log(Reshape(Sigmoid(x), [1, -1])), [-1]), x => -Softplus(-x), 0, 1e4f, -1e4f, 2);
        yield return Function("log(1 + exp x)", x => Log(1 + Exp(x)), x => Softplus(x), 0, 1e4f, -1e4f, 2);
        yield return Function("log1p(exp x)", x => Log1p(Exp(x)), x => Softplus(x), 0, 1e4f, -1e4f, 2);
        yield return Function("log exp x", x => Log(Exp(x)), x => x * 1, 0, 1e4f, -1e4f, 2);
        yield return Function("log sum exp", x => Log(Sum(Exp(x), 0, keepDims: true)), x => LogSumExp(x, 0, keepDims: true), 1e4f, -1e4f, 1e4f);
        yield return Function("log sum exp, axis dropped", x => Log(Sum(Exp(x))), x => LogSumExp(x, 0), 1e4f, -1e4f, 1e4f);
    }

    [TestCaseSource(nameof(Functions))]
    public void A_function_spelled_by_hand_equals_the_op_made_for_it(Func<Tensor, Tensor> byHand, Func<Tensor, Tensor> stable, float[] at)
    {
        Tensor x = Vector("x");
        Tensor spelled = byHand(x), op = stable(x);
        CheckEqual([spelled, Grad(Sum(spelled), x)], [op, Grad(Sum(op), x)], [(x, Vec(at))]);
    }

    [Test]
    public void Binary_cross_entropy_from_probabilities_is_as_stable_as_from_logits()
    {
        Tensor z = Vector("z"), t = Vector("t"), s = Sigmoid(z);
        Tensor byHand = Mean(-(t * Log(s) + (1 - t) * Log(1 - s))), stable = Mean(BinaryCrossEntropyFromLogits(z, t));
        CheckEqual([byHand, Grad(byHand, z)], [stable, Grad(stable, z)], [(z, Vec(1e4f, -1e4f, 1e4f, -1e4f, 0.3f, -2)), (t, Vec(1, 0, 0, 1, 0.5f, 0.25f))]);
    }

    [Test]
    public void Max_pool_and_relu_commute_in_value_and_gradient()
    {
        Tensor x = Input([1, 1, 4, 4], "x");
        NDArray image = Arr([1, 1, 4, 4], -1, -2, 3, 3, -3, -4, 1, 2, 0, 0, float.NaN, 1, 0, -5, 2, 3);
        Tensor[] before = [MaxPool2D(Relu(x), (2, 2)), Grad(Sum(MaxPool2D(Relu(x), (2, 2)) * 2), x)];
        Tensor relu = Relu(x);
        Tensor[] unmoved = [MaxPool2D(relu + 0 * relu, (2, 2))];   // an addition in between keeps them apart
        using Device device = Device.Cpu(1);
        NDArray[] values = Run(device, [.. before, .. unmoved], [(x, image)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(values[0].Doubles(), Is.EqualTo((double[])[0, 3, 0, double.NaN]));
            Assert.That(values[2].Doubles(), Is.EqualTo((double[])[0, 3, 0, double.NaN]));
            Assert.That(values[1].Doubles()[..8], Is.EqualTo((double[])[0, 0, 2, 0, 0, 0, 0, 0]));
        }
    }

    [Test]
    public void A_softmax_whose_sum_is_of_something_else_is_left_alone_and_reported()
    {
        Tensor x = Input([4, 3], "x"), y = Input([4, 3], "y");
        var pipeline = new Pipeline();
        Tensor[] after = pipeline.Run(new Stabilise(), [Exp(x) / Sum(Exp(y), 1, keepDims: true)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(after[0].Op.Name, Is.EqualTo("div"));
            Assert.That(pipeline.Reports[0].Nearly, Has.Some.Contains("not over the same exponentials").And.Some.Contains("StabiliseTests.cs"));
        }
    }

    [Test]
    public void A_logarithm_of_changed_probabilities_is_noted_and_one_of_rearranged_ones_is_not()
    {
        Tensor z = Matrix("z"), t = Matrix("t"), p = Softmax(z);
        foreach ((Tensor log, int notes) in new[] { (Log(Sum(t * p, 1)), 1), (Log(p + 1e-8f), 1), (Log(Clip(p, 1e-7f, 1)), 1), (Log(Transpose(p)), 0), (Log(p), 0), (Log(z), 0) })
        {
            var pipeline = new Pipeline();
            pipeline.Run(new Stabilise(), [log]);
            Assert.That(pipeline.Reports[0].Nearly.Count(near => near.Contains("take it first", StringComparison.Ordinal)), Is.EqualTo(notes), log.ToString());
        }
    }

    [Test]
    public void A_sum_along_another_axis_is_not_a_softmax()
    {
        Tensor x = Input([3, 3], "x"), e = Exp(x);
        Tensor[] after = new Pipeline().Run(new Stabilise(), [e / Transpose(Sum(e, 1, keepDims: true))]);
        Assert.That(after[0].Op.Name, Is.EqualTo("div"), "row i is divided by the sum of row j");
    }

    private static void CheckEqual(Tensor[] byHand, Tensor[] stable, (Tensor, NDArray)[] feeds)
    {
        using Device device = Device.Cpu(1);
        NDArray[] values = Run(device, [.. byHand, .. stable], feeds);
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < byHand.Length; i++)
            {
                double[] actual = values[i].Doubles(), expected = values[byHand.Length + i].Doubles();
                double largest = expected.Max(Math.Abs);
                Assert.That(actual, Has.All.Matches<double>(double.IsFinite), $"output {i} is finite");
                Assert.That(actual.Zip(expected).All(pair => Math.Abs(pair.First - pair.Second) <= 2e-6 * largest), $"output {i}: {values[i]} against {values[byHand.Length + i]}");
            }
        }
    }

    private static Tensor Ratio(Tensor e, Func<Tensor, Tensor> sum, Func<Tensor, Tensor, Tensor>? ratio = null) => ratio is null ? e / sum(e) : ratio(e, sum(e));

    private static TestCaseData Spelling(string name, Func<Tensor, Tensor> softmax) => new TestCaseData(softmax).SetArgDisplayNames(name);

    private static TestCaseData Function(string name, Func<Tensor, Tensor> byHand, Func<Tensor, Tensor> stable, params float[] at) => new TestCaseData(byHand, stable, at).SetArgDisplayNames(name);
}
