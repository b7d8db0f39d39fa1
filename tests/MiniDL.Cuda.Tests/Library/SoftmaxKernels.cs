// The softmax kernels made ready for some rows, as row.cuh asks of whoever launches them.
using System.Numerics;
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

internal static class SoftmaxKernels
{
    private const int Threads = 256;

    public static IReadOnlyList<string> Names { get; } = ["softmax", "log_softmax", "softmax_cross_entropy", "softmax_backward", "log_softmax_backward"];

    /// <summary>One of them, and its launch.</summary>
    public static (KernelSource Source, LaunchShape Shape) Of(string name, int rows, int columns, float scale = 1)
    {
        // One lane for each element or float4 up to a warp; the block for rows above 512.
        int items = columns % 4 == 0 ? columns / 4 : columns, lanes = columns > 512 ? Threads : (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(32, items));
        KernelSource source = LibraryKernel.Of($"softmax/{name}.cu", [("ROWS", rows), ("COLUMNS", columns), ("LANES", lanes), ("BLOCK", Threads), ("SCALE", $"{scale:E9}f")]);
        return (source, new LaunchShape(new Dim3((rows * lanes + Threads - 1) / Threads), new Dim3(Threads)));
    }
}
