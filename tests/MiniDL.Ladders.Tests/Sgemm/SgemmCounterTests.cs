// What the headers of kernels/sgemm promise of the counters of rungs 1 to 7, for a product of whole tiles; of later ones BestRungTests has some.
//
// A warp's multiply-add is 32 of the M N K. With beta = 0 C is not read, so that loads are of A and B alone.
using MiniDL.Cuda;
using MiniDL.Simulator;
using MiniDL.Simulator.Counters;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class SgemmCounterTests
{
    private const int Side = 256;
    private const double WarpMultiplyAdds = (double)Side * Side * Side / 32;
    private SimulatedGpu _gpu = null!;
    private LoadedKernels _kernels = null!;

    [OneTimeSetUp]
    public void MakeGpu() => (_gpu, _kernels) = MakePair();

    [OneTimeTearDown]
    public void DisposeGpu()
    {
        _kernels?.Dispose();
        _gpu?.Dispose();
    }

    [Test]
    public void Lanes_along_a_row_touch_fewer_sectors_than_lanes_along_a_column()
    {
        AccessCounts naive = Count(1).GlobalLoads, coalesced = Count(2).GlobalLoads;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(naive.SectorsPerRequest, Is.EqualTo(16.5), "32 sectors of A, 1 of B");
            Assert.That(coalesced.SectorsPerRequest, Is.EqualTo(2.5), "1 sector of A, 4 of B");
            Assert.That(coalesced.Requests, Is.EqualTo(naive.Requests));
        }
    }

    [Test]
    public void A_tile_in_shared_memory_asks_global_memory_32_times_less() => Assert.That(Count(2).GlobalLoads.Requests, Is.EqualTo(32 * Count(3).GlobalLoads.Requests));

    /// <summary>4 M N K (1 / BM + 1 / BN).</summary>
    [TestCase(3, 32)]
    [TestCase(4, 64)]
    [TestCase(5, 128)]
    [TestCase(6, 128)]
    [TestCase(7, 128)]
    public void A_tile_twice_as_wide_halves_what_comes_from_global_memory(int rung, int tile)
    {
        AccessCounts loads = Count(rung).GlobalLoads;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(loads.MovedBytes, Is.EqualTo(4L * Side * Side * Side * 2 / tile));
            Assert.That(loads.Efficiency, Is.EqualTo(1));
        }
    }

    /// <summary>The loads of shared memory for each multiply-add, in wavefronts: 2; 9 / 8; (8 * 2 + 8 * 4) / 64; (2 * 2 + 2 * 8) / 64; (2 * 2 + 2 * 4) / 64; (2 * 2 + 2 * 2) / 64.
    /// A float4 load takes 4 wavefronts, 2 if lanes in pairs want the same, and twice 4 with the conflicts of rung 6.</summary>
    [TestCase(3, 2)]
    [TestCase(4, 1.125)]
    [TestCase(5, 0.75)]
    [TestCase(6, 0.3125)]
    [TestCase(7, 0.1875)]
    public void Each_rung_takes_fewer_wavefronts_of_shared_memory_for_a_multiply_add(int rung, double wavefronts) =>
        Assert.That(Count(rung).SharedLoads.Wavefronts / WarpMultiplyAdds, Is.EqualTo(wavefronts));

    [Test]
    public void Vectors_of_four_make_a_quarter_of_the_requests()
    {
        KernelCounters scalar = Count(5), vectors = Count(6);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(scalar.GlobalLoads.Requests, Is.EqualTo(4 * vectors.GlobalLoads.Requests));
            Assert.That(scalar.GlobalStores.Requests, Is.EqualTo(4 * vectors.GlobalStores.Requests));
            Assert.That(scalar.SharedLoads.Requests, Is.EqualTo(4 * vectors.SharedLoads.Requests));
            Assert.That(vectors.GlobalLoads.SectorsPerRequest, Is.EqualTo(16));
        }
    }

    /// <summary>Also where nothing is aligned, and A is stored word by word.</summary>
    [Test]
    public void The_last_of_seven_has_no_bank_conflicts()
    {
        KernelCounters before = Count(6), after = Count(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before.SharedLoads.BankConflicts, Is.EqualTo(before.SharedLoads.Wavefronts * 2 / 5), "both float4 of Bs are asked for twice");
            Assert.That(before.SharedStores.BankConflicts, Is.Positive, "even and odd lanes meet when As is stored");
            Assert.That(after.BankConflicts, Is.Zero);
            Assert.That(Count(7, offset: 1).BankConflicts, Is.Zero);
            Assert.That(before.GlobalStores.SectorsPerRequest, Is.EqualTo(32));
            Assert.That(after.GlobalStores.SectorsPerRequest, Is.EqualTo(16), "and lanes store neighbours");
        }
    }

    [Test]
    public void Multiply_adds_are_three_quarters_and_then_nine_tenths_of_the_instructions()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Share(Count(4)), Is.InRange(0.3, 0.45));
            Assert.That(Share(Count(5)), Is.InRange(0.7, 0.8));
            Assert.That(Share(Count(7)), Is.GreaterThan(0.88));
        }

        static double Share(KernelCounters counters) => WarpMultiplyAdds / counters.WarpInstructions;
    }

    private KernelCounters Count(int rung, int offset = 0)
    {
        var ladder = new SgemmLadder();
        using var placed = new PlacedProblem(_gpu, _kernels, SgemmLadder.Of(Side, Side, Side, beta: 0) with { Offset = offset });
        _gpu.ResetReports();
        placed.Run(ladder.Rungs[rung - 1].Plan(placed.Problem));
        return _gpu.Reports.Single().Counters;
    }

    private static (SimulatedGpu Gpu, LoadedKernels Kernels) MakePair()
    {
        var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.On });
        return (gpu, new LoadedKernels(gpu, Nvrtc.Required()));
    }
}
