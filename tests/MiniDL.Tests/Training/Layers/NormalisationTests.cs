using static MiniDL.Layer;

namespace MiniDL.Tests.Training.Layers;

/// <summary>Batch and layer normalisation: moments, running statistics, gradients, invariances.</summary>
[TestFixture]
public sealed class NormalisationTests
{
    private const int B = 6, C = 4, H = 3, W = 5;
    private const float Epsilon = 1e-5f;

    // Channels of different means and sizes, so that mixing them up shows.
    private static NDArray Batch(ulong seed, params int[] pixels)
    {
        NDArray batch = new Init(seed).Normal([B, C, .. pixels], 1);
        int inMap = pixels.Aggregate(1, (product, side) => product * side);
        Span<float> values = batch.Span<float>();
        for (int i = 0; i < values.Length; i++)
        {
            int c = i / inMap % C;
            values[i] = values[i] * (c + 1) + 10 * c;
        }
        return batch;
    }

    private static readonly int[][] s_pixels = [[], [H, W]];

    /// <summary>The values of each channel of (B, C, pixels...).</summary>
    private static double[][] Channels(NDArray x)
    {
        int inMap = x.Count / (B * C);
        double[] all = x.Doubles();
        return [.. Enumerable.Range(0, C).Select(c => all.Where((_, i) => i / inMap % C == c).ToArray())];
    }

    private static (double Mean, double Variance) Moments(double[] values)
    {
        double mean = values.Average();
        return (mean, values.Average(value => (value - mean) * (value - mean)));
    }

    [TestCaseSource(nameof(s_pixels))]
    public void BatchNorm_gives_each_channel_of_the_batch_mean_0_and_variance_1(params int[] pixels)
    {
        NDArray x = Batch(1, pixels);
        (double[][] before, double[][] after) = (Channels(x), Channels(Nets.Model(BatchNorm(), [C, .. pixels]).Trained(x)));
        using (Assert.EnterMultipleScope())
            for (int c = 0; c < C; c++)
            {
                double variance = Moments(before[c]).Variance;
                Assert.That(Moments(after[c]).Mean, Is.EqualTo(0).Within(2e-6), $"mean of channel {c}");
                Assert.That(Moments(after[c]).Variance, Is.EqualTo(variance / (variance + Epsilon)).Within(1e-5), $"variance of channel {c}");
            }
    }

    [TestCaseSource(nameof(s_pixels))]
    public void BatchNorm_scales_by_gamma_and_shifts_by_beta(params int[] pixels)
    {
        Model model = Nets.Model(BatchNorm(), [C, .. pixels]);
        NDArray x = Batch(1, pixels);
        double[][] plain = Channels(model.Trained(x));
        model.Set("batch_norm.gamma", 1, 2, 3, 4);
        model.Set("batch_norm.beta", 0, -1, 5, 7);
        double[][] scaled = Channels(model.Trained(x));
        double[] beta = [0, -1, 5, 7];
        for (int c = 0; c < C; c++) Assert.That(scaled[c], Is.EqualTo(plain[c].Select(y => (c + 1) * y + beta[c])).Within(1e-5), $"channel {c}");
    }

    [TestCaseSource(nameof(s_pixels))]
    public void Running_statistics_are_moving_averages_of_the_batches_moments(params int[] pixels)
    {
        const double Stays = 0.75;
        Model model = Nets.Model(BatchNorm(momentum: (float)Stays), [C, .. pixels]);
        double[] mean = new double[C], variance = [1, 1, 1, 1];
        for (ulong step = 1; step <= 5; step++)
        {
            NDArray x = Batch(step, pixels);
            model.Trained(x);
            for (int c = 0; c < C; c++)
            {
                (double ofBatch, double varianceOfBatch) = Moments(Channels(x)[c]);
                mean[c] = Stays * mean[c] + (1 - Stays) * ofBatch;
                variance[c] = Stays * variance[c] + (1 - Stays) * varianceOfBatch;
            }
            using (Assert.EnterMultipleScope())
                for (int c = 0; c < C; c++)
                {
                    Assert.That(model.Get("batch_norm.mean")[c], Is.EqualTo(mean[c]).Within(1e-6 * (1 + Math.Abs(mean[c]))), $"mean of channel {c} after step {step}");
                    Assert.That(model.Get("batch_norm.variance")[c], Is.EqualTo(variance[c]).Within(2e-6 * variance[c]), $"variance of channel {c} after step {step}");
                }
        }
    }

    [TestCaseSource(nameof(s_pixels))]
    public void In_use_BatchNorm_takes_the_running_statistics_and_changes_nothing(params int[] pixels)
    {
        Model model = Nets.Model(BatchNorm(), [C, .. pixels]);
        model.Set("batch_norm.gamma", 1, 2, 3, 4);
        model.Set("batch_norm.beta", 0, -1, 5, 7);
        model.Set("batch_norm.mean", 1, -2, 3, 0);
        model.Set("batch_norm.variance", 4, 1, 0.25f, 100);
        double[] gamma = [1, 2, 3, 4], beta = [0, -1, 5, 7], mean = [1, -2, 3, 0], deviation = [.. new[] { 4, 1, 0.25, 100 }.Select(variance => Math.Sqrt(variance + Epsilon))];

        NDArray x = Batch(1, pixels);
        (double[][] before, double[][] after) = (Channels(x), Channels(model.Used(x)));
        for (int c = 0; c < C; c++)
            Assert.That(after[c], Is.EqualTo(before[c].Select(value => gamma[c] * (value - mean[c]) / deviation[c] + beta[c])).Within(1e-4), $"channel {c}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(model.Get("batch_norm.mean"), Is.EqualTo(new float[] { 1, -2, 3, 0 }));
            Assert.That(model.Used(x.Rows(2, 1)).Doubles(), Is.EqualTo(model.Used(x).Doubles()[(2 * x.Count / B)..(3 * x.Count / B)]), "an example alone gives the same");
        }
    }

