using static MiniDL.T;

namespace MiniDL.Tests.Training;

/// <summary>Losses against their formulas on numbers small enough to work out by hand.</summary>
[TestFixture]
public sealed class LossTests
{
    private static readonly NDArray s_logits = NDArray.From([1f, 2f, 3f, -1f, 0f, 1f], [2, 3]);
    private static readonly NDArray s_oneHot = NDArray.From([0f, 0f, 1f, 1f, 0f, 0f], [2, 3]);

    // Rows (1, 2, 3) and (-1, 0, 1): softmax = (0.0900306, 0.2447285, 0.6652410) for both; -log of the last and of the first.
    private static readonly float[] s_expected = [0.40760596f, 2.40760596f];

    [Test]
    public void Cross_entropy_of_probabilities_is_minus_the_log_of_the_targets_probability()
    {
        Tensor p = Matrix("p"), t = Matrix("t");
        NDArray probabilities = NDArray.From([0.5f, 0.25f, 0.25f, 0.1f, 0.2f, 0.7f], [2, 3]);
        NDArray targets = NDArray.From([0f, 1f, 0f, 0.5f, 0f, 0.5f], [2, 3]);
        float[] expected = [MathF.Log(4), -0.5f * (MathF.Log(0.1f) + MathF.Log(0.7f))];
        Assert.That(Evaluate([p, t], CategoricalCrossEntropy(p, t), probabilities, targets), Is.EqualTo(expected).Within(1e-6f));
    }

