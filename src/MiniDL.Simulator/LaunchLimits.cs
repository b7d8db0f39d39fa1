// What a device accepts as a launch (CUDA C++ programming guide, appendix "Compute Capabilities").
using MiniDL.Gpu;

namespace MiniDL.Simulator;

/// <summary>Checks launches as a driver does.</summary>
internal static class LaunchLimits
{
    private const int MostThreads = 1024, MostThreadsZ = 64, MostBlocksYZ = 65_535, SharedWithoutAsking = 48 * 1024;

    /// <summary>Throws if the launch is beyond a limit.</summary>
    public static void Check(SimulatedKernel kernel, in LaunchShape shape, int argumentBytes, GpuProperties properties)
    {
        (Dim3 grid, Dim3 block) = (shape.Grid, shape.Block);
        if (grid.X < 1 || grid.Y < 1 || grid.Z < 1 || block.X < 1 || block.Y < 1 || block.Z < 1) throw Invalid(kernel, $"grid {grid} of blocks {block}: every extent must be at least 1");
        if (grid.Y > MostBlocksYZ || grid.Z > MostBlocksYZ) throw Invalid(kernel, $"grid {grid}: y and z are at most {MostBlocksYZ}");
        if (block.Count > MostThreads || block.Z > MostThreadsZ) throw Invalid(kernel, $"blocks of {block} threads: at most {MostThreads}, and {MostThreadsZ} in z");
        if (kernel.Code.MostThreads > 0 && block.Count > kernel.Code.MostThreads) throw Invalid(kernel, $"blocks of {block} threads: the kernel was compiled for at most {kernel.Code.MostThreads} (__launch_bounds__)");
        if (shape.DynamicSharedBytes < 0) throw Invalid(kernel, $"{shape.DynamicSharedBytes} bytes of dynamic shared memory");
        long shared = (long)kernel.Code.StaticSharedBytes + shape.DynamicSharedBytes;
        if (shared > Math.Max(SharedWithoutAsking, kernel.Code.StaticSharedBytes + kernel.MostDynamicSharedBytes))
            throw Invalid(kernel, $"{shared} bytes of shared memory: above {SharedWithoutAsking} GetKernel must be told, and {properties.Name} gives a block {properties.SharedBytesPerBlock} at most");
        if (argumentBytes < kernel.Code.ParameterBytes) throw Invalid(kernel, $"{argumentBytes} bytes of arguments; the kernel's parameters have {kernel.Code.ParameterBytes}");
    }

    private static GpuException Invalid(SimulatedKernel kernel, string why) => new($"cuLaunchKernel {kernel.Name}", "CUDA_ERROR_INVALID_VALUE", why);
}
