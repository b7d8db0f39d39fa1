// Counters of kernels that run, against values worked out by hand.
using MiniDL.Gpu;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Tests.Counters;

[TestFixture]
public sealed class LaunchReportTests
{
    private static Simulation Counting(string fixture, Counting how = Simulator.Counting.On) => Simulation.OfFixture(fixture, new SimulatorOptions { Threads = 2, Counting = how });

    private static KernelCounters Run(string kernel, int blocks, int threads, Func<Simulation, Argument[]> arguments)
    {
        using Simulation gpu = Counting("counters");
        gpu.Run(kernel, blocks, threads, arguments(gpu));
        return gpu.Gpu.Reports.Single().Counters;
    }

    // 4 blocks of 2 warps: 8 requests. A warp's 32 floats span 32 * 4 * stride bytes.
    [TestCase(1, 0, 8 * 4, 1.0, Description = "128 bytes: 4 sectors, all used")]
    [TestCase(2, 0, 8 * 8, 0.5, Description = "256 bytes: 8 sectors, every second word used")]
    [TestCase(8, 0, 8 * 32, 0.125, Description = "a sector for each lane, of which 4 of 32 bytes are used")]
    [TestCase(32, 0, 8 * 32, 0.125, Description = "no more than a sector for each lane")]
    [TestCase(1, 1, 8 * 5, 0.8, Description = "misaligned by 4 bytes: touches a fifth sector")]
    [TestCase(0, 5, 8 * 1, 0.125, Description = "one word for all lanes: one sector")]
    public void Sectors_of_a_strided_load(int stride, int offset, long sectors, double efficiency)
    {
        KernelCounters counters = Run("strided", 4, 64, gpu => [gpu.Zeros<float>(256 * 32 + 8), gpu.Zeros<float>(256), stride, offset]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.GlobalLoads.Requests, Is.EqualTo(8));
            Assert.That(counters.GlobalLoads.Sectors, Is.EqualTo(sectors));
            Assert.That(counters.GlobalLoads.Efficiency, Is.EqualTo(efficiency));
            Assert.That(counters.GlobalStores.Sectors, Is.EqualTo(8 * 4));
        }
    }

    [Test]
    public void A_load_of_four_floats_a_lane_is_one_request_of_sixteen_sectors()
    {
        KernelCounters counters = Run("vectors", 2, 64, gpu => [gpu.Zeros<float>(512), gpu.Zeros<float>(512)]);
        Assert.That(counters.GlobalLoads, Is.EqualTo(new AccessCounts { Requests = 4, Sectors = 64, UniqueBytes = 4 * 512 }));
    }

    [TestCase(1, 1)]
    [TestCase(2, 2)]
    [TestCase(32, 32)]
    [TestCase(33, 1, Description = "padding by one word: all banks differ")]
    [TestCase(0, 1, Description = "a broadcast")]
    public void Wavefronts_of_shared_memory(int stride, long wavefronts)
    {
        KernelCounters counters = Run("banks", 1, 32, gpu => [gpu.Zeros<float>(32), stride]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.SharedLoads.Wavefronts, Is.EqualTo(wavefronts));
            Assert.That(counters.SharedStores.Wavefronts, Is.EqualTo(wavefronts));
            Assert.That(counters.BankConflicts, Is.EqualTo(2 * (wavefronts - 1)));
            Assert.That(counters.Barriers, Is.EqualTo(1));
        }
    }

    [Test]
    public void Four_words_a_lane_take_four_wavefronts_and_conflict_nowhere()
    {
        KernelCounters counters = Run("wide_banks", 1, 32, gpu => [gpu.Zeros<float>(128)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.SharedLoads.Wavefronts, Is.EqualTo(4));
            Assert.That(counters.BankConflicts, Is.Zero);
        }
    }

    [Test]
    public void Instructions_and_operations()
    {
        // 2 warps. Each: 6 up to the first branch, 4 up to the second, 1 in front of the loop, 2 turns of 7, 2 behind it, 10 at the end.
        // Of each of 64 threads: 8 fused multiply-adds, 2 additions.
        KernelCounters counters = Run("arithmetic", 1, 64, gpu => [gpu.Zeros<float>(64), 8]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.WarpInstructions, Is.EqualTo(2 * (6 + 4 + 1 + 14 + 2 + 10)));
            Assert.That(counters.ThreadInstructions, Is.EqualTo(32 * counters.WarpInstructions));
            Assert.That(counters.Flops, Is.EqualTo(64 * (8 * 2 + 2)));
            Assert.That(counters.Of(InstructionClass.Float32), Is.EqualTo(2 * (8 + 2)));
            Assert.That(counters.Branches, Is.EqualTo(2 * (1 + 1 + 2 + 1)));
            Assert.That(counters.DivergentBranches, Is.Zero);
        }
    }

    [Test]
    public void A_warp_whose_lanes_part_has_fewer_active_threads()
    {
        using Simulation gpu = Counting("diverge");
        gpu.Run("collatz", 1, 32, gpu.Upload([.. Enumerable.Range(1, 32)]), gpu.Zeros<int>(32), 32);
        KernelCounters counters = gpu.Gpu.Reports[0].Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.DivergentBranches, Is.GreaterThan(10));
            Assert.That(counters.ThreadsPerInstruction, Is.InRange(3, 25));
        }
    }

    [Test]
    public void Counts_do_not_depend_on_the_number_of_threads()
    {
        long[] Counts(int threads)
        {
            using Simulation gpu = Simulation.OfFixture("reduce", new SimulatorOptions { Threads = threads, Counting = Simulator.Counting.WithCaches });
            gpu.Run("reduce", 7, 96, gpu.Zeros<float>(3000), gpu.Zeros<float>(7), 3000);
            KernelCounters c = gpu.Gpu.Reports[0].Counters;
            return [c.WarpInstructions, c.ThreadInstructions, c.Flops, c.Branches, c.DivergentBranches, c.GlobalLoads.Sectors, c.SharedWavefronts, c.SecondLevelReadSectors, c.FootprintReadSectors];
        }
        Assert.That(Counts(2), Is.EqualTo(Counts(1)));
    }

    /// <summary>Two waves of 3,456 blocks, of which one runs. All read the same 32 bytes, and they stay 32 bytes.</summary>
    [Test]
    public void A_sampled_launch_shares_what_its_blocks_share()
    {
        using Simulation gpu = Simulation.OfBody("ld.global.u32 %r1, [%rd0]; st.global.u32 [%rd0+32], %r1;",
            new SimulatorOptions { Threads = 1, Counting = Simulator.Counting.WithCaches, SampledWaves = 1 });
        gpu.Run("k", 6912, 32, gpu.Zeros<uint>(16));
        KernelCounters counters = gpu.Gpu.Reports[0].Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((counters.SampledFraction, counters.Waves), Is.EqualTo((0.5, 2)));
            Assert.That((counters.SecondLevelReads!.Value.OfBlocks, counters.SecondLevelReads.Value.OfWaves), Is.EqualTo((6912, 2)));
            Assert.That((counters.FootprintReadSectors, counters.FootprintWrittenSectors, counters.FootprintSectors), Is.EqualTo((2, 2, 2)), "no more than 64 bytes are there");
        }
    }

    [Test]
    public void The_footprint_is_what_a_kernel_reads_at_least()
    {
        using Simulation gpu = Counting("counters", Simulator.Counting.WithCaches);
        gpu.Run("strided", 4, 64, gpu.Zeros<float>(300), gpu.Zeros<float>(256), 0, 5);
        KernelCounters counters = gpu.Gpu.Reports[0].Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.FootprintReadSectors, Is.EqualTo(1));
            Assert.That(counters.FootprintWrittenSectors, Is.EqualTo(32));
            Assert.That(counters.SecondLevelReadSectors, Is.EqualTo(4), "once for each block: its first-level cache begins empty");
        }
    }

    [Test]
    public void Source_lines_have_counts_of_their_own()
    {
        using Simulation gpu = Counting("counters");
        gpu.Run("banks", 1, 32, gpu.Zeros<float>(32), 32);
        LineCounts store = gpu.Gpu.Reports[0].Lines().Single(line => line.Line == 17), load = gpu.Gpu.Reports[0].Lines().Single(line => line.Line == 19);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(store.File, Is.EqualTo("counters.cu"));
            Assert.That(store.Accesses.Wavefronts, Is.EqualTo(32));
            Assert.That(load.Accesses, Is.EqualTo(new AccessCounts { Requests = 2, Wavefronts = 32, IdealWavefronts = 1, Sectors = 4, UniqueBytes = 128 }));
            Assert.That(gpu.Gpu.Reports[0].Listing("\n\n"), Does.Contain("banks, 1 blocks of 32 threads"));
        }
    }

    [Test]
    public void A_page_for_people()
    {
        using Simulation gpu = Counting("counters", Simulator.Counting.WithCaches);
        gpu.Run("strided", 4, 64, gpu.Zeros<float>(600), gpu.Zeros<float>(256), 2, 0);
        string page = gpu.Gpu.Reports[0].ToString();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(page, Does.StartWith("strided: grid 4, blocks of 64 threads"));
            Assert.That(page, Does.Contain("8   requests, 64 sectors, 8.0 a request, 50.0% of their bytes used"));
            Assert.That(page, Does.Contain($"{32 * (64 + 32):#,0}   bytes;"), "64 sectors are read, 32 written");
            Assert.That(page, Does.Not.Contain("SAMPLED"));
        }
    }

    [Test]
    public void A_sample_of_whole_waves_is_scaled_up_and_marked()
    {
        // Two SMs that hold 16 blocks of 128 threads each: a wave is 32 blocks, the grid has 10 waves and 5 blocks. Waves 0, 3 and 6 are run.
        GpuProperties small = KnownGpus.A100 with { Multiprocessors = 2 };
        using Simulation gpu = Simulation.OfFixture("vector_add", new SimulatorOptions { Threads = 2, Properties = small, Counting = Simulator.Counting.On, SampledWaves = 3 });
        const int n = 325 * 128;
        Numbers<float> c = gpu.Zeros<float>(n);
        gpu.Run("vector_add", 325, 128, gpu.Upload(Enumerable.Repeat(1f, n).ToArray()), gpu.Zeros<float>(n), c, n);
        LaunchReport report = gpu.Gpu.Reports[0];
        int[] ran = [.. c.Read().Chunk(32 * 128).Select((wave, i) => (wave, i)).Where(w => w.wave[0] == 1).Select(w => w.i)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ran, Is.EqualTo(new[] { 0, 3, 6 }));
            Assert.That(report.Counters.SampledFraction, Is.EqualTo(96.0 / 325));
            Assert.That(report.Counters.Flops, Is.EqualTo(n), "every block does the same, so that scaling gives the whole");
            Assert.That(report.Counters.GlobalStores.Sectors, Is.EqualTo(n / 8));
            Assert.That(report.ToString(), Does.Contain("SAMPLED: 29.54%"));
            Assert.That(report.Estimate(small).ToString(), Does.Contain("(sampled)"));
        }
    }

    [Test]
    public void A_launch_that_is_small_enough_is_not_sampled()
    {
        using Simulation gpu = Simulation.OfFixture("vector_add", new SimulatorOptions { Counting = Simulator.Counting.On, SampledWaves = 1 });
        gpu.Run("vector_add", 8, 128, gpu.Zeros<float>(1000), gpu.Zeros<float>(1000), gpu.Zeros<float>(1000), 1000);
        Assert.That(gpu.Gpu.Reports[0].Counters.IsSampled, Is.False);
    }

    [Test]
    public void Reports_are_kept_until_they_are_reset()
    {
        using Simulation gpu = Counting("counters");
        for (int i = 0; i < 3; i++) gpu.Run("banks", 1, 32, gpu.Zeros<float>(32), 1);
        int before = gpu.Gpu.Reports.Count;
        gpu.Gpu.ResetReports();
        Assert.That((before, gpu.Gpu.Reports.Count), Is.EqualTo((3, 0)));
    }
}
