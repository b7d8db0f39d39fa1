// Runs rungs of a ladder on a simulated GPU that counts, so that a test can say what a rung's header says.
using MiniDL.Cuda;
using MiniDL.Cuda.Tests;
using MiniDL.Simulator;
using MiniDL.Simulator.Counters;

namespace MiniDL.Ladders.Tests;

/// <summary>What a rung did: its launches, and their counters together.</summary>
internal sealed record CountedRung(Problem Problem, IReadOnlyList<LaunchReport> Launches)
{
    /// <summary>Of all launches.</summary>
    public KernelCounters Counters
    {
        get
        {
            var sum = new KernelCounters();
            foreach (LaunchReport launch in Launches) sum.Add(launch.Counters);
            return sum;
        }
    }

    /// <summary>The launch over the whole array that the rung is about.</summary>
    public KernelCounters Kernel(string name) => Launches.First(launch => launch.Kernel == name).Counters;

    /// <summary>Bytes moved by the least that the problem needs.</summary>
    public double Moved => Counters.GlobalBytes / Problem.MinimumBytes;

    /// <summary>Warp instructions for a warp's 32 elements.</summary>
    public double InstructionsPerWarpOfElements => 32.0 * Counters.WarpInstructions / Problem["N"];
}

internal static class CountedRungs
{
    /// <summary>Every rung of a ladder at one problem, in order.</summary>
    public static IReadOnlyList<CountedRung> Of(Ladder ladder, Problem problem)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.WithCaches });
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, problem);
        var counted = new List<CountedRung>();
        foreach (Rung rung in ladder.Rungs)
        {
            int before = gpu.Reports.Count;
            placed.Run(rung.Plan(problem));
            counted.Add(new CountedRung(problem, [.. gpu.Reports.Skip(before)]));
        }
        return counted;
    }

    /// <summary>The bits that each rung leaves in an array, when blocks and warps run in the order of a seed.</summary>
    public static int[][] Bits(Ladder ladder, Problem problem, string array, int seed)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Seed = seed });
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, problem);
        return [.. ladder.Rungs.Select(rung =>
        {
            placed.Run(rung.Plan(problem));
            return placed.Read(array).Select(value => BitConverter.SingleToInt32Bits((float)value)).ToArray();
        })];
    }

    /// <summary>The problem with fractions in x, of which sums depend on their order.</summary>
    public static Problem OfFractions(Problem problem) => problem with { Arrays = [.. problem.Arrays.Select(array => array.Role == ArrayRole.Input ? array with { First = i => ProblemArray.Spread(i) } : array)] };
}
