// A rung, or a function of the public API, run on a simulated A100 that counts: the reports of its launches.
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;
using MiniDL.Simulator.Counters;

namespace MiniDL.Ladders.Tests;

/// <summary>Launches and what they did.</summary>
internal sealed class Counted
{
    private readonly IReadOnlyList<LaunchReport> _reports;

    private Counted(IReadOnlyList<LaunchReport> reports)
    {
        _reports = reports;
        foreach (LaunchReport report in reports) Counters.Add(report.Counters);
    }

    /// <summary>Runs rung number so-and-so of a ladder.</summary>
    public static Counted Rung(string ladder, int number, Problem problem)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.WithCaches });
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, problem);
        placed.Run(LadderList.Find(ladder)[0].Rungs[number - 1].Plan(problem));
        return new Counted([.. gpu.Reports]);
    }

    /// <summary>Compiles a function for the device and runs it once.</summary>
    public static Counted Function(Func<Device, Function> compile, params NDArray[] inputs)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.WithCaches });
        using var device = new CudaDevice(gpu, Nvrtc.Required(), new CudaOptions());
        using Function function = compile(device);
        function.Run(inputs);
        return new Counted([.. gpu.Reports]);
    }

    public int Launches => _reports.Count;

    public long Blocks => _reports.Sum(report => report.Shape.Grid.Count);

    /// <summary>Of all launches together.</summary>
    public KernelCounters Counters { get; } = new();

    /// <summary>Instructions of single threads for each element: warp instructions, of 32 threads each.</summary>
    public double InstructionsPerElement(int elements) => 32.0 * Counters.WarpInstructions / elements;

    /// <summary>Estimated for an A100.</summary>
    public double Microseconds => _reports.Sum(report => report.Estimate(KnownGpus.A100).Microseconds);

    /// <summary>What limits the first launch, by the estimate.</summary>
    public string Limiter => _reports[0].Estimate(KnownGpus.A100).Limiter;
}
