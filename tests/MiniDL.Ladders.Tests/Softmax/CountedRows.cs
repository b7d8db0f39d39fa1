// What the launches of a rung over rows did, on a simulated A100 that follows sectors through its caches.
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;
using MiniDL.Simulator.Counters;

namespace MiniDL.Ladders.Tests;

/// <summary>Launches over a problem with ROWS and COLUMNS, counted together.</summary>
internal sealed record CountedRows(Problem Problem, IReadOnlyList<LaunchReport> Reports)
{
    /// <summary>Runs a rung at a problem, and fails if its result is wrong.</summary>
    public static CountedRows Of(Rung rung, Problem problem)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.WithCaches });
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, problem);
        placed.Run(rung.Plan(problem));
        Assert.That(placed.WrongResult(), Is.Null, rung.Stem);
        return new CountedRows(problem, [.. gpu.Reports]);
    }

    /// <summary>All rungs of a ladder at a problem, from the first to the last.</summary>
    public static IReadOnlyList<CountedRows> All(Ladder ladder, Problem problem) => [.. ladder.Rungs.Select(rung => Of(rung, problem))];

    public KernelCounters Counters { get; } = Sum(Reports.Select(report => report.Counters));

    /// <summary>Bytes of all sectors asked for, over what must move at least.</summary>
    public double BytesOverMinimum => Counters.GlobalBytes / Problem.MinimumBytes;

    public long Sectors => Counters.GlobalLoads.Sectors + Counters.GlobalStores.Sectors;

    public long Requests => Counters.GlobalLoads.Requests + Counters.GlobalStores.Requests;

    /// <summary>Warp instructions for each 32 elements.</summary>
    public double InstructionsPer32 => 32 * Counters.WarpInstructions / Elements;

    /// <summary>Special functions for each element, those of idle lanes included.</summary>
    public double SpecialPerElement => 32 * Counters.Of(InstructionClass.SpecialFunction) / Elements;

    /// <summary>Barriers that each warp comes to.</summary>
    public double BarriersPerWarp => Counters.Barriers / (double)Reports.Sum(report => report.Shape.Grid.Count * report.Shape.Block.Count / 32);

    public double Microseconds => Reports.Sum(report => report.Estimate(KnownGpus.A100).Microseconds);

    private double Elements => (double)Problem["ROWS"] * Problem["COLUMNS"];

    private static KernelCounters Sum(IEnumerable<KernelCounters> launches)
    {
        var sum = new KernelCounters();
        foreach (KernelCounters launch in launches) sum.Add(launch);
        return sum;
    }
}
