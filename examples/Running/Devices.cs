// --device: from a name on the command line to a device.
//
// The one thing to understand: programs are given a Device and never ask which. Only this file knows them all.
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;

namespace MiniDL.Examples;

/// <summary>Opens devices.</summary>
public static class Devices
{
    /// <summary>Opens the device that was asked for.</summary>
    /// <exception cref="MissingLibraryException">Something that the device needs is not on this machine.</exception>
    /// <exception cref="MiniDL.Gpu.GpuException">There is no GPU, or it does not start.</exception>
    public static Device Open(Options options) => options.Device switch
    {
        "cpu" => Device.Cpu(options.Threads),
        "reference" => Device.Reference(),
        "cuda" when options.Bindings == "driver" => CudaDevice.Open(options.Cuda),
        "cuda" => ManagedCudaDevice(options.Cuda),
        var sim => new CudaDevice(new SimulatedGpu(Simulated(sim, options.Threads)), NvrtcCompiler.Create(), options.Cuda, ownsGpu: true),
    };

#if MANAGED_CUDA
    private static CudaDevice ManagedCudaDevice(CudaOptions options) =>
        MiniDL.Cuda.ManagedCuda.ManagedCudaDevice.Open(options);
#else
    private static CudaDevice ManagedCudaDevice(CudaOptions _) =>
        throw new MissingLibraryException("ManagedCuda", ["this build was made without it"], "Build with -p:ManagedCuda=true (the README says what that needs), or leave --bindings out.");
#endif

    /// <summary>What is wrong with the name of a device, or null.</summary>
    public static string? Problem(string name) =>
        name is "cpu" or "reference" or "cuda" or "sim" ? null
        : !name.StartsWith(SimulatedPrefix, StringComparison.Ordinal) ? $"--device takes cpu, reference, cuda or sim[:GPU], not '{name}'"
        : FindOrNull(name) is not null ? null
        : $"--device {name}: sim:GPU takes one of {string.Join(", ", KnownGpus.All.Select(gpu => gpu.Name))}";

    private const string SimulatedPrefix = "sim:";

    private static GpuProperties? FindOrNull(string name)
    {
        try
        {
            return KnownGpus.Find(name[SimulatedPrefix.Length..]);
        }
        catch (ArgumentException)
        {
            return null;   // none, or more than one
        }
    }

    private static SimulatorOptions Simulated(string name, int threads) => new()
    {
        Properties = (name == "sim" ? KnownGpus.A100 : FindOrNull(name)!) with { IsSimulated = true },
        Threads = threads == 0 ? Environment.ProcessorCount : threads,
    };
}
