// --device: from a name on the command line to a device.
//
// The one thing to understand: programs are given a Device and never ask which. Only this file knows them all.
using MiniDL.Cuda;

namespace MiniDL.Examples;

/// <summary>Opens devices.</summary>
public static class Devices
{
    /// <summary>Opens the device that was asked for.</summary>
    /// <exception cref="UsageException">This build has no such device.</exception>
    /// <exception cref="MissingLibraryException">Something that the device needs is not on this machine.</exception>
    /// <exception cref="MiniDL.Gpu.GpuException">There is no GPU, or it does not start.</exception>
    public static Device Open(Options options) => options.Device switch
    {
        "cpu" => Device.Cpu(options.Threads),
        "reference" => Device.Reference(),
        "cuda" when options.Bindings == "driver" => CudaDevice.Open(options.Cuda),
        "cuda" => ManagedCudaDevice(options.Cuda),
        var other => throw new UsageException($"--device {other}: this build has no such device yet; it has cpu, reference and cuda"),
    };

#if MANAGED_CUDA
    private static CudaDevice ManagedCudaDevice(CudaOptions options) =>
        new(MiniDL.Cuda.ManagedCuda.ManagedCudaGpu.Open(options.Ordinal), MiniDL.Cuda.ManagedCuda.ManagedNvrtc.Create(), options, ownsGpu: true);
#else
    private static CudaDevice ManagedCudaDevice(CudaOptions _) =>
        throw new MissingLibraryException("ManagedCuda", ["this build was made without it"], "Build with -p:ManagedCuda=true (the README says what that needs), or leave --bindings out.");
#endif

    /// <summary>What is wrong with the name of a device, or null.</summary>
    public static string? Problem(string name) =>
        name is "cpu" or "reference" or "cuda" or "sim" || name.StartsWith("sim:", StringComparison.Ordinal) ? null
        : $"--device takes cpu, reference, cuda or sim[:GPU], not '{name}'";
}
