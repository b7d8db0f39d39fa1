// The softmax kernels made ready for some rows, as row.cuh asks of whoever launches them.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

internal static class SoftmaxKernels
{
    /// <summary>The file of each: softmax itself is the last rung of its ladder.</summary>
    private static readonly Dictionary<string, string> s_files = new()
    {
        ["softmax"] = "softmax/06_float4.cu",
        ["log_softmax"] = "softmax/log_softmax.cu",
        ["softmax_cross_entropy"] = "softmax/softmax_cross_entropy.cu",
        ["softmax_backward"] = "softmax/softmax_backward.cu",
        ["log_softmax_backward"] = "softmax/log_softmax_backward.cu",
    };

    public static IEnumerable<string> Names => s_files.Keys;

    /// <summary>One of them, and its launch.</summary>
    public static (KernelSource Source, LaunchShape Shape) Of(string name, int rows, int columns, float scale = 1)
    {
        var share = new RowShare(rows, columns, Held: name is "softmax" or "log_softmax" ? 1 : 2);
        return (LibraryKernel.Of(s_files[name], [.. share.Macros, ("SCALE", $"{scale:E9}f")]), share.Launch);
    }
}
