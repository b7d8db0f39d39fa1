using MiniDL.Tests.Training.Layers;
using static MiniDL.Layer;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Training;

/// <summary>What first values do to a net: equal ones never part; those of the right size carry a signal through ten layers, both ways.</summary>
[TestFixture]
public sealed class FirstValuesTests
{
    private const int Depth = 10, Width = 1000, B = 50;

    [TestCase(0f)]
    [TestCase(0.5f)]
    public void Units_that_start_equal_stay_equal(float first)
    {
        NDArray Same(Init init, Shape shape) => init.Uniform(shape, first, first);
        Model model = Nets.Model(Sequential(Dense(5, first: Same), Tanh, Dense(1, first: Same)), [3]);
        NDArray batch = new Init(seed: 2).Normal([20, 3], 1), targets = new Init(seed: 3).Normal([20, 1], 1);
        Tensor x = Nets.Batch(model), t = T.Matrix("t");
        Tensor cost = T.MeanSquaredError(model.Train(x).Output, t);
        using Device device = Device.Cpu(threads: 1);
        using Function train = T.Function([x, t], cost, T.Sgd(cost, model.Parameters, 0.1f), device: device);
        for (int step = 0; step < 50; step++) train.Run(batch, targets);

        // Weights are (3 inputs, 5 units): all units of a row are one.
        float[] weights = model.Get("dense.weights"), after = model.Get("dense_2.weights");
        using (Assert.EnterMultipleScope())
        {
            foreach (float[] row in weights.Chunk(5)) Assert.That(row, Is.All.EqualTo(row[0]));
            Assert.That(after, Is.All.EqualTo(after[0]));
            Assert.That(model.Get("dense_2.bias")[0], Is.Not.Zero, "the net did learn: a constant");
            if (first == 0) Assert.That(weights.Concat(after), Is.All.Zero, "no gradient gets past weights of 0");
            else Assert.That(weights, Is.Not.All.EqualTo(first));
        }
    }

    /// <summary>Mean squares of what comes out for inputs of mean square 1, and of the gradient that comes back for gradients of mean square 1.</summary>
    private static (double Forward, double Backward) ThroughTenLayers(Layer activation, Func<Init, Shape, NDArray> first)
    {
        Model model = Nets.Model(Sequential([.. Enumerable.Repeat(Sequential(Dense(Width, first: first), activation), Depth)]), [Width]);
        Tensor x = Nets.Batch(model), g = T.Matrix("g"), y = model.Use(x);
        using Device device = Device.Cpu(threads: 2);
        NDArray[] both = Run(device, [T.Mean(T.Square(y)), T.Mean(T.Square(T.Grad(T.Sum(g * y), x)))], [(x, new Init(seed: 2).Normal([B, Width], 1)), (g, new Init(seed: 3).Normal([B, Width], 1))]);
        return (both[0].Item(), both[1].Item());
    }

    // The squares of normal numbers spread by sqrt(2), those of numbers after relu by sqrt(5): a layer's mean square is off by 1 +- sqrt(5 / Width) = 1 +- 0.07 and that of
    // ten layers by 1 +- 0.22; a factor of 2 is three times that.
    private const double Low = 0.5, High = 2;

    private static readonly Layer s_linear = Of("linear", x => x);

    [Test]
    public void Xavier_keeps_the_variance_through_ten_linear_layers_both_ways()
    {
        foreach (Func<Init, Shape, NDArray> first in (Func<Init, Shape, NDArray>[])[(init, shape) => init.XavierNormal(shape), (init, shape) => init.XavierUniform(shape)])
        {
            (double forward, double backward) = ThroughTenLayers(s_linear, first);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(forward, Is.InRange(Low, High));
                Assert.That(backward, Is.InRange(Low, High));
            }
        }
    }

    [Test]
    public void He_keeps_it_through_ten_relus_both_ways()
    {
        foreach (Func<Init, Shape, NDArray> first in (Func<Init, Shape, NDArray>[])[(init, shape) => init.HeNormal(shape), (init, shape) => init.HeUniform(shape)])
        {
            (double forward, double backward) = ThroughTenLayers(Relu, first);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(forward, Is.InRange(Low, High));
                Assert.That(backward, Is.InRange(Low, High));
            }
        }
    }

    [Test]
    public void Under_relu_Xavier_loses_half_at_each_layer() =>
        Assert.That(ThroughTenLayers(Relu, (init, shape) => init.XavierNormal(shape)).Forward * Math.Pow(2, Depth), Is.InRange(Low, High));

    [Test]
    public void Weights_of_0_01_let_the_signal_fade()
    {
        // 1000 * 0.0001 = 0.1 a layer.
        double forward = ThroughTenLayers(s_linear, (init, shape) => init.Normal(shape, 0.01f)).Forward;
        Assert.That(forward / Math.Pow(0.1, Depth), Is.InRange(Low, High));
    }
}
