// What the headers of the transposes promise, counted.
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;
using MiniDL.Simulator.Counters;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class TransposeCounterTests
{
    private readonly TransposeLadder _ladder = new();

    /// <summary>Lanes that run along rows touch 4 sectors of 32 bytes, down a column 32; with vectors of four elements 16, all of them used.</summary>
    [TestCase(1, 4, 32)]
    [TestCase(2, 32, 4)]
    [TestCase(3, 4, 4)]
    [TestCase(4, 4, 4)]
    [TestCase(5, 4, 4)]
    [TestCase(6, 4, 4)]
    [TestCase(7, 16, 16)]
    [TestCase(8, 16, 16)]
    public void Sectors_of_a_request(int rung, int load, int store)
    {
        KernelCounters counters = Run(rung, _ladder.OfSize(128)).Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.GlobalLoads.SectorsPerRequest, Is.EqualTo(load));
            Assert.That(counters.GlobalStores.SectorsPerRequest, Is.EqualTo(store));
            Assert.That(counters.GlobalLoads.Efficiency, Is.EqualTo(rung == 2 ? 0.125 : 1));
            Assert.That(counters.GlobalStores.Efficiency, Is.EqualTo(rung == 1 ? 0.125 : 1));
        }
    }

    [Test]
    public void A_column_of_an_unpadded_tile_lies_in_one_bank()
    {
        AccessCounts stores = Run(3, _ladder.OfSize(128)).Counters.SharedStores;
        Assert.That(stores.BankConflicts, Is.EqualTo(31 * stores.Requests));
    }

    [TestCase(4)]
    [TestCase(5)]
    [TestCase(6)]
    [TestCase(7)]
    [TestCase(8)]
    public void Padding_and_swizzling_end_the_conflicts(int rung)
    {
        KernelCounters counters = Run(rung, _ladder.OfSize(128)).Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.BankConflicts, Is.Zero);
            Assert.That(counters.SharedLoads.Requests, Is.GreaterThan(0));
        }
    }

    [Test]
    public void A_swizzle_needs_no_memory()
    {
        Problem problem = _ladder.OfSize(64);
        Assert.That((Run(3, problem).SharedBytes, Run(4, problem).SharedBytes, Run(5, problem).SharedBytes), Is.EqualTo((4096, 4096 + 32 * 4, 4096)));
    }

    /// <summary>Down the columns of x, eight warps of a block read the same sectors; seven find them in the first-level cache, if that can hold them.</summary>
    [Test]
    public void A_cache_mends_bad_reads_but_not_bad_writes()
    {
        Problem problem = _ladder.OfSize(136);
        long sectors = 136 * 136 / 8;
        KernelCounters reads = Run(1, problem).Counters, writes = Run(2, problem).Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((reads.SecondLevelReadSectors, reads.SecondLevelWrittenSectors), Is.EqualTo((sectors, 8 * sectors)));
            Assert.That((writes.SecondLevelReadSectors, writes.SecondLevelWrittenSectors), Is.EqualTo((sectors, sectors)));
        }
    }

    [Test]
    public void A_warp_waits_once_for_four_rows()
    {
        Problem problem = _ladder.OfSize(128);
        KernelCounters swizzled = Run(5, problem).Counters, rows = Run(6, problem).Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(rows.GlobalLoads.Requests, Is.EqualTo(swizzled.GlobalLoads.Requests));
            Assert.That(rows.LoadWaits, Is.EqualTo(swizzled.LoadWaits / 4));
            Assert.That(rows.WarpInstructions, Is.LessThan(0.6 * swizzled.WarpInstructions));
        }
    }

    [Test]
    public void Vectors_take_a_third_of_the_instructions()
    {
        Problem problem = _ladder.OfSize(128);
        Assert.That(Run(7, problem).Counters.WarpInstructions, Is.LessThan(Run(6, problem).Counters.WarpInstructions / 3.0));
    }

    /// <summary>2000 x 10: with a tile as wide as the matrix every request is full. With square tiles each row of y is a request for 40 bytes.</summary>
    [Test]
    public void A_narrow_matrix_wants_a_narrow_tile()
    {
        Problem problem = TransposeLadder.Of(TransposeSizes.Of(1, 2000, 10));
        AccessCounts square = Run(6, problem).Counters.GlobalStores, fitted = Run(8, problem).Counters.GlobalStores;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((square.Requests, square.Efficiency), Is.EqualTo((2000, 0.625)));
            Assert.That((fitted.Requests, fitted.SectorsPerRequest, fitted.Efficiency), Is.EqualTo((2000 * 10 / 32, 4, 1)));
        }
    }

    /// <summary>From the tile on, every rung moves what a copy moves, and the padded ones are limited by nothing else.</summary>
    [Test]
    public void The_padded_tile_is_limited_by_memory_and_the_conflicts_by_banks()
    {
        Problem problem = _ladder.OfSize(1024);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Run(3, problem).Estimate(KnownGpus.A100).Limiter, Is.EqualTo("shared memory"));
            foreach (int rung in new[] { 4, 5, 6, 7, 8 }) Assert.That(Run(rung, problem).Estimate(KnownGpus.A100).Limiter, Is.EqualTo("DRAM bytes"), $"rung {rung}");
        }
    }

    private LaunchReport Run(int rung, Problem problem)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.WithCaches });
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, problem);
        placed.Run(_ladder.Rungs[rung - 1].Plan(problem));
        return gpu.Reports.Single();
    }
}
