using static MiniDL.Layer;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Training.Layers;

/// <summary>y = x + F(x): the gradient reaches x whatever F does.</summary>
[TestFixture]
public sealed class ResidualTests
{
    private const int Depth = 50, Features = 8;

    // Weights so small that a layer lets next to nothing through.
    private static Layer Faint => Sequential(Dense(Features, first: (init, shape) => init.Normal(shape, 1e-3f)), Tanh);

    private static double[] GradientOfInput(Layer net)
    {
        Model model = Nets.Model(net, [Features]);
        Tensor x = Nets.Batch(model);
        using Device device = Device.Cpu(threads: 1);
        return Run(device, [T.Grad(T.Sum(model.Train(x).Output), x)], [(x, new Init(seed: 2).Normal([3, Features], 1))])[0].Doubles();
    }

    [Test]
    public void A_block_that_does_nothing_passes_the_gradient_on_exactly() =>
        Assert.That(GradientOfInput(Residual(Dense(Features, first: (_, shape) => NDArray.Zeros(shape)))), Is.All.EqualTo(1));

    [Test]
    public void Through_fifty_blocks_the_gradient_arrives_undiminished_and_through_fifty_layers_not_at_all()
    {
        double[] around = GradientOfInput(Sequential([.. Enumerable.Repeat(Residual(Faint), Depth)])), through = GradientOfInput(Sequential([.. Enumerable.Repeat(Faint, Depth)]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(around, Is.All.InRange(0.8, 1.25));
            Assert.That(through.Select(Math.Abs), Is.All.LessThan(1e-30));
        }
    }

    [Test]
    public void A_projection_takes_the_place_of_x_where_the_shape_changes()
    {
        Model model = Nets.Model(Residual(Conv2D(2, 3, stride: 2, padding: 1), Conv2D(2, 1, stride: 2, bias: false)), [1, 4, 4]);
        model.Set("residual.conv2d.filters", new float[18]);
        model.Set("residual.conv2d.bias", 100, 200);
        model.Set("residual.conv2d_2.filters", 1, 10);
        // Every second pixel, times 1 and times 10.
        Assert.That(model.Used(Counting([1, 1, 4, 4])).Doubles(), Is.EqualTo(new double[] { 100, 102, 108, 110, 200, 220, 280, 300 }));
    }

    [Test]
    public void Two_sides_of_different_shapes_are_refused_with_both() =>
        Assert.That(() => Nets.Model(Sequential(Relu, Residual(Dense(5))), [4]),
            Throws.TypeOf<GraphException>().With.Message.Contains("layer residual").And.Message.Contains("(?, 5)").And.Message.Contains("(?, 4)").And.Message.Contains("projection"));
}
