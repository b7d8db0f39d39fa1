// What the bench does on a real GPU, on a simulated one with a clock of the test's own.
using System.Text.Json;
using MiniDL.Bench.Kernels;
using MiniDL.Bench.Programs;
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Tests;

[TestFixture]
public sealed class DeviceMeterTests
{
    private readonly ToyLadder _toy = new();

    [Test]
    public void The_time_is_the_median_of_repeats_behind_the_warm_ups()
    {
        using var gpu = new ClockedGpu([100, 100, 5, 1, 3]);
        using IGpuStream stream = gpu.CreateStream();
        using var clock = new DeviceClock(gpu, new RepeatPolicy(WarmUps: 2, Fewest: 3, Most: 3, EnoughMs: 0));
        Assert.That(clock.MedianMicroseconds(stream, () => { }), Is.EqualTo(3000));
    }

    [TestCase(0.001, 101)]
    [TestCase(10, 30)]
    [TestCase(200, 11)]
    public void Short_work_is_repeated_more_often(double milliseconds, int repeats)
    {
        using var gpu = new ClockedGpu([milliseconds]);
        using IGpuStream stream = gpu.CreateStream();
        using var clock = new DeviceClock(gpu, RepeatPolicy.Usual with { WarmUps = 0 });
        int calls = 0;
        clock.MedianMicroseconds(stream, () => calls++);
        Assert.That(calls, Is.EqualTo(repeats));
    }

    /// <summary>Twice the second-level cache is filled before the first mark, and nothing but the rung stands between the marks.</summary>
    [Test]
    public void Each_repeat_begins_with_cold_caches()
    {
        using var gpu = new ClockedGpu([0.5]);
        using var meter = new DeviceMeter(gpu, Nvrtc.Required());
        meter.Measure(_toy, [_toy.Right], _toy.OfSize(4096), _ => { });
        string[] repeats = [.. gpu.Diary.SkipWhile(entry => !entry.StartsWith("fill", StringComparison.Ordinal))];
        Assert.That(repeats, Has.Length.EqualTo(4 * 4), "a warm-up and three repeats");
        foreach (string[] repeat in repeats.Chunk(4)) Assert.That(repeat, Is.EqualTo(new[] { $"fill {2 * KnownGpus.A100.L2Bytes}", "record", "graph", "record" }));
    }

    [Test]
    public void Wrong_rungs_are_not_timed()
    {
        using var meter = new DeviceMeter(new ClockedGpu([0.5]), Nvrtc.Required());
        IReadOnlyList<RungResult> results = meter.Measure(_toy, [_toy.Right, _toy.WrongAtTheEnd, _toy.WrongWhenLarge, _toy.ForLaterGpus], _toy.OfSize(4096), _ => { });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.Select(result => result.Measurements.Count), Is.EqualTo(new[] { 1, 0, 0, 0 }));
            Assert.That(results[0].Measurements[0].Microseconds, Is.EqualTo(500));
            Assert.That(results[0].Measurements[0].IsEstimate, Is.False);
            Assert.That(results[1].Wrong, Does.Contain("y[332] of 333 is -1"));
            Assert.That(results[2].Wrong, Does.StartWith("at 4096: y[3000] is ").And.EndWith($"the first rung says {2 * ProblemArray.Whole(3000)}"));
            Assert.That(results[3].Wrong, Is.Null);
        }
    }

    [Test]
    public void A_rung_that_stops_the_gpu_is_named()
    {
        using var meter = new DeviceMeter(new ClockedGpu([0.5]), Nvrtc.Required());
        string message = Assert.Throws<BenchmarkException>(() => meter.Measure(_toy, [_toy.BesideTheArray], _toy.OfSize(4097), _ => { })).Message;
        Assert.That(message, Does.StartWith("toy, rung 3 (toy/03_beside_the_array.cu) stopped the GPU: ").And.Contain("--device sim"));
    }

    /// <summary>float32 takes 0.25 ms, TF32 0.125 ms, the rung 0.5 ms: each is asked four times.</summary>
    [Test]
    public void Products_are_compared_with_cuBLAS_in_both_precisions()
    {
        Ladder sgemm = LadderList.Find("sgemm").Single();
        var gpu = new ClockedGpu([.. Enumerable.Repeat(0.25, 4), .. Enumerable.Repeat(0.125, 4), .. Enumerable.Repeat(0.5, 4)]);
        using var meter = new DeviceMeter(gpu, Nvrtc.Required());
        RungResult result = meter.Measure(sgemm, [sgemm.Rungs[0]], sgemm.OfSize(64), _ => { })[0];
        using JsonDocument line = SimulatedMeterTests.Json(result);
        JsonElement measured = line.RootElement.GetProperty("measured");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(gpu.Diary.Where(entry => entry.StartsWith("gemm", StringComparison.Ordinal)).Distinct(), Is.EqualTo(new[] { "gemm Float32", "gemm TensorFloat32" }));
            Assert.That(measured.GetProperty("percent_of_cublas").GetDouble(), Is.EqualTo(50));
            Assert.That(measured.GetProperty("percent_of_cublas_tf32").GetDouble(), Is.EqualTo(25));
            Assert.That(measured.GetProperty("gflops").GetDouble(), Is.EqualTo(Math.Round(2.0 * 64 * 64 * 64 / 500e3, 4)));
            Assert.That(line.RootElement.TryGetProperty("counters", out _), Is.False);
            Assert.That(KernelTables.Of([result], meter.Gpus).Single().Headings, Does.Contain("% cuBLAS").And.Contain("% TF32").And.Not.Contain("limiter"));
        }
    }

    /// <summary>The call means what the rung computes: run once on the same arrays, it gives what the reference says.</summary>
    [Test]
    public void The_baseline_computes_the_same_product()
    {
        Ladder sgemm = LadderList.Find("sgemm").Single();
        Problem problem = sgemm.Checks.MaxBy(check => check["M"] != check["N"] ? check["K"] : 0)!;
        using var gpu = new ClockedGpu([1]);
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, problem);
        gpu.Gemm(CuBlasBaseline.CallOf(placed, GemmCompute.Float32), placed.Stream);
        Assert.That(placed.WrongResult(), Is.Null, problem.Size);
    }

    [Test]
    public void A_simulated_driver_is_told_as_one()
    {
        using var meter = new DeviceMeter(new ClockedGpu([1]), Nvrtc.Required());
        Assert.That(meter.IsSimulated, Is.True);
        Assert.That(meter.Note, Does.Contain("times below mean NOTHING"));
    }
}
