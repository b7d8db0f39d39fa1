// What `--device cuda --bindings managedcuda` opens: ManagedCuda's GPU and compiler under MiniDL's executor.
namespace MiniDL.Cuda.ManagedCuda;

/// <summary>Opens devices over ManagedCuda.</summary>
public static class ManagedCudaDevice
{
    /// <summary>Opens a GPU of this machine as a device.</summary>
    /// <param name="options">Choices; null: the defaults.</param>
    /// <exception cref="MissingLibraryException">There is no driver or no NVRTC.</exception>
    /// <exception cref="Gpu.GpuException">There is no such GPU, or the driver does not start.</exception>
    /// <example><code>using Device device = ManagedCudaDevice.Open();</code></example>
    public static CudaDevice Open(CudaOptions? options = null)
    {
        options ??= new CudaOptions();
        ManagedCudaGpu gpu = ManagedCudaGpu.Open(options.Ordinal);
        try
        {
            return new CudaDevice(gpu, ManagedNvrtc.Create(), options, ownsGpu: true) { PrepareProducts = gpu.EnsureGemm };
        }
        catch
        {
            gpu.Dispose();
            throw;
        }
    }
}
