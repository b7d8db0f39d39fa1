// What a stage becomes on a GPU: launches of kernels and calls of cuBLAS, as data. Nothing here needs a GPU.
//
// They stand between the stages of a program, which say what is computed, and the executor, which puts addresses to arguments and captures all
// steps as one CUDA graph. The one thing to understand: a step names buffers, not addresses, so plans can be made, printed, compiled and tested on any machine.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>One launch of a training step: a kernel or a call of cuBLAS.</summary>
/// <param name="Stage">The stage it is, or is part of.</param>
internal abstract record Step(Stage Stage);

/// <summary>The launch of a kernel.</summary>
/// <param name="Stage">The stage it is, or is part of.</param>
/// <param name="Source">The kernel.</param>
/// <param name="Shape">Blocks, threads, dynamic shared memory.</param>
/// <param name="Arguments">In the order of the kernel's parameters.</param>
internal sealed record KernelStep(Stage Stage, KernelSource Source, LaunchShape Shape, IReadOnlyList<KernelArgument> Arguments) : Step(Stage)
{
    /// <summary>Bytes of scratch memory it uses, which any other stage may use too: the steps of one stage share it, and follow each other.</summary>
    public long ScratchBytes { get; init; }
}

/// <summary>A product of matrices by cuBLAS: C = alpha * op(A) op(B) + beta * C in its column-major meaning.</summary>
/// <param name="Stage">The stage it is.</param>
/// <param name="Call">The call, with 0 for addresses.</param>
/// <param name="A">Where the call's first operand is.</param>
/// <param name="B">Where its second operand is.</param>
/// <param name="C">Where its result is.</param>
internal sealed record GemmStep(Stage Stage, GemmCall Call, KernelArgument A, KernelArgument B, KernelArgument C) : Step(Stage);

/// <summary>An argument of a kernel, to be packed when addresses are known.</summary>
internal abstract record KernelArgument
{
    /// <summary>The address of a view's buffer at its map's offset.</summary>
    public static KernelArgument Of(View view) => new BufferArgument(view.Buffer, view.Map.Offset);
}

/// <summary>The address of element <paramref name="Offset"/> of a buffer.</summary>
internal sealed record BufferArgument(Buffer Buffer, int Offset) : KernelArgument;

/// <summary>The address of the scratch memory plus some bytes.</summary>
internal sealed record ScratchArgument(long ByteOffset) : KernelArgument;

/// <summary>The address of two 64-bit words on the device, the seed and the number of the run, that random numbers are made from.</summary>
internal sealed record RunStateArgument : KernelArgument;

/// <summary>A 32-bit integer.</summary>
internal sealed record IntArgument(int Value) : KernelArgument;

/// <summary>A float32.</summary>
internal sealed record FloatArgument(float Value) : KernelArgument;

/// <summary>A kernel as text: one translation unit of header-free CUDA C++ with one <c>extern "C" __global__</c> function.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Text">All of it, prelude included, as it goes to NVRTC.</param>
public sealed record KernelSource(string Name, string Text);
