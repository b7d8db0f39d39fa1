// Does a graph computed in some other way give what the reference gives? Shared by the tests of random graphs, of devices and of rewrites.
namespace MiniDL.Tests;

/// <summary>Compares ways to compute a function with the reference.</summary>
internal static class Agreement
{
    /// <summary>Computes a function's outputs and the new values of its updates in some other way than the reference.</summary>
    public delegate ReferenceArray[] Evaluator(FunctionGraph graph, NDArray[] arrays, RunState run);

    /// <summary>The graph after all rewrites, interpreted in float64.</summary>
    public static ReferenceArray[] Optimised(FunctionGraph graph, NDArray[] arrays, RunState run)
    {
        (Dictionary<Tensor, Tensor> known, Func<Tensor, ReferenceArray> leaves) = Known(graph, arrays);
        return Interpreter.Evaluate(new Pipeline().Optimise(graph.Roots, known), leaves, run);
    }

    /// <summary>Compiled for a device. Shared variables get their old values back.</summary>
    public static Evaluator On(Device device) => (graph, arrays, run) =>
    {
        NDArray[] old = [.. graph.Updates.Select(update => update.Variable.Value)];
        using Executable executable = device.Compile(graph, [.. arrays.Select(array => array.Shape)], Mode.Fast);
        executable.Run(arrays, run);
        ReferenceArray[] results = [.. graph.Outputs.Select((_, i) => Output(executable, i)), .. graph.Updates.Select(update => ReferenceArray.From(update.Variable.Value))];
        for (int i = 0; i < old.Length; i++) graph.Updates[i].Variable.Value = old[i];
        return results;
    };

    /// <summary>What is wrong with an evaluator's outputs, if anything is; and whether anything can be said (see <see cref="JitteredReference"/>).</summary>
    public static (string? Wrong, bool Stable) Compare(Evaluator evaluator, FunctionGraph graph, NDArray[] arrays, int seed)
    {
        var run = new RunState((ulong)seed, 3);
        (Dictionary<Tensor, Tensor> known, Func<Tensor, ReferenceArray> leaves) = Known(graph, arrays);
        var jitter = new JitteredReference(new Pipeline().Run(new Specialise(known), graph.Roots), leaves, run);
        if (!jitter.IsDiscreteStable) return (null, false);
        ReferenceArray[] results = evaluator(graph, arrays, run);
        for (int i = 0; i < results.Length; i++)
            if (jitter.Disagreement(i, results[i]) is { } wrong) return ($"output {i}: {wrong}", true);
        return (null, true);
    }

    /// <summary>The smallest part of a failing graph that fails by itself: each node in turn as the only output, inputs first.</summary>
    public static string Smallest(Evaluator evaluator, FunctionGraph graph, NDArray[] arrays, int seed)
    {
        foreach (Tensor node in Traversal.Topological(graph.Roots))
        {
            if (node.Inputs.Length == 0 || node.Op is DeferredOp or SizeOf) continue;
            if (Compare(evaluator, graph with { Outputs = [node], Updates = [] }, arrays, seed).Wrong is { } wrong) return $"smallest part that fails: {wrong}\n{Listing.Print(node)}";
        }
        return "no single node fails by itself: the outputs disturb each other\n" + Listing.Print(graph.Roots);
    }

    private static (Dictionary<Tensor, Tensor> Known, Func<Tensor, ReferenceArray> Leaves) Known(FunctionGraph graph, NDArray[] arrays)
    {
        Dictionary<Tensor, Tensor> known = graph.Known([.. arrays.Select(array => array.Shape)]);
        var fed = graph.Inputs.Select((input, i) => (Input: known[input], Value: arrays[i])).ToDictionary(pair => pair.Input, pair => ReferenceArray.From(pair.Value));
        return (known, leaf => leaf is Shared shared ? ReferenceArray.From(shared.Value) : fed[leaf]);
    }

    private static ReferenceArray Output(Executable executable, int index)
    {
        TensorType type = executable.OutputType(index);
        NDArray array = NDArray.Zeros(type.Shape, type.DType);
        executable.CopyOutput(index, array.Bytes());
        return ReferenceArray.From(array);
    }
}
