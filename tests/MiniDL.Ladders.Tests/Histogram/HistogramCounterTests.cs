// What the headers of the histograms promise, counted: 32,768 values in two blocks, so 1024 requests of 32 values.
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;
using MiniDL.Simulator.Counters;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class HistogramCounterTests
{
    private const int N = 32_768, Bins = 256, Requests = N / 32, Blocks = 2;
    private readonly HistogramLadder _ladder = new(equal: false);

    /// <summary>32 of 256 bins chosen at random lie in 32 (1 - (31/32)^32) = 20.4 of 32 sectors; equal ones in one, where 32 additions are to one word.</summary>
    [Test]
    public void Global_atomics_touch_the_sectors_of_their_bins()
    {
        AccessCounts spread = Run(1, equal: false).Counters.GlobalAtomics, equal = Run(1, equal: true).Counters.GlobalAtomics;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((spread.Requests, equal.Requests), Is.EqualTo((Requests, Requests)));
            Assert.That(spread.SectorsPerRequest, Is.EqualTo(32 * (1 - Math.Pow(31 / 32.0, 32))).Within(0.3));
            Assert.That((equal.Sectors, equal.UniqueBytes), Is.EqualTo((Requests, 4 * Requests)));
        }
    }

    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    [TestCase(5)]
    public void A_block_adds_each_of_its_bins_to_the_global_ones_once(int rung)
    {
        KernelCounters counters = Run(rung, equal: false).Counters;
        Assert.That((counters.GlobalAtomics.Requests, counters.SharedAtomics.Requests), Is.EqualTo((Blocks * Bins / 32, Requests)));
    }

    /// <summary>Of 32 random words some lie in one bank. A copy for each warp changes nothing about that, a copy for each lane everything.</summary>
    [TestCase(2, true)]
    [TestCase(3, true)]
    [TestCase(4, true)]
    [TestCase(5, false)]
    [TestCase(6, false)]
    public void Wavefronts_of_a_shared_atomic(int rung, bool random)
    {
        AccessCounts atomics = Run(rung, equal: false).Counters.SharedAtomics;
        Assert.That((double)atomics.Wavefronts / atomics.Requests, random ? Is.EqualTo(FullestBank()).Within(0.05) : Is.EqualTo(1));
    }

    /// <summary>The mean over many throws of the most different words in one bank, of 32 words chosen among 256: 3.16.</summary>
    private static double FullestBank()
    {
        const int Throws = 20_000;
        var random = new Random(1);
        double sum = 0;
        for (int i = 0; i < Throws; i++) sum += Enumerable.Range(0, 32).Select(_ => random.Next(Bins)).Distinct().GroupBy(word => word % 32).Max(bank => bank.Count());
        return sum / Throws;
    }

    [Test]
    public void A_copy_for_each_warp_has_the_same_conflicts() =>
        Assert.That(Run(4, equal: false).Counters.SharedAtomics, Is.EqualTo(Run(3, equal: false).Counters.SharedAtomics));

    /// <summary>With a copy for each lane what is counted is of no consequence. Without, the simulator counts one wavefront where all lanes want one word, as for a load.</summary>
    [TestCase(3, false)]
    [TestCase(5, true)]
    public void Lane_copies_cost_the_same_for_any_values(int rung, bool same)
    {
        AccessCounts spread = Run(rung, equal: false).Counters.SharedAtomics, equal = Run(rung, equal: true).Counters.SharedAtomics;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(equal.Wavefronts, Is.EqualTo(Requests));
            Assert.That(spread == equal, Is.EqualTo(same));
        }
    }

    [Test]
    public void Adding_up_the_copies_meets_no_bank_twice()
    {
        foreach (int rung in new[] { 4, 5, 6 }) Assert.That(Run(rung, equal: false).Counters.SharedLoads.BankConflicts, Is.Zero, $"rung {rung}");
    }

    [Test]
    public void Vectors_ask_for_16_sectors_and_wait_a_64th_as_often()
    {
        KernelCounters shared = Run(2, equal: false).Counters, vectors = Run(3, equal: false).Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((shared.GlobalLoads.SectorsPerRequest, vectors.GlobalLoads.SectorsPerRequest), Is.EqualTo((1, 16)));
            Assert.That((shared.LoadWaits, vectors.LoadWaits), Is.EqualTo((Requests, Requests / 64)));
            Assert.That(vectors.WarpInstructions, Is.LessThan(shared.WarpInstructions));
        }
    }

    [Test]
    public void Two_passes_need_no_global_atomics()
    {
        LaunchReport[] passes = RunAll(6, equal: false);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(passes.Sum(pass => pass.Counters.GlobalAtomics.Requests), Is.Zero);
            Assert.That(passes, Has.Length.EqualTo(2));
            Assert.That(passes[1].Counters.GlobalLoads.SectorsPerRequest, Is.EqualTo(4));
        }
    }

    private LaunchReport Run(int rung, bool equal) => RunAll(rung, equal)[0];

    private LaunchReport[] RunAll(int rung, bool equal)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.WithCaches });
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, HistogramLadder.Of(N, Bins, equal));
        placed.Run(_ladder.Rungs[rung - 1].Plan(placed.Problem));
        return [.. gpu.Reports];
    }
}
