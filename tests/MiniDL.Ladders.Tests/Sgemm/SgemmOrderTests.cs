// The estimate against a published ladder: the simulator never saw an RTX 3090, so that its order of the rungs agrees with a real one's is a claim worth a test.
//
// The figures are those of the first ladder of products published for that GPU (S. Boehm's scheme), in TFLOP/s. Only the order counts: the estimate knows limits, not clocks.
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class SgemmOrderTests
{
    private static readonly (int Rung, double TeraFlops)[] s_published = [(1, 0.28), (2, 1.7), (3, 2.7), (4, 8.9), (5, 13), (6, 19.7), (8, 20.2)];

    /// <summary>One wave of blocks of each rung is simulated. The figures are for about 4096; half of that takes half the time and comes to the same order.</summary>
    [TestCase(2048)]
    [TestCase(4096, Category = "Long")]
    public void The_estimate_orders_the_rungs_as_a_published_ladder_on_an_RTX_3090(int n)
    {
        var ladder = new SgemmLadder();
        (int Rung, double TeraFlops)[] published = [.. s_published.Where(one => one.Rung <= ladder.Rungs.Count)];
        Assert.That(published, Has.Length.AtLeast(6), "too few rungs for an order to mean much");

        double[] estimated = EstimatedTeraFlops(ladder.OfSize(n), published.Select(one => ladder.Rungs[one.Rung - 1]));
        foreach (((int rung, double measured), double estimate) in published.Zip(estimated))
            TestContext.Out.WriteLine($"{ladder.Rungs[rung - 1].Stem,-24} published {measured,5:0.00} TFLOP/s, estimated {estimate,5:0.00}");
        Assert.That(Spearman([.. published.Select(one => one.TeraFlops)], estimated), Is.AtLeast(0.9));
    }

    [Test]
    public void Rank_correlation_is_1_for_the_same_order_and_falls_with_each_exchange()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Spearman([1, 2, 3, 4, 5, 6, 7], [10, 20, 40, 80, 81, 82, 1000]), Is.EqualTo(1).Within(1e-12));
            Assert.That(Spearman([1, 2, 3, 4, 5, 6, 7], [10, 40, 20, 80, 81, 82, 1000]), Is.EqualTo(1 - 6.0 * 2 / (7 * 48)).Within(1e-12));
            Assert.That(Spearman([1, 2, 3], [3, 2, 1]), Is.EqualTo(-1).Within(1e-12));
            Assert.That(Spearman([1, 2, 3], [5, 5, 5]), Is.NaN, "no order at all");
        }
    }

    private static double[] EstimatedTeraFlops(Problem problem, IEnumerable<Rung> rungs)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Properties = KnownGpus.Rtx3090, Counting = Counting.WithCaches, SampledWaves = 1 });
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, problem);
        return [.. rungs.Select(rung =>
        {
            gpu.ResetReports();
            placed.Run(rung.Plan(problem));
            return problem.Flops / gpu.Reports.Sum(report => report.Estimate(KnownGpus.Rtx3090).Microseconds) / 1e6;
        })];
    }

    /// <summary>Spearman's rank correlation: Pearson's of the ranks. Equal values share the mean of their ranks.</summary>
    private static double Spearman(double[] x, double[] y)
    {
        double[] ranksX = [.. x.Select(value => Rank(value, x))], ranksY = [.. y.Select(value => Rank(value, y))];
        double meanX = ranksX.Average(), meanY = ranksY.Average();
        double Sum(double[] one, double meanOne, double[] other, double meanOther) => one.Zip(other, (a, b) => (a - meanOne) * (b - meanOther)).Sum();
        return Sum(ranksX, meanX, ranksY, meanY) / Math.Sqrt(Sum(ranksX, meanX, ranksX, meanX) * Sum(ranksY, meanY, ranksY, meanY));
    }

    private static double Rank(double value, double[] among) => among.Count(other => other < value) + (among.Count(other => other.Equals(value)) - 1) / 2.0;
}
