// Random graphs, compiled against interpreted: the widest net there is for wrong rewrites and wrong code.
using System.Globalization;

namespace MiniDL.Tests;

/// <summary>A random graph computes the same numbers compiled as interpreted.</summary>
[TestFixture]
public sealed class RandomGraphTests
{
    /// <summary>Computes a function's outputs in some other way than the reference.</summary>
    private delegate ReferenceArray[] Evaluator(FunctionGraph graph, NDArray[] arrays, RunState run);

    [Test]
    public void Optimised_graphs_mean_the_same() => Check(Optimised, first: 1, count: 200);

    [Test, Category("Long")]
    public void Two_thousand_optimised_graphs_mean_the_same() => Check(Optimised, first: 100_000, count: 2000);

    /// <summary>The graph after all rewrites, interpreted in float64.</summary>
    private static ReferenceArray[] Optimised(FunctionGraph graph, NDArray[] arrays, RunState run)
    {
        Dictionary<Tensor, Tensor> known = graph.Known([.. arrays.Select(array => array.Shape)]);
        var fed = graph.Inputs.Select((input, i) => (Input: known[input], Value: arrays[i])).ToDictionary(pair => pair.Input, pair => ReferenceArray.From(pair.Value));
        return Interpreter.Evaluate(new Pipeline().Optimise(graph.Roots, known), leaf => fed[leaf], run);
    }

    private static void Check(Evaluator evaluator, int first, int count)
    {
        int discarded = 0;
        for (int seed = first; seed < first + count; seed++)
        {
            var graph = new RandomGraph(seed, ops: 4 + seed % 24);
            FunctionGraph function = FunctionChecks.Freeze(graph.Inputs, graph.Roots, [], []);
            (string? wrong, bool stable) = Compare(evaluator, function, graph.Arrays, seed);
            if (!stable) discarded++;
            if (wrong is not null) Assert.Fail($"seed {seed}: {wrong}\n{Smallest(evaluator, function, graph.Arrays, seed)}");
        }
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} graphs, {discarded} set aside because a bool or an int was about to change"));
        Assert.That(discarded, Is.LessThan(0.05 * count), "graphs set aside");
    }

    /// <summary>What is wrong, if anything is; and whether anything can be said.</summary>
    private static (string? Wrong, bool Stable) Compare(Evaluator evaluator, FunctionGraph graph, NDArray[] arrays, int seed)
    {
        var run = new RunState((ulong)seed, 3);
        Dictionary<Tensor, Tensor> known = graph.Known([.. arrays.Select(array => array.Shape)]);
        var fed = graph.Inputs.Select((input, i) => (Input: known[input], Value: arrays[i])).ToDictionary(pair => pair.Input, pair => ReferenceArray.From(pair.Value));
        var jitter = new Jitter(new Pipeline().Run(new Specialise(known), graph.Roots), leaf => fed[leaf], run);
        if (!jitter.IsDiscreteStable) return (null, false);
        ReferenceArray[] results = evaluator(graph, arrays, run);
        for (int i = 0; i < results.Length; i++)
            if (jitter.Disagreement(i, results[i]) is { } wrong) return ($"output {i}: {wrong}", true);
        return (null, true);
    }

    /// <summary>The smallest part of a failing graph that fails by itself: each node in turn as the only output, inputs first.</summary>
    private static string Smallest(Evaluator evaluator, FunctionGraph graph, NDArray[] arrays, int seed)
    {
        foreach (Tensor node in Traversal.Topological(graph.Outputs))
        {
            if (node.Inputs.Length == 0 || node.Op is DeferredOp or SizeOf) continue;
            if (Compare(evaluator, graph with { Outputs = [node] }, arrays, seed).Wrong is { } wrong) return $"smallest part that fails: {wrong}\n{Listing.Print(node)}";
        }
        return "no single node fails by itself: the outputs disturb each other\n" + Listing.Print(graph.Outputs);
    }
}