    [Test]
    public void The_three_spellings_for_one_class_agree()
    {
        Tensor z = Input([Shape.Unknown, 3], "z"), t = Matrix("t"), labels = Vector("labels", DType.Int32);
        NDArray numbers = NDArray.From([2, 0], [2]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Evaluate([z, t], CategoricalCrossEntropy(Softmax(z), t), s_logits, s_oneHot), Is.EqualTo(s_expected).Within(1e-6f));
            Assert.That(Evaluate([z, t], CategoricalCrossEntropyFromLogits(z, t), s_logits, s_oneHot), Is.EqualTo(s_expected).Within(1e-6f));
            Assert.That(Evaluate([z, labels], SparseCrossEntropy(z, labels), s_logits, numbers), Is.EqualTo(s_expected).Within(1e-6f));
        }
    }

    /// <summary>exp is monotonic and the sum is one for all classes: to find the answer no softmax is needed.</summary>
    [Test]
    public void The_largest_logit_is_the_largest_probability()
    {
        Tensor z = Matrix("z");
        NDArray logits = new Init(seed: 6).Normal([100, 10], 3);
        using Device cpu = Device.Cpu(threads: 1);
        NDArray[] both = Evaluation.Run(cpu, [ArgMax(z, axis: 1), ArgMax(Softmax(z), axis: 1)], [(z, logits)]);
        int[] answers = both[0].Span<int>().ToArray();
        Assert.That(answers, Is.EqualTo(both[1].Span<int>().ToArray()));
        Assert.That(answers.Distinct().Count(), Is.EqualTo(10), "every class is an answer");
    }

    /// <summary>exp(z + c) / sum exp(z + c): the factor exp(c) is in both. The shift is a power of two below 2^24 / 10, so that z + c is rounded to 1/8 and so are the logits.</summary>
    [TestCase(1048576f)]
    [TestCase(-1048576f)]
    public void Softmax_does_not_see_a_shift_of_its_row(float shift)
    {
        Tensor z = Matrix("z");
        NDArray logits = NDArray.From([0.125f, 2f, -3.5f, 0f, 0.75f, 1f], [2, 3]);
        using Device cpu = Device.Cpu(threads: 1);
        NDArray[] p = Evaluation.Run(cpu, [Softmax(z), Softmax(z + shift), LogSoftmax(z), LogSoftmax(z + shift)], [(z, logits)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(p[1].Span<float>().ToArray(), Is.EqualTo(p[0].Span<float>().ToArray()));
            Assert.That(p[3].Span<float>().ToArray(), Is.EqualTo(p[2].Span<float>().ToArray()).Within(1e-6f));
        }
    }

    [Test]
    public void A_label_outside_the_classes_costs_nothing_and_pulls_at_nothing()
    {
        Tensor z = Input([Shape.Unknown, 3], "z"), labels = Vector("labels", DType.Int32);
        NDArray numbers = NDArray.From([-1, 3], [2]);
        Tensor each = SparseCrossEntropy(z, labels);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Evaluate([z, labels], each, s_logits, numbers), Is.All.Zero);
            Assert.That(Evaluate([z, labels], Grad(Sum(each), z), s_logits, numbers), Is.All.Zero);
        }
    }

    [Test]
    public void Cross_entropy_from_numbers_needs_to_know_how_many_classes_there_are()
    {
        var error = Assert.Throws<GraphException>(() => SparseCrossEntropy(Matrix("scores"), Vector("labels", DType.Int32)))!;
        Assert.That(error.Message, Does.Contain("number of classes").And.Contain("scores"));
    }

    [Test]
    public void A_probability_that_underflows_to_0_leaves_the_gradient_finite()
    {
        // softmax(0, 2000) is (exp(-2000), 1): the first is 0 even in float64, and t log p would be -infinity.
        Tensor z = Matrix("z"), t = Matrix("t");
        Tensor cost = Sum(CategoricalCrossEntropy(Softmax(z), t));
        NDArray logits = NDArray.From([0f, 2000f], [1, 2]), targets = NDArray.From([1f, 0f], [1, 2]);
        Assert.That(Evaluate([z, t], Grad(cost, z), logits, targets), Is.EqualTo(new[] { -1f, 1f }).Within(1e-6f));

        // The reference computes the cost as it is written; a device that rewrites it gives the number it stands for.
        using Device cpu = Device.Cpu(threads: 1);
        using Function f = Function([z, t], cost, device: cpu);
        Assert.That(f.Run(logits, targets).Scalar(), Is.EqualTo(2000f));
    }

    [Test]
    public void Binary_cross_entropy_is_that_of_the_sigmoid_and_finite_far_out()
    {
        // sigmoid(0) = 1/2 costs log 2 either way; sigmoid(1) = 0.7310586; 500 on the wrong side costs 500.
        Tensor z = Vector("z"), t = Vector("t");
        NDArray logits = NDArray.From([0f, 1f, 1f, 500f, -500f], [5]), targets = NDArray.From([1f, 1f, 0f, 0f, 0f], [5]);
        float[] expected = [0.6931472f, 0.3132617f, 1.3132617f, 500f, 0f];
        Assert.That(Evaluate([z, t], BinaryCrossEntropyFromLogits(z, t), logits, targets), Is.EqualTo(expected).Within(1e-6f));
    }

    [Test]
    public void Mean_squared_error_is_the_mean_over_all_elements()
    {
        Tensor y = Matrix("y"), t = Matrix("t");
        NDArray prediction = NDArray.From([1f, 2f, 3f, 4f], [2, 2]), target = NDArray.From([1f, 0f, 3f, 1f], [2, 2]);
        Assert.That(Evaluate([y, t], MeanSquaredError(y, t), prediction, target), Is.EqualTo(new[] { (4f + 9f) / 4 }));
    }

    /// <summary>H(p, q) = H(p) + KL(p || q), the three by formulas of their own; 0 log 0 is 0 in a one-hot row.</summary>
    [Test]
    public void Cross_entropy_is_entropy_plus_divergence()
    {
        Tensor z = Matrix("z"), t = Matrix("t"), q = Softmax(z);
        NDArray targets = NDArray.From([0.25f, 0.5f, 0.25f, 0f, 1f, 0f], [2, 3]);
        float[] crossEntropy = Evaluate([z, t], CategoricalCrossEntropy(q, t), s_logits, targets), entropy = Evaluate([t], Entropy(t), targets);
        float[] divergence = Evaluate([z, t], KlDivergence(q, t), s_logits, targets);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(entropy, Is.EqualTo(new[] { 1.5f * MathF.Log(2), 0 }).Within(1e-6f));   // 0.5 log 2 + 2 * 0.25 log 4
            Assert.That(crossEntropy, Is.EqualTo(entropy.Zip(divergence, (h, d) => h + d)).Within(1e-6f));
            Assert.That(divergence, Is.All.GreaterThan(0.1f));
        }
    }

    [Test]
    public void Divergence_is_0_between_equal_distributions_and_no_symmetric_distance()
    {
        Tensor p = Matrix("p"), t = Matrix("t");
        NDArray one = NDArray.From([0.5f, 0.5f], [1, 2]), other = NDArray.From([0.25f, 0.75f], [1, 2]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Evaluate([p, t], KlDivergence(p, t), one, one), Is.All.Zero);
            Assert.That(Evaluate([p, t], KlDivergence(p, t), other, one), Is.EqualTo(new[] { 0.5f * MathF.Log(2) + 0.5f * MathF.Log(2f / 3) }).Within(1e-6f));
            Assert.That(Evaluate([p, t], KlDivergence(p, t), one, other), Is.EqualTo(new[] { 0.25f * MathF.Log(0.5f) + 0.75f * MathF.Log(1.5f) }).Within(1e-6f));
        }
    }

    [Test]
    public void Divergence_from_far_logits_is_finite_and_so_is_its_gradient()
    {
        Tensor z = Matrix("z"), t = Matrix("t");
        Tensor cost = Sum(KlDivergence(Softmax(z), t));
        NDArray logits = NDArray.From([1e4f, -1e4f], [1, 2]), targets = NDArray.From([0f, 1f], [1, 2]);
        using Device cpu = Device.Cpu(threads: 1);
        NDArray[] both = Evaluation.Run(cpu, [cost, Grad(cost, z)], [(z, logits), (t, targets)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(both[0].Item(), Is.EqualTo(2e4f));
            Assert.That(both[1].Span<float>().ToArray(), Is.EqualTo(new[] { 1f, -1f }));
        }
    }

    [Test]
    public void Smooth_labels_are_a_little_of_every_class_and_still_a_distribution()
    {
        Tensor t = Matrix("t");
        NDArray targets = NDArray.From([0f, 1f, 0f, 0f, 0f, 0f, 0f, 0f], [2, 4]);   // the second row is an example to leave out
        Assert.That(Evaluate([t], SmoothLabels(t, 0.2f), targets), Is.EqualTo(new[] { 0.05f, 0.85f, 0.05f, 0.05f, 0, 0, 0, 0 }).Within(1e-7f));
        Assert.That(() => SmoothLabels(t, 1), Throws.TypeOf<GraphException>().With.Message.Contains("[0, 1)"));
    }

    /// <summary>At the least cost, softmax(z) equals the targets: with K = 4 and amount 0.2 the right logit is log(0.85 / 0.05) above the others; without smoothing it would go on rising.</summary>
    [Test]
    public void With_smooth_labels_logits_stop_growing()
    {
        Shared z = Shared(NDArray.Zeros([1, 4]), "z");
        Tensor t = Constant(NDArray.From([0f, 1f, 0f, 0f], [1, 4]));
        Tensor cost = Sum(CategoricalCrossEntropyFromLogits(z, SmoothLabels(t, 0.2f)));
        using Device device = Device.Cpu(threads: 1);
        using Function train = Function([], cost, Sgd(cost, [z], 1f), device: device);
        for (int step = 0; step < 500; step++) train.Run();
        float[] logits = z.Value.Span<float>().ToArray();
        Assert.That(logits[1] - logits[0], Is.EqualTo(MathF.Log(17)).Within(1e-4f));
    }

    [Test]
    public void A_loss_of_shapes_that_do_not_fit_names_the_line_that_asked_for_it()
    {
        Tensor y = Input([4, 3], "y"), t = Input([4, 2], "t");
        var error = Assert.Throws<GraphException>(() => MeanSquaredError(y, t))!;
        Assert.That(error.Message, Does.Contain(nameof(LossTests)));
    }

    private static float[] Evaluate(Tensor[] inputs, Tensor output, params NDArray[] arrays)
    {
        using Device device = Device.Reference();
        using Function f = Function(inputs, output, device: device);
        return f.Eval(arrays)[0].Span<float>().ToArray();
    }
}
