// Small graphs through the whole pipeline, for tests of what comes after it.
namespace MiniDL.Cuda.Tests;

internal static class Lowered
{
    /// <summary>The program of some expressions of inputs whose shapes are known, all rewrites applied.</summary>
    public static MiniDL.Program ProgramOf(params Tensor[] outputs)
    {
        Tensor[] inputs = [.. Traversal.Topological(outputs).Where(node => node.Op is InputOp)];
        FunctionGraph graph = FunctionChecks.Freeze(inputs, outputs, [], []);
        Dictionary<Tensor, Tensor> known = graph.Known([.. inputs.Select(input => input.Shape)]);
        Tensor[] roots = new Pipeline().Optimise(graph.Roots, known);
        return Lower.ToProgram([.. graph.Inputs.Select(input => known[input])], roots, []);
    }

    /// <summary>Its stages.</summary>
    public static IReadOnlyList<Stage> StagesOf(params Tensor[] outputs) => ProgramOf(outputs).Stages;
}