    [Test]
    public void BatchNorm_does_not_see_a_shift_or_a_scale_of_its_input()
    {
        Model model = Nets.Model(BatchNorm(epsilon: 1e-12f), [C]);
        NDArray x = Batch(1), changed = NDArray.From(x.Span<float>().ToArray().Select(value => 3 * value - 5).ToArray(), x.Shape);
        Assert.That(model.Trained(changed).Doubles(), Is.EqualTo(model.Trained(x).Doubles()).Within(1e-4));
    }

    [Test]
    public void A_batch_of_one_row_is_all_beta()
    {
        Model model = Nets.Model(BatchNorm(), [C]);
        model.Set("batch_norm.beta", 0, -1, 5, 7);
        Assert.That(model.Trained(Batch(1).Rows(0, 1)).Doubles(), Is.EqualTo(new double[] { 0, -1, 5, 7 }));
    }

    [TestCaseSource(nameof(s_pixels))]
    public void LayerNorm_gives_each_example_mean_0_and_variance_1_in_training_and_in_use(params int[] pixels)
    {
        NDArray x = Batch(1, pixels);
        Model model = Nets.Model(LayerNorm(), [C, .. pixels]);
        double[] used = model.Used(x).Doubles();
        int features = x.Count / B;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(model.Trained(x).Doubles(), Is.EqualTo(used));
            for (int b = 0; b < B; b++)
            {
                (_, double before) = Moments(x.Doubles()[(b * features)..((b + 1) * features)]);
                (double mean, double variance) = Moments(used[(b * features)..((b + 1) * features)]);
                Assert.That(mean, Is.EqualTo(0).Within(2e-6), $"mean of example {b}");
                Assert.That(variance, Is.EqualTo(before / (before + Epsilon)).Within(1e-5), $"variance of example {b}");
            }
        }
    }

    [Test]
    public void LayerNorm_has_a_gamma_and_a_beta_for_each_feature()
    {
        Model model = Nets.Model(LayerNorm(), [C, H, W]);
        NDArray x = Batch(1, H, W);
        double[] plain = model.Used(x).Doubles();
        NDArray gamma = new Init(seed: 5).Normal([C, H, W], 1), beta = new Init(seed: 6).Normal([C, H, W], 1);
        (model.Named("layer_norm.gamma").Value, model.Named("layer_norm.beta").Value) = (gamma, beta);
        int features = C * H * W;
        Assert.That(model.Used(x).Doubles(), Is.EqualTo(plain.Select((y, i) => y * gamma.ToDouble(i % features) + beta.ToDouble(i % features))).Within(1e-5));
    }

    private static IEnumerable<TestCaseData<Layer, int[]>> Gradients() =>
        from layer in new[] { BatchNorm(), LayerNorm() }
        from pixels in s_pixels
        select new TestCaseData<Layer, int[]>(layer, pixels).SetArgDisplayNames(layer.Kind, $"{2 + pixels.Length} axes");

    /// <summary>The gradient goes through mean and variance: with respect to the input, gamma and beta, against central differences.</summary>
    [TestCaseSource(nameof(Gradients))]
    public void Gradients_are_those_of_central_differences(Layer layer, int[] pixels)
    {
        Model model = Nets.Model(layer, [C, .. pixels]);
        foreach (Shared parameter in model.Parameters) parameter.Value = new Init(seed: 8).Normal(parameter.Shape, 1);
        Tensor x = Nets.Batch(model);
        Assert.That(GradientCheck.Verify(model.Train(x).Output, [x, .. model.Parameters], [(x, Batch(2, pixels))]), Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void The_gradient_of_BatchNorm_neither_shifts_a_channel_nor_scales_it()
    {
        // What does not see a shift has gradients that sum to 0; what does not see a scale, gradients that are orthogonal to x.
        Model model = Nets.Model(BatchNorm(epsilon: 1e-12f), [C]);
        Tensor x = Nets.Batch(model), weights = T.Matrix("weights");
        Tensor gradient = T.Grad(T.Sum(weights * model.Train(x).Output), x);
        using Device device = Device.Cpu(threads: 1);
        NDArray batch = Batch(1);
        NDArray[] sums = Evaluation.Run(device, [T.Sum(gradient, 0), T.Sum(gradient * x, 0), T.Sum(T.Abs(gradient * x), 0)], [(x, batch), (weights, new Init(seed: 9).Normal([B, C], 1))]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sums[0].Doubles(), Is.All.EqualTo(0).Within(1e-5));
            for (int c = 0; c < C; c++) Assert.That(sums[1].Doubles()[c], Is.EqualTo(0).Within(1e-5 * sums[2].Doubles()[c]));
            Assert.That(sums[2].Doubles(), Is.All.GreaterThan(0.1));
        }
    }

    [Test]
    public void Wrong_use_is_refused_with_the_shape()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Summary.Of(BatchNorm(), [C, 5]), Throws.TypeOf<GraphException>().With.Message.Contains("layer batch_norm").And.Message.Contains("(?, 4, 5)"));
            Assert.That(() => Summary.Of(BatchNorm(), []), Throws.TypeOf<GraphException>().With.Message.Contains("(?)"));
            Assert.That(() => Summary.Of(LayerNorm(), []), Throws.TypeOf<GraphException>().With.Message.Contains("layer layer_norm").And.Message.Contains("(?)"));
            Assert.That(() => BatchNorm(momentum: 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => BatchNorm(epsilon: 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => LayerNorm(epsilon: float.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
    }
}
