// Correctness before time: a rung that computes something else is not timed.
//
// Two of the ladder's check problems are run: the most ragged, and one that suits every tile, so that both the guarded and the fast way through a kernel are taken. (The tests
// run them all.) The one thing to understand: a reader who changes a line finds out here that the result is wrong, before being pleased about the speed.
using System.Globalization;
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Ladders;
using MiniDL.Simulator;

namespace MiniDL.Bench.Kernels;

/// <summary>Runs rungs at small problems.</summary>
internal static class RungCheck
{
    /// <summary>The problems to check at: the one with most odd sizes, and the one with fewest; of several the largest, unaligned if there is a choice.</summary>
    public static IReadOnlyList<Problem> ProblemsOf(Ladder ladder)
    {
        Problem[] largestFirst = [.. ladder.Checks.OrderByDescending(problem => problem.MinimumBytes)];
        return [.. new[] { largestFirst.MaxBy(problem => (OddSizes(problem), problem.Offset))!, largestFirst.MinBy(problem => (OddSizes(problem), problem.Offset))! }.Distinct()];
    }

    private static int OddSizes(Problem problem) => problem.Macros.Count(macro => macro.Value is int size && size % 2 != 0);

    /// <summary>The first thing that is wrong with a rung; null if there is nothing.</summary>
    /// <param name="gpu">A GPU. If a kernel stops it, it is not good for anything more.</param>
    /// <param name="kernels">Of this GPU.</param>
    /// <param name="ladder">The ladder.</param>
    /// <param name="rung">The rung.</param>
    public static string? Wrong(IGpu gpu, LoadedKernels kernels, Ladder ladder, Rung rung)
    {
        foreach (Problem problem in ProblemsOf(ladder))
        {
            using var placed = new PlacedProblem(gpu, kernels, problem);
            string? wrong = null;
            try
            {
                placed.Run(rung.Plan(problem));
                wrong = placed.WrongResult();
            }
            catch (GpuException failure) when (gpu is SimulatedGpu)
            {
                wrong = failure.Message;
            }
            if (gpu is SimulatedGpu { Findings: [var first, ..] }) wrong = first.ToString();   // says more than a wrong number: the line
            if (wrong is not null) return string.Create(CultureInfo.InvariantCulture, $"at {problem.Size}{(problem.Offset > 0 ? $", arrays moved by {problem.Offset} element" : "")}: {wrong}");
        }
        return null;
    }

    /// <summary>The first element of which two rungs think differently; null if there is none.</summary>
    /// <param name="problem">What both computed.</param>
    /// <param name="expected">Arrays that the first rung wrote, by name.</param>
    /// <param name="actual">The same of the other rung.</param>
    public static string? Disagreement(Problem problem, IReadOnlyDictionary<string, double[]> expected, IReadOnlyDictionary<string, double[]> actual)
    {
        foreach ((string name, double[] wanted) in expected)
        {
            double[] got = actual[name];
            for (int i = 0; i < wanted.Length; i++)
            {
                // Either may be off by the tolerance. NaN agrees with NaN alone.
                double allowed = 2 * problem.Tolerance * Math.Max(1, Math.Abs(wanted[i]));
                if (!(Math.Abs(got[i] - wanted[i]) <= allowed || got[i].Equals(wanted[i])))
                    return string.Create(CultureInfo.InvariantCulture, $"at {problem.Size}: {name}[{i}] is {got[i]}, the first rung says {wanted[i]}");
            }
        }
        return null;
    }
}
