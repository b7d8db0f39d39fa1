// What the headers of kernels/reduce promise, read off the counters of the simulated GPU.
using MiniDL.Cuda;
using MiniDL.Cuda.Tests;
using MiniDL.Gpu;
using MiniDL.Simulator;
using static MiniDL.T;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class ReduceRungTests
{
    private static readonly ReduceLadder s_ladder = new();
    private IReadOnlyList<CountedRung> _rungs = [];

    private CountedRung this[int number] => _rungs[number - 1];

    [OneTimeSetUp]
    public void Count() => _rungs = CountedRungs.Of(s_ladder, s_ladder.OfSize(1 << 19));

    [Test]
    public void Warps_part_at_every_third_branch_until_threads_without_a_gap_do_the_work()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(this[1].Counters.BranchUniformity, Is.EqualTo(2.0 / 3).Within(0.01));
            Assert.That(this[2].Counters.BranchUniformity, Is.GreaterThan(0.95));
            Assert.That(this[1].Counters.ThreadsPerInstruction, Is.LessThan(24));
            Assert.That(this[2].Counters.ThreadsPerInstruction, Is.GreaterThan(30));
        }
    }

    [Test]
    public void Seven_of_ten_wavefronts_are_conflicts_until_neighbours_work_on_neighbours()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(this[2].Counters.BankConflicts, Is.EqualTo(0.7 * this[2].Counters.SharedWavefronts).Within(1).Percent);
            Assert.That(_rungs.Where(rung => rung != this[2]).Select(rung => rung.Counters.BankConflicts), Is.All.Zero);
        }
    }

    [Test]
    public void Instructions_fall_with_every_rung_but_the_sixth_which_trades_them_for_barriers()
    {
        int[] expected = [127, 100, 80, 45, 22, 32];
        double[] few = [.. _rungs.Select(rung => rung.InstructionsPerWarpOfElements)];
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < expected.Length; i++) Assert.That(few[i], Is.EqualTo(expected[i]).Within(1), $"rung {i + 1}");
            Assert.That(few[6], Is.LessThan(0.4 * few[5]));
            Assert.That(few[7], Is.LessThan(0.75 * few[6]));
        }
    }

    [Test]
    public void A_warp_arrives_at_eight_barriers_then_three_then_one() =>
        Assert.That(_rungs.Select(rung => (double)rung.Launches[0].Counters.Barriers / (rung.Launches[0].Shape.Grid.X * 8)), Is.EqualTo(new double[] { 8, 8, 8, 8, 3, 1, 1, 1 }));

    [Test]
    public void Float4_takes_sixteen_sectors_a_load_and_a_quarter_of_the_loads()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_rungs.SkipLast(1).Select(rung => rung.Launches[0].Counters.GlobalLoads.SectorsPerRequest), Is.All.EqualTo(4));
            Assert.That(this[8].Launches[0].Counters.GlobalLoads.SectorsPerRequest, Is.EqualTo(16));
            Assert.That(this[8].Launches[0].Counters.GlobalLoads.Requests * 4, Is.EqualTo(this[7].Launches[0].Counters.GlobalLoads.Requests));
        }
    }

    [Test]
    public void Parts_need_two_launches_and_hardly_a_byte_more_than_x()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_rungs.Select(rung => rung.Launches.Count), Is.EqualTo(new[] { 3, 3, 3, 3, 3, 3, 2, 2 }));
            Assert.That(this[3].Moved, Is.GreaterThan(1.03));
            Assert.That(this[8].Moved, Is.LessThan(1.003));
        }
    }

    /// <summary>But the sixth, which gives five barriers for ten more instructions: an estimate by limits sees the instructions.</summary>
    [Test]
    public void No_rung_but_the_sixth_is_estimated_slower_than_the_one_before()
    {
        double[] microseconds = [.. _rungs.Select(rung => rung.Launches[0].Estimate(KnownGpus.A100).Microseconds)];
        using (Assert.EnterMultipleScope())
        {
            foreach (int i in new[] { 1, 2, 3, 4, 6, 7 }) Assert.That(microseconds[i], Is.LessThanOrEqualTo(1.001 * microseconds[i - 1]), $"rung {i + 1}");
        }
    }

    /// <summary>Fractions, whose sums do depend on the order of additions.</summary>
    [Test]
    public void The_bits_are_the_same_in_whatever_order_blocks_and_warps_run()
    {
        Problem problem = CountedRungs.OfFractions(ReduceLadder.Of(70_001));
        int[][] natural = CountedRungs.Bits(s_ladder, problem, "y", seed: 0), other = CountedRungs.Bits(s_ladder, problem, "y", seed: 7);
        Assert.That(other, Is.EqualTo(natural));
        Assert.That(natural.Select(bits => bits[0]).Distinct().Count(), Is.GreaterThan(1), "rungs add in different orders");
    }

    [Test]
    public void The_executor_runs_the_best_rung()
    {
        const int n = 1 << 19;
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.On });
        using var device = new CudaDevice(gpu, Nvrtc.Required(), new CudaOptions());
        Tensor x = Input([512, 1024], "x");
        using Function sum = T.Function([x], Sum(x), device: device);
        sum.Run(NDArray.Zeros([512, 1024])).Scalar();
        LaunchReport[] launches = [.. gpu.Reports.Take(2)];   // a copy of the result follows
        CountedRung best = this[s_ladder.Best.Number];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(best.Problem["N"], Is.EqualTo(n));
            Assert.That(launches.Select(report => (report.Kernel, report.Shape)), Is.EqualTo(best.Launches.Select(report => (report.Kernel, report.Shape))));
            Assert.That(launches.Select(report => report.Counters.GlobalLoads.Sectors), Is.EqualTo(best.Launches.Select(report => report.Counters.GlobalLoads.Sectors)));
            Assert.That(launches.Select(report => report.Counters.WarpInstructions), Is.EqualTo(best.Launches.Select(report => report.Counters.WarpInstructions)));
        }
    }
}
