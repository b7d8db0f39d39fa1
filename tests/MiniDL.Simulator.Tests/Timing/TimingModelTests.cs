// Estimates worked out by hand: each limiter, waves, occupancy, and what the caches save.
using MiniDL.Gpu;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Timing;

namespace MiniDL.Simulator.Tests.Timing;

[TestFixture]
public sealed unsafe class TimingModelTests
{
    private static readonly LaunchShape Shape = new(new Dim3(108 * 8), new Dim3(256));

    [Test]
    public void A_copy_is_limited_by_DRAM()
    {
        // 8 blocks of 8 warps on each of 108 SMs: one wave. Each warp reads 10 and writes 10 times 128 bytes: 6,912 * 20 * 128 = 17,694,720 bytes, at 1,555 GB/s 11.38 us.
        KernelCounters counters = Streaming(readsPerWarp: 10, writesPerWarp: 10, warps: 6912);
        TimeEstimate estimate = TimingModel.Estimate(counters, Shape, registers: 32, sharedBytes: 0, KnownGpus.A100);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(estimate.Limiter, Is.EqualTo("DRAM bytes"));
            Assert.That(estimate.Waves, Is.EqualTo(1));
            Assert.That(estimate.Microseconds, Is.EqualTo(3 + 17_694_720 / 1555e3).Within(1e-6));
            Assert.That(estimate.ToString(), Does.Contain("estimated on A100").And.Contain("limited by DRAM bytes"));
        }
    }

    [Test]
    public void Float32_has_64_lanes_on_8_0_and_128_on_8_9()
    {
        // 6,912 warps of 10,000 fma: 64 warps an SM, 32 lanes each, at 64 lanes a clock 320,000 clocks; at 1,410 MHz 226.95 us.
        KernelCounters counters = new();
        counters.AddInstruction(InstructionClass.Float32, 6912 * 10_000, 6912 * 10_000 * 32L, 2);
        TimeEstimate a100 = TimingModel.Estimate(counters, Shape, 32, 0, KnownGpus.A100);
        Assert.That(a100.Limiter, Is.EqualTo("float32"));
        Assert.That(a100.Microseconds, Is.EqualTo(3 + 320_000 / 1410.0).Within(1e-6));

        // On an RTX 4090 6 blocks of 256 threads fit an SM: 128 * 6 = 768 blocks in the first wave, 96 in the second, one for each of 96 SMs.
        // 48 and 8 warps * 10,000 * 32 / 128 = 120,000 and 20,000 clocks. Issue has the same: 4 warp instructions a clock are 128 lanes.
        TimeEstimate ada = TimingModel.Estimate(counters, Shape, 32, 0, KnownGpus.Rtx4090);
        Assert.That(ada.Limiter, Is.EqualTo("float32").Or.EqualTo("instruction issue"));
        Assert.That(ada.Microseconds, Is.EqualTo(3 + 140_000 / 2520.0).Within(1e-6));
    }

    [Test]
    public void Bank_conflicts_can_be_the_limiter()
    {
        KernelCounters counters = new();
        counters.AddInstruction(InstructionClass.SharedMemory, 6912, 6912 * 32, 0);
        counters.AddAccesses(AccessKind.SharedLoad, new AccessCounts { Requests = 6912, Wavefronts = 32 * 6912, IdealWavefronts = 6912 });
        TimeEstimate estimate = TimingModel.Estimate(counters, Shape, 32, 0, KnownGpus.A100);
        Assert.That(estimate.Limiter, Is.EqualTo("shared memory"));
        Assert.That(estimate.Terms[0].Microseconds, Is.EqualTo(64 * 32 / 1410.0).Within(1e-9), "64 warps of an SM, 32 wavefronts each, one a clock");
    }

    [Test]
    public void Low_occupancy_lets_latency_show()
    {
        // Each warp reads 4 bytes once and waits 400 clocks for DRAM, beside its own work of a quarter of a clock, a sector. With 255 registers one block of 256 threads fits an SM: 8 waves instead of 1.
        KernelCounters counters = new();
        counters.AddAccesses(AccessKind.GlobalLoad, new AccessCounts { Requests = 6912, Sectors = 6912, UniqueBytes = 6912 * 4 });
        counters.AddLoadWaits(6912, meanwhile: 0);
        TimeEstimate many = TimingModel.Estimate(counters, Shape, registers: 32, 0, KnownGpus.A100), few = TimingModel.Estimate(counters, Shape, registers: 255, 0, KnownGpus.A100);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(many.Limiter, Is.EqualTo("memory latency"));
            Assert.That(many.Terms[0].Microseconds, Is.EqualTo(400.25 / 1410).Within(1e-9));
            Assert.That(few.Terms[0].Microseconds, Is.EqualTo(8 * 400.25 / 1410).Within(1e-9));
            Assert.That(few.Occupancy.Warps, Is.EqualTo(8));
        }
    }

    /// <summary>One block of 8 warps an SM, each of which loads 10 times, waits at a barrier, and does 1,000 instructions between: alone on its SM a block can do nothing while it waits.</summary>
    [TestCase(0, 20_000 + 10 * 400)]
    [TestCase(100, 20_000 + 10 * (400 - 200))]      // a tenth of the 1,000 instructions, 200 of 2,000 clocks, needs no load
    [TestCase(500, 20_000)]
    public void A_block_that_waits_at_a_barrier_has_its_own_work_to_do_besides(int meanwhile, int clocks)
    {
        KernelCounters counters = new();
        const long warps = 108 * 8;
        counters.AddInstruction(InstructionClass.Integer, warps * 10_000 / 2, warps * 10_000 / 2 * 32, 0);
        counters.AddInstruction(InstructionClass.Control, warps * 10_000 / 2, warps * 10_000 / 2 * 32, 0);
        counters.AddBarriers(warps * 10);
        counters.AddLoadWaits(warps * 10, warps * 10 * meanwhile);
        TimeEstimate estimate = TimingModel.Estimate(counters, new LaunchShape(new Dim3(108), new Dim3(256)), registers: 255, 0, KnownGpus.A100);
        Assert.That(estimate.Terms.Single(term => term.Name == "memory latency").Microseconds, Is.EqualTo(clocks / 1410.0).Within(1e-6));
    }

    [Test]
    public void Tensor_cores_have_a_rate_of_their_own()
    {
        // 108 SMs with a million TF32 multiply-adds each, at 512 a clock.
        KernelCounters counters = new();
        counters.AddTensorProducts(108 * 1_000_000L);
        TimeEstimate estimate = TimingModel.Estimate(counters, new LaunchShape(new Dim3(108), new Dim3(128)), 32, 0, KnownGpus.A100);
        Assert.That(estimate.Limiter, Is.EqualTo("tensor cores"));
        Assert.That(estimate.Microseconds, Is.EqualTo(3 + 1_000_000 / 512.0 / 1410).Within(1e-6));
    }

    /// <summary>Published figures of dense TF32, in TFLOP/s: two operations a multiply-add. The H100's is of a clock of 1,830 MHz.</summary>
    [TestCase("a100", 156, 0)]
    [TestCase("3090", 35.6, 0)]
    [TestCase("4090", 82.6, 0)]
    [TestCase("h100", 494.7, 1830)]
    public void Tensor_cores_are_as_fast_as_published(string name, double published, int clockMHz)
    {
        GpuProperties gpu = KnownGpus.Find(name);
        double teraFlops = 2e-6 * HardwareRates.Of(gpu).Tensor * gpu.Multiprocessors * (clockMHz > 0 ? clockMHz : gpu.ClockMHz);
        Assert.That(teraFlops, Is.EqualTo(published).Within(0.5).Percent);
    }

    [Test]
    public void A_cache_saves_what_later_waves_read_again_as_far_as_it_fits()
    {
        // 1,000 different sectors, read by ten waves.
        KernelCounters counters = Repeated(sectors: 1000, times: 10, i => i);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(DramModel.Bytes(counters, cacheBytes: 32_000).Read, Is.EqualTo(32_000), "the footprint fits: each sector comes once");
            Assert.That(DramModel.Bytes(counters, cacheBytes: 8_000).Read, Is.EqualTo(32_000 + 288_000 * 0.75), "a quarter of the repeated reads hits");
            Assert.That(DramModel.Bytes(counters, cacheBytes: 0).Read, Is.EqualTo(320_000));
        }
    }

    [Test]
    public void Blocks_of_a_wave_share_what_they_read()
    {
        // The same by ten blocks that run side by side: each sector comes once, however small the cache.
        KernelCounters counters = Repeated(sectors: 1000, times: 10, _ => 0);
        Assert.That(DramModel.Bytes(counters, cacheBytes: 8_000).Read, Is.EqualTo(32_000));
    }

    [Test]
    public void A_sampled_launch_says_so() =>
        Assert.That(TimingModel.Estimate(Streaming(1, 1, 64).Sampled(0.5), Shape, 32, 0, KnownGpus.H100).ToString(), Does.Contain("(sampled)"));

    [Test]
    public void What_does_not_fit_or_is_not_told_is_an_error()
    {
        Assert.Throws<ArgumentException>(() => TimingModel.Estimate(new KernelCounters(), Shape, 32, sharedBytes: 200 * 1024, KnownGpus.A100));
        Assert.Throws<ArgumentException>(() => TimingModel.Estimate(new KernelCounters(), Shape, 32, 0, KnownGpus.A100 with { ClockMHz = 0 }));
    }

    [Test]
    public void All_known_GPUs_have_an_estimate()
    {
        KernelCounters counters = Streaming(10, 10, 6912);
        foreach (GpuProperties gpu in KnownGpus.All)
            Assert.That(TimingModel.Estimate(counters, Shape, 32, 0, gpu).Microseconds, Is.EqualTo(3 + 17_694_720 / (gpu.MemoryGBPerSecond * 1e3)).Within(1e-3), gpu.Name);
    }

    /// <summary>Warps that read and write different sectors, followed to the second level.</summary>
    private static KernelCounters Streaming(int readsPerWarp, int writesPerWarp, int warps)
    {
        KernelCounters counters = new();
        Traffic traffic = new(1024);
        ulong* addresses = stackalloc ulong[32];
        ulong next = 0;
        for (int i = 0; i < warps * (readsPerWarp + writesPerWarp); i++)
        {
            for (int lane = 0; lane < 32; lane++) addresses[lane] = next + 4 * (ulong)lane;
            AccessKind kind = i < warps * readsPerWarp ? AccessKind.GlobalLoad : AccessKind.GlobalStore;
            traffic.Request(kind, addresses, uint.MaxValue, 4, 4);
            counters.AddAccesses(kind, new AccessCounts { Requests = 1, Sectors = 4, UniqueBytes = 128 });
            next += 128;
        }
        counters.SetTraffic(traffic);
        return counters;
    }

    private static KernelCounters Repeated(int sectors, int times, Func<int, long> waveOf)
    {
        KernelCounters counters = new();
        Traffic traffic = new(512);
        ulong* addresses = stackalloc ulong[32];
        for (int time = 0; time < times; time++)
        {
            traffic.BeginBlock(waveOf(time));
            for (int i = 0; i < sectors; i++)
            {
                addresses[0] = 32 * (ulong)i;
                traffic.Request(AccessKind.GlobalLoad, addresses, 1, 4, 1);
            }
        }
        counters.SetTraffic(traffic);
        return counters;
    }
}
