// The GPU that tests of the bindings run on, if there is one.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

internal static unsafe class GpuOfThisMachine
{
    /// <summary>Opens it, or skips the test with the reason. A driver that is there but broken is no reason.</summary>
    public static DriverGpu OpenOrSkip()
    {
        try
        {
            return DriverGpu.Open();
        }
        catch (MissingLibraryException missing)
        {
            Assert.Ignore($"no driver: {missing.Message}");
        }
        catch (GpuException none) when (none.Code == "CUDA_ERROR_NO_DEVICE")
        {
            Assert.Ignore($"no GPU: {none.Message}");
        }
        throw new InvalidOperationException("Assert.Ignore came back");
    }

    /// <summary>New memory with these values.</summary>
    public static IGpuMemory Upload(IGpu gpu, IGpuStream stream, ReadOnlySpan<float> values)
    {
        IGpuMemory memory = gpu.Allocate(values.Length * sizeof(float));
        using IPinnedMemory pinned = gpu.AllocatePinned(memory.Bytes);
        values.CopyTo(new Span<float>((void*)pinned.Address, values.Length));
        gpu.Upload(memory.Address, pinned.Address, memory.Bytes, stream);
        gpu.Synchronize(stream);
        return memory;
    }

    /// <summary>What memory holds once the stream has done its work.</summary>
    public static float[] Download(IGpu gpu, IGpuStream stream, ulong address, int count)
    {
        using IPinnedMemory pinned = gpu.AllocatePinned(count * sizeof(float));
        gpu.Download(pinned.Address, address, pinned.Bytes, stream);
        gpu.Synchronize(stream);
        return new ReadOnlySpan<float>((void*)pinned.Address, count).ToArray();
    }
}
