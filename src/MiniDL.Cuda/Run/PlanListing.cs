// The part of Function.Explain that is about the GPU: what each stage launches, with which limits, and the source of every kernel.
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Prints plans.</summary>
internal static class PlanListing
{
    /// <summary>The launches, stage by stage, and each distinct kernel's text.</summary>
    public static string Print(ProgramPlan plan, LoadedKernels kernels, GpuProperties gpu)
    {
        var text = new StringBuilder($"\n== launches on {gpu.Name}, {gpu.Architecture}: {plan.Launches} a run, {plan.Products} of them by cuBLAS; {plan.Sources.Count} kernels, {plan.ScratchBytes:N0} bytes of scratch\n");
        for (int i = 0; i < plan.Program.Stages.Count; i++)
        {
            (int first, int end) = plan.StepsOf(i);
            text.Append($"stage {i}: {plan.Program.Stages[i].Name}\n");
            for (int step = first; step < end; step++) text.Append($"    {Line(plan.Steps[step])}{Resources(plan.Steps[step], kernels, gpu)}\n");
        }
        foreach (KernelSource source in plan.Sources) text.Append($"\n== kernel {source.Name}\n{source.Text}");
        return text.ToString();
    }

    /// <summary>What a launch takes of a multiprocessor, and how many of its warps can be there at once.</summary>
    private static string Resources(Step step, LoadedKernels kernels, GpuProperties gpu)
    {
        if (step is not KernelStep kernel || kernels.Compiled(kernel.Source).Resources is not { } resources) return "";
        Occupancy occupancy = resources.OccupancyOn(Multiprocessor.Of(gpu), kernel.Shape);
        return $"   # {resources.Registers} registers, {resources.SharedBytes + kernel.Shape.DynamicSharedBytes:N0} bytes shared, {resources.SpillBytes} spilled; occupancy {occupancy.Fraction:P0}, limited by {occupancy.Limiter}";
    }

    /// <summary>A launch as one line: <c>name&lt;&lt;&lt;grid, block, shared&gt;&gt;&gt;(arguments)</c>.</summary>
    public static string Line(Step step) => step switch
    {
        KernelStep kernel => $"{kernel.Source.Name}<<<{kernel.Shape.Grid}, {kernel.Shape.Block}{(kernel.Shape.DynamicSharedBytes > 0 ? $", {kernel.Shape.DynamicSharedBytes}" : "")}>>>({string.Join(", ", kernel.Arguments.Select(Name))})",
        GemmStep gemm => $"cublas {Letter(gemm.Call.OperandA)}{Letter(gemm.Call.OperandB)} {gemm.Call.M}x{gemm.Call.N}x{gemm.Call.K}{(gemm.Call.Batch > 1 ? $" batch {gemm.Call.Batch}" : "")}: "
            + $"{Name(gemm.C)} = {gemm.Call.Alpha:G7} * {Name(gemm.A)} {Name(gemm.B)}{(gemm.Call.Beta == 0 ? "" : $" + {gemm.Call.Beta:G7} * {Name(gemm.C)}")}",
        _ => step.ToString()!,
    };

    private static string Letter(GemmOperand operand) => operand == GemmOperand.AsIs ? "N" : "T";

    private static string Name(KernelArgument argument) => argument switch
    {
        BufferArgument buffer => buffer.Offset == 0 ? buffer.Buffer.Name : $"{buffer.Buffer.Name} + {buffer.Offset}",
        ScratchArgument scratch => scratch.ByteOffset == 0 ? "scratch" : $"scratch + {scratch.ByteOffset} bytes",
        RunStateArgument => "run",
        IntArgument number => $"{number.Value}",
        FloatArgument number => $"{number.Value:G9}f",
        _ => argument.ToString()!,
    };
}
