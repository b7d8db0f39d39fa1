using static MiniDL.Layer;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Training.Layers;

/// <summary>The affine layer: it finds a line where there is one, and is no more than a line however often it is repeated.</summary>
[TestFixture]
public sealed class DenseTests
{
    [Test]
    public void One_unit_separates_what_a_line_separates()
    {
        // 400 points of the square, those within 0.05 of the line 2 x - y = 0.3 left out.
        float[] numbers = new Init(seed: 2).Uniform([800], -1, 1).Span<float>().ToArray();
        (float X, float Y)[] points = [.. numbers.Chunk(2).Select(pair => (pair[0], pair[1])).Where(point => Math.Abs(2 * point.Item1 - point.Item2 - 0.3f) > 0.05f)];
        NDArray inputs = Arr([points.Length, 2], [.. points.SelectMany(point => new[] { point.X, point.Y })]);
        float[] above = [.. points.Select(point => 2 * point.X - point.Y > 0.3f ? 1f : 0)];

        Model perceptron = Nets.Model(Dense(1), [2]);
        Tensor x = Nets.Batch(perceptron), t = T.Matrix("t");
        Tensor cost = T.Mean(T.BinaryCrossEntropyFromLogits(perceptron.Train(x).Output, t));
        using Device device = Device.Cpu(threads: 1);
        using Function train = T.Function([x, t], cost, T.Sgd(cost, perceptron.Parameters, 5f), device: device);
        for (int step = 0; step < 1000; step++) train.Run(inputs, Arr([points.Length, 1], above));

        Assert.That(perceptron.Used(inputs).Span<float>().ToArray().Select(z => z > 0 ? 1f : 0), Is.EqualTo(above));
    }

    [Test]
    public void Stacked_linear_layers_are_one_matrix()
    {
        Model stack = Nets.Model(Sequential(Dense(7), Dense(5), Dense(3)), [4]);
        foreach (string bias in new[] { "dense.bias", "dense_2.bias", "dense_3.bias" }) stack.Named(bias).Value = new Init(seed: 3).Normal(stack.Named(bias).Shape, 1);

        // ((x W1 + b1) W2 + b2) W3 + b3 = x (W1 W2 W3) + ((b1 W2 + b2) W3 + b3)
        Tensor W(string layer) => stack.Named($"{layer}.weights");
        Tensor B(string layer) => stack.Named($"{layer}.bias");
        Tensor matrix = T.Dot(T.Dot(W("dense"), W("dense_2")), W("dense_3"));
        Tensor offset = T.Dot(T.Dot(B("dense"), W("dense_2")) + B("dense_2"), W("dense_3")) + B("dense_3");

        Model one = Nets.Model(Dense(3), [4]);
        one.Named("dense.weights").Value = OnReference(matrix);
        one.Named("dense.bias").Value = OnReference(offset);
        NDArray batch = new Init(seed: 4).Normal([20, 4], 1);
        Assert.That(one.Used(batch).Doubles(), Is.EqualTo(stack.Used(batch).Doubles()).Within(1e-5));
    }

    [Test]
    public void With_a_non_linearity_between_they_are_not()
    {
        // Every affine f has f(x) + f(-x) = 2 f(0).
        NDArray batch = Arr([3, 2], 10, 20, -10, -20, 0, 0);
        Assert.That(Bend(Nets.Model(Sequential(Dense(8), Dense(1)), [2])), Is.EqualTo(0).Within(1e-5));
        Assert.That(Math.Abs(Bend(Nets.Model(Sequential(Dense(8), Relu, Dense(1)), [2]))), Is.GreaterThan(0.1));

        double Bend(Model model)
        {
            double[] f = model.Used(batch).Doubles();
            return f[0] + f[1] - 2 * f[2];
        }
    }

    [Test]
    public void A_layer_without_bias_gives_0_for_0() =>
        Assert.That(Nets.Model(Dense(5, bias: false), [3]).Used(NDArray.Zeros([2, 3])).Doubles(), Is.All.Zero);

    [Test]
    public void Images_are_refused_with_the_advice_to_flatten() =>
        Assert.That(() => Nets.Model(Sequential(Conv2D(4, 3), Dense(10)), [1, 8, 8]),
            Throws.TypeOf<GraphException>().With.Message.Contains("layer dense").And.Message.Contains("(?, 4, 6, 6)").And.Message.Contains("Flatten"));

    [Test]
    public void There_is_no_layer_without_units() => Assert.That(() => Dense(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
