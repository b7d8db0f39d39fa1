// Stages to plan: what small graphs are lowered to.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

internal static class Stages
{
    public static PlanOptions Options { get; } = new(KnownGpus.A100);

    /// <summary>The stages of the program that computes some tensors.</summary>
    public static IReadOnlyList<Stage> Of(params Tensor[] outputs) =>
        Lower.ToProgram([.. Traversal.Topological(outputs).Where(node => node.Op is InputOp)], outputs, []).Stages;

    /// <summary>The only stage of its kind.</summary>
    public static TStage Only<TStage>(params Tensor[] outputs) where TStage : Stage => Of(outputs).OfType<TStage>().Single();

    /// <summary>The only step of a plan.</summary>
    public static KernelStep OnlyStep(IReadOnlyList<Step> steps) => (KernelStep)steps.Single();

    /// <summary>What a kernel's text defines in front of its file.</summary>
    public static string Define(KernelStep step, string name)
    {
        string start = $"#define {name} ";
        return step.Source.Text.Split('\n').First(line => line.StartsWith(start, StringComparison.Ordinal))[start.Length..];
    }
}
