using static MiniDL.T;

namespace MiniDL.Tests.Gradients;

/// <summary>A node that is used twice gets both shares of its gradient exactly once.</summary>
[TestFixture]
public sealed class SharedNodeTests
{
    [Test]
    public void The_gradient_of_a_square_of_exp_counts_the_shared_node_once()
    {
        // z = exp(x), y = z * z = exp(2x); dy/dx = 2 exp(2x); at x = 0.5 that is 2e = 5.43656. Counting z twice gives 10.873.
        Tensor x = Scalar("x"), z = Exp(x), y = z * z;
        using Device device = Device.Cpu(2);
        using Function f = Function([x], Grad(y, x), device: device);
        Assert.That(f.Run(0.5f).Scalar(), Is.EqualTo(5.43656f).Within(1e-4f));
    }

    [Test]
    public void A_mean_of_a_softmax_cross_entropy_has_the_gradient_probabilities_minus_targets()
    {
        // dcost/dz = (softmax(z) - t) / B. For z = (0, 0), t = (1, 0), B = 1: (-0.5, 0.5).
        Tensor z = Matrix("z"), t = Matrix("t");
        Tensor e = Exp(z - Max(z, 1, keepDims: true));
        Tensor p = e / DimShuffle(Sum(e, 1), [0, -1]);
        Tensor cost = Mean(-Sum(t * Log(p), 1));
        using Device device = Device.Cpu(2);
        using Function f = Function([z, t], Grad(cost, z), device: device);
        NDArray g = f.Eval(NDArray.From([0f, 0f], [1, 2]), NDArray.From([1f, 0f], [1, 2]))[0];
        Assert.That(g.Span<float>().ToArray(), Is.EqualTo(new[] { -0.5f, 0.5f }).Within(1e-6f));
        Assert.That(f.Explain(), Does.Contain("log_softmax"));
    }
}
