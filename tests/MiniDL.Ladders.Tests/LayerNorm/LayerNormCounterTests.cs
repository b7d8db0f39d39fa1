// What the headers of the layer norm rungs promise, in counters.
using MiniDL.Gpu;
using MiniDL.Simulator;
using MiniDL.Simulator.Counters;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class LayerNormCounterTests
{
    private readonly Ladder _forward = new LayerNormLadder(), _backward = new LayerNormBackwardLadder();

    [Test]
    public void Forward_reads_x_three_times_then_twice_then_once()
    {
        IReadOnlyList<CountedRows> rungs = CountedRows.All(_forward, LayerNormProblem.Plain(256, 1024));
        using (Assert.EnterMultipleScope())
        {
            // x, y, and gamma and beta, which are asked for as often as y.
            Assert.That(rungs.Skip(1).Take(4).Select(rung => Math.Round(rung.BytesOverMinimum, 1)), Is.EqualTo(new[] { 3, 2.5, 2, 2 }));
            Assert.That(rungs[0].Counters.GlobalStores.SectorsPerRequest, Is.GreaterThan(31));
            Assert.That(rungs[1].Counters.GlobalLoads.SectorsPerRequest, Is.EqualTo(4).Within(0.1));
            Assert.That(rungs[4].Requests, Is.LessThan(0.3 * rungs[3].Requests), "float4");
            Assert.That(rungs.Select(rung => rung.BarriersPerWarp).Take(5), Is.EqualTo(new[] { 0, 2, 1, 0, 0 }));
            Assert.That(rungs.Sum(rung => rung.Counters.BankConflicts), Is.Zero);
        }
    }

    [Test]
    public void Welford_pays_in_instructions_what_registers_give_for_nothing()
    {
        Problem problem = LayerNormProblem.Plain(64, 1024);
        double block = Instructions(1), welford = Instructions(2), warp = Instructions(3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(welford, Is.GreaterThan(1.3 * block));
            Assert.That(warp, Is.LessThan(0.3 * block));
        }

        double Instructions(int rung) => CountedRows.Of(_forward.Rungs[rung], problem).InstructionsPer32;
    }

    [Test]
    public void Strips_read_gamma_and_beta_once_for_sixteen_rows()
    {
        Problem problem = LayerNormProblem.Plain(16 * 1024, 128);
        Assert.That(CountedRows.Of(_forward.Rungs[4], problem).BytesOverMinimum, Is.EqualTo(2.05).Within(0.1));
        Assert.That(CountedRows.Of(_forward.Rungs[5], problem).BytesOverMinimum, Is.EqualTo(1.1).Within(0.1));
    }

    [Test]
    public void Backward_by_strips_asks_for_half_the_bytes()
    {
        IReadOnlyList<CountedRows> rungs = CountedRows.All(_backward, LayerNormBackwardProblem.Of(8192, 128));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(rungs[0].BytesOverMinimum, Is.GreaterThan(10), "rows by threads");
            Assert.That(rungs.Skip(1).Take(2).Select(rung => rung.BytesOverMinimum), Is.All.InRange(2, 2.5), "x and g read twice");
            Assert.That(rungs[3].BytesOverMinimum, Is.InRange(1, 1.2), "once");
        }
    }

    [Test]
    public void Column_sums_by_a_thread_each_wait_for_memory_most_of_the_time()
    {
        Problem problem = LayerNormBackwardProblem.Of(8192, 128);
        LaunchReport columns = CountedRows.Of(_backward.Rungs[1], problem).Reports[1];
        CountedRows parts = CountedRows.Of(_backward.Rungs[2], problem);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(columns.Shape.Grid.Count, Is.EqualTo(1), "128 columns");
            Assert.That(columns.Estimate(KnownGpus.A100).Limiter, Is.EqualTo("memory latency"));
            Assert.That(parts.Reports[1].Shape.Grid.Count, Is.EqualTo(4 * 128), "32 columns, 64 rows");
            Assert.That(parts.Microseconds, Is.LessThan(0.2 * columns.Estimate(KnownGpus.A100).Microseconds));
        }
    }
}
