// Rungs on the simulated GPU: what they do is counted, and their time estimated.
//
// Each rung first runs at small sizes with all checks on, then once at the size, for each GPU that is asked for: the cache's share of a block, the registers and the blocks of a
// wave are that GPU's. The one thing to understand: a large problem is sampled. Of each launch as many blocks run as the device would hold at once, and counts are scaled up.
using System.Globalization;
using System.Runtime.ExceptionServices;
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Ladders;
using MiniDL.Simulator;

namespace MiniDL.Bench.Kernels;

/// <summary>Measures by counting.</summary>
/// <param name="compiler">Compiles kernels.</param>
/// <param name="gpus">What the simulator stands for, one after the other.</param>
internal sealed class SimulatedMeter(IKernelCompiler compiler, IReadOnlyList<GpuProperties> gpus) : IMeter
{
    private const double MostFlops = 2.0 * 1024 * 1024 * 1024, MostBytes = 512 << 20;   // a product of 1,024 a side; 64 million elements read and written

    public IReadOnlyList<GpuProperties> Gpus => gpus;

    public string Note => $"simulated: {string.Join(" and ", gpus.Select(Described))}. Counters are exact, times are estimates: good for comparing rungs on one GPU.";

    /// <summary>True if a problem is so large that one wave of each launch must do.</summary>
    public static bool Samples(Problem problem) => problem.Flops > MostFlops || problem.MinimumBytes > MostBytes;

    public IReadOnlyList<RungResult> Measure(Ladder ladder, IReadOnlyList<Rung> rungs, Problem problem, Action<int> done)
    {
        string?[] wrong = WrongOnes(ladder, rungs);
        List<RungMeasurement>[] measured = [.. rungs.Select(_ => new List<RungMeasurement>())];
        for (int g = 0; g < gpus.Count; g++)
        {
            Rung[] able = [.. rungs.Where((rung, i) => wrong[i] is null && CanRun(gpus[g], rung))];
            using var counted = new CountingRun(compiler, gpus[g], problem, able);
            for (int i = 0; i < rungs.Count; i++)
            {
                if (able.Contains(rungs[i]))
                {
                    try
                    {
                        measured[i].Add(counted.Measure(ladder, rungs[i]));
                    }
                    catch (GpuException failure)
                    {
                        wrong[i] = $"at {problem.Size}: {failure.Message}";
                        counted.Renew();
                    }
                }
                done((g * rungs.Count + i + 1) / gpus.Count);
            }
        }
        return [.. rungs.Select((rung, i) => new RungResult(ladder, rung, problem, wrong[i], wrong[i] is null ? measured[i] : []))];
    }

    private static bool CanRun(GpuProperties gpu, Rung rung) => gpu.Capability.CompareTo(rung.Needs) >= 0;

    /// <summary>What is wrong with each rung, several at a time: with checks on, the simulator runs on one thread.</summary>
    private string?[] WrongOnes(Ladder ladder, IReadOnlyList<Rung> rungs)
    {
        var wrong = new string?[rungs.Count];
        try
        {
            Parallel.For(0, rungs.Count, i => wrong[i] = Wrong(ladder, rungs[i]));
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);   // a kernel that does not compile
        }
        return wrong;
    }

    /// <summary>The first thing that is wrong at small sizes, on the first GPU that can run the rung.</summary>
    private string? Wrong(Ladder ladder, Rung rung)
    {
        if (gpus.FirstOrDefault(gpu => CanRun(gpu, rung)) is not { } able) return null;
        using var gpu = new SimulatedGpu(new SimulatorOptions { Properties = able, Checks = CheckKinds.All });
        using var kernels = new LoadedKernels(gpu, compiler);
        return RungCheck.Wrong(gpu, kernels, ladder, rung);
    }

    private static string Described(GpuProperties gpu) =>
        string.Create(CultureInfo.InvariantCulture, $"{gpu.Name} ({gpu.Multiprocessors} SMs, {gpu.ClockMHz} MHz, {Multiprocessor.PeakTeraFlops(gpu):0.0} TFLOP/s, {gpu.MemoryGBPerSecond:#,0} GB/s)");

    public void Dispose()
    {
    }

    /// <summary>One GPU with the arrays of one problem, which all rungs share: filling them takes longer than many a run.</summary>
    private sealed class CountingRun : IDisposable
    {
        private readonly IKernelCompiler _compiler;
        private readonly GpuProperties _properties;
        private readonly Problem _problem;
        private SimulatedGpu _gpu;
        private LoadedKernels _kernels;
        private PlacedProblem _placed;

        public CountingRun(IKernelCompiler compiler, GpuProperties properties, Problem problem, IReadOnlyList<Rung> rungs)
        {
            (_compiler, _properties, _problem) = (compiler, properties, problem);
            (_gpu, _kernels, _placed) = Make();
            _kernels.Load([.. rungs.SelectMany(rung => rung.Plan(problem).Launches).Select(launch => launch.Source).Distinct()]);   // at once: they compile side by side
        }

        /// <summary>Runs a rung once.</summary>
        /// <exception cref="GpuException">A kernel failed; the GPU must be renewed.</exception>
        public RungMeasurement Measure(Ladder ladder, Rung rung)
        {
            RungPlan plan = rung.Plan(_problem);
            _gpu.ResetReports();
            _placed.Run(plan);
            LaunchMeasurement[] launches = [.. plan.Launches.Zip(_gpu.Reports, (launch, report) => LaunchMeasurement.Of(launch, _kernels.Compiled(launch.Source), _properties, report))];
            return new RungMeasurement(ladder, rung, _problem, _properties, launches.Sum(launch => launch.Estimate!.Microseconds), launches);
        }

        /// <summary>A new GPU: one that had an error does nothing any more.</summary>
        public void Renew()
        {
            Dispose();
            (_gpu, _kernels, _placed) = Make();
        }

        public void Dispose()
        {
            _placed.Dispose();
            _kernels.Dispose();
            _gpu.Dispose();
        }

        private (SimulatedGpu, LoadedKernels, PlacedProblem) Make()
        {
            var gpu = new SimulatedGpu(new SimulatorOptions { Properties = _properties, Counting = Counting.WithCaches, SampledWaves = Samples(_problem) ? 1 : 0 });
            var kernels = new LoadedKernels(gpu, _compiler);
            return (gpu, kernels, new PlacedProblem(gpu, kernels, _problem));
        }
    }
}
