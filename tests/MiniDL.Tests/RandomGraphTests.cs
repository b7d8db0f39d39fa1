// Random graphs, compiled against interpreted: the widest net there is for wrong rewrites and wrong code.
using System.Globalization;

namespace MiniDL.Tests;

/// <summary>A random graph computes the same numbers compiled as interpreted.</summary>
[TestFixture]
public sealed class RandomGraphTests
{
    [Test]
    public void Optimised_graphs_mean_the_same() => Check(Agreement.Optimised, first: 1, count: 200);

    [Test, Category("Long")]
    public void Two_thousand_optimised_graphs_mean_the_same() => Check(Agreement.Optimised, first: 100_000, count: 2000);

    [Test]
    public void Graphs_compiled_for_the_CPU_mean_the_same()
    {
        using Device device = Device.Cpu(threads: 2);
        Check(Agreement.On(device), first: 1000, count: 200);
    }

    [Test, Category("Long")]
    public void Two_thousand_graphs_compiled_for_the_CPU_mean_the_same()
    {
        using Device device = Device.Cpu(threads: 2);
        Check(Agreement.On(device), first: 200_000, count: 2000);
    }

    /// <summary>Checks graphs of 4 to 27 ops; prints the seed and the smallest failing part of one that fails.</summary>
    private static void Check(Agreement.Evaluator evaluator, int first, int count)
    {
        int discarded = 0;
        for (int seed = first; seed < first + count; seed++)
        {
            var graph = new RandomGraph(seed, ops: 4 + seed % 24);
            FunctionGraph function = FunctionChecks.Freeze(graph.Inputs, graph.Roots, graph.Updates, []);
            (string? wrong, bool stable) = Agreement.Compare(evaluator, function, graph.Arrays, seed);
            if (!stable) discarded++;
            if (wrong is not null) Assert.Fail($"seed {seed}: {wrong}\n{Agreement.Smallest(evaluator, function, graph.Arrays, seed)}");
        }
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} graphs, {discarded} set aside because a bool or an int was about to change"));
        Assert.That(discarded, Is.LessThan(0.05 * count), "graphs set aside");
    }
}
