// The steps of a plan with addresses in the place of buffers: what is handed to the GPU, packed once.
//
// The one thing to understand: giving a step to the GPU is one call with what lies ready here; nothing is looked up, packed or allocated for it.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>A program's launches, ready to go.</summary>
internal sealed class BoundSteps
{
    private readonly DeviceState _state;
    private readonly BoundStep[] _steps;

    /// <summary>A kernel with its packed arguments, or (without a kernel) a product.</summary>
    private readonly record struct BoundStep(IGpuKernel? Kernel, LaunchShape Shape, byte[] Arguments, GemmCall Product);

    /// <summary>Binds a plan whose kernels are loaded.</summary>
    public BoundSteps(DeviceState state, ProgramPlan plan, ProgramMemory memory)
    {
        _state = state;
        _steps = [.. plan.Steps.Select(step => step switch
        {
            KernelStep kernel => new BoundStep(state.Kernels.Get(kernel.Source, kernel.Shape.DynamicSharedBytes), kernel.Shape, Pack(kernel, memory), default),
            GemmStep gemm => new BoundStep(null, default, [], gemm.Call with { A = memory.AddressOf(gemm.A), B = memory.AddressOf(gemm.B), C = memory.AddressOf(gemm.C) }),
            _ => throw new InvalidOperationException($"the executor does not know steps of type {step.GetType().Name}"),
        })];
    }

    /// <summary>How many there are.</summary>
    public int Count => _steps.Length;

    /// <summary>Gives the steps from one up to, not including, another to the stream.</summary>
    public void Launch(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            ref readonly BoundStep step = ref _steps[i];
            if (step.Kernel is { } kernel) _state.Gpu.Launch(kernel, step.Shape, step.Arguments, _state.Stream);
            else _state.Gpu.Gemm(step.Product, _state.Stream);
        }
    }

    private static byte[] Pack(KernelStep step, ProgramMemory memory)
    {
        var packed = new KernelArguments(new byte[KernelArguments.MostBytes]);
        foreach (KernelArgument argument in step.Arguments)
        {
            if (argument is IntArgument number) packed.Add(number.Value);
            else if (argument is FloatArgument real) packed.Add(real.Value);
            else packed.Add(memory.AddressOf(argument));
        }
        return packed.Packed.ToArray();
    }
}
