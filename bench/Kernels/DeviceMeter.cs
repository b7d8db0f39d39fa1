// Rungs on a real GPU: correctness, agreement, then time by CUDA events.
//
// A repeat is: the second-level cache flushed (a buffer of twice its size is filled), a mark, the rung's launches as one captured graph, a mark. The fill keeps the GPU busy while the
// host asks for the rest, so that the time between the marks is the GPU's alone. The one thing to understand: every repeat begins with cold caches, for every rung and for
// cuBLAS alike; a problem that would fit the cache is not measured as if it always lay there.
using System.Globalization;
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Kernels;

/// <summary>Measures by running.</summary>
internal sealed class DeviceMeter : IMeter
{
    private readonly IGpu _gpu;
    private readonly LoadedKernels _kernels;
    private readonly DeviceClock _clock;

    /// <summary>Takes a GPU, which it disposes of.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="compiler">Compiles kernels for it.</param>
    public DeviceMeter(IGpu gpu, IKernelCompiler compiler)
    {
        _gpu = gpu;
        _kernels = new LoadedKernels(gpu, compiler);
        IsSimulated = gpu.Properties.IsSimulated || gpu.Properties.Name.EndsWith("(simulated)", StringComparison.Ordinal);
        _clock = new DeviceClock(gpu, IsSimulated ? new RepeatPolicy(WarmUps: 1, Fewest: 3, Most: 3, EnoughMs: 0) : RepeatPolicy.Usual);
    }

    /// <summary>True if the simulator poses as a driver: everything works, and no time means anything.</summary>
    public bool IsSimulated { get; }

    public IReadOnlyList<GpuProperties> Gpus => [_gpu.Properties];

    public string Note
    {
        get
        {
            GpuProperties gpu = _gpu.Properties;
            string limits = string.Create(CultureInfo.InvariantCulture,
                $"{gpu.Name}: {gpu.Multiprocessors} SMs, {gpu.ClockMHz} MHz, {Multiprocessor.PeakTeraFlops(gpu):0.0} TFLOP/s, {gpu.MemoryGBPerSecond:#,0} GB/s, {gpu.L2Bytes >> 20} MB second-level cache");
            return IsSimulated ? $"{limits}\nnote: this GPU is simulated; the times below mean NOTHING. Without --device cuda they are estimated."
                : $"{limits}\nThe clock is the highest that the driver tells; what the card runs at depends on heat and power. To hold it: nvidia-smi --lock-gpu-clocks.";
        }
    }

    public IReadOnlyList<RungResult> Measure(Ladder ladder, IReadOnlyList<Rung> rungs, Problem problem, Action<int> done)
    {
        // Small and ragged first.
        Rung[] able = [.. rungs.Where(CanRun)];
        Dictionary<Rung, string> wrong = [];
        foreach (Rung rung in able)
            if (Guarded(ladder, rung, () => RungCheck.Wrong(_gpu, _kernels, ladder, rung)) is { } difference) wrong[rung] = difference;

        // At the size, all must agree with the first rung, which is the simplest.
        using var placed = new PlacedProblem(_gpu, _kernels, problem);
        Rung first = ladder.Rungs.First(CanRun);
        IReadOnlyDictionary<string, double[]> expected = Outputs(placed, ladder, first);
        foreach (Rung rung in able.Where(rung => rung != first && !wrong.ContainsKey(rung)))
            if (RungCheck.Disagreement(problem, expected, Outputs(placed, ladder, rung)) is { } difference) wrong[rung] = difference;

        placed.Reset();
        (double? cuBlas, double? tf32) = new CuBlasBaseline(_gpu, _clock).Microseconds(ladder, placed);
        var results = new List<RungResult>();
        foreach (Rung rung in rungs)
        {
            string? itsWrong = wrong.GetValueOrDefault(rung);
            bool measures = itsWrong is null && able.Contains(rung);
            results.Add(new RungResult(ladder, rung, problem, itsWrong, measures ? [Time(ladder, rung, placed) with { CuBlasMicroseconds = cuBlas, CuBlasTf32Microseconds = tf32 }] : []));
            done(results.Count);
        }
        return results;
    }

    private bool CanRun(Rung rung) => _gpu.Properties.Capability.CompareTo(rung.Needs) >= 0;

    private RungMeasurement Time(Ladder ladder, Rung rung, PlacedProblem placed) => Guarded(ladder, rung, () =>
    {
        RungPlan plan = rung.Plan(placed.Problem);
        placed.Run(plan);   // compiles, loads and allocates what it needs, which a capture forbids

        // One call for all launches, as the executor replays a step. What is read and written grows from run to run, to infinity at last; nobody looks at it.
        _gpu.BeginCapture(placed.Stream);
        placed.Launch(plan);
        using IGpuGraph graph = _gpu.EndCapture(placed.Stream);
        double microseconds = _clock.MedianMicroseconds(placed.Stream, () => _gpu.Launch(graph, placed.Stream));
        return new RungMeasurement(ladder, rung, placed.Problem, _gpu.Properties, microseconds,
            [.. plan.Launches.Select(launch => LaunchMeasurement.Of(launch, _kernels.Compiled(launch.Source), _gpu.Properties, report: null))]);
    });

    private Dictionary<string, double[]> Outputs(PlacedProblem placed, Ladder ladder, Rung rung) => Guarded(ladder, rung, () =>
    {
        placed.Reset();
        placed.Run(rung.Plan(placed.Problem));
        return placed.Problem.Arrays.Where(array => array.Role != ArrayRole.Input).ToDictionary(array => array.Name, array => placed.Read(array.Name));
    });

    /// <summary>A kernel that fails takes the device's context with it: nothing more can be measured.</summary>
    private static TResult Guarded<TResult>(Ladder ladder, Rung rung, Func<TResult> action)
    {
        try
        {
            return action();
        }
        catch (GpuException failure)
        {
            throw new Programs.BenchmarkException($"{ladder.Name}, rung {rung.Number} ({rung.File}) stopped the GPU: {failure.Message}\nFind the line on the simulator: bench -- kernels --ladder {ladder.Name} --rung {rung.Number} --device sim");
        }
    }

    public void Dispose()
    {
        _clock.Dispose();
        _kernels.Dispose();
        _gpu.Dispose();
    }
}
