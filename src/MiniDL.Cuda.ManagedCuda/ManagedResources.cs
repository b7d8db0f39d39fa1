// What ManagedCudaGpu hands out: ManagedCuda's own objects behind the seam's interfaces.
//
// The one thing to understand: ManagedCuda's objects free nothing when the garbage collector finds them, so whoever forgets to dispose of one keeps its memory until the
// process ends. DriverGpu's handles are the careful ones.
using ManagedCuda;
using ManagedCuda.BasicTypes;
using ManagedCuda.CudaBlas;
using MiniDL.Gpu;

namespace MiniDL.Cuda.ManagedCuda;

/// <summary>Something that belongs to a GPU and is freed in its context, once.</summary>
internal abstract class ManagedResource(ManagedCudaGpu gpu) : IDisposable
{
    public ManagedCudaGpu Gpu { get; } = gpu;

    public bool IsDisposed { get; private set; }

    public void Dispose()
    {
        if (IsDisposed) return;
        IsDisposed = true;
        if (Gpu.MakeCurrentToFree()) Free();
    }

    protected abstract void Free();
}

internal sealed class ManagedMemory(ManagedCudaGpu gpu, CudaDeviceVariable<byte> memory, long bytes) : ManagedResource(gpu), IGpuMemory
{
    public CudaDeviceVariable<byte> Variable { get; } = memory;

    public ulong Address => IsDisposed ? throw new ObjectDisposedException(nameof(IGpuMemory)) : (ulong)Variable.DevicePointer;

    public long Bytes { get; } = bytes;

    protected override void Free() => Variable.Dispose();
}

internal sealed class ManagedPinnedMemory(ManagedCudaGpu gpu, CudaPageLockedHostMemory<byte> memory, long bytes) : ManagedResource(gpu), IPinnedMemory
{
    public nint Address => IsDisposed ? throw new ObjectDisposedException(nameof(IPinnedMemory)) : memory.PinnedHostPointer;

    public long Bytes { get; } = bytes;

    protected override void Free() => memory.Dispose();
}

internal sealed class ManagedModule(ManagedCudaGpu gpu, PrimaryContext context, CUmodule module) : ManagedResource(gpu), IGpuModule
{
    public CUmodule Module { get; } = module;

    protected override void Free() => context.UnloadModule(Module);
}

internal sealed class ManagedKernel(ManagedModule module, CUfunction function, string name) : IGpuKernel
{
    public string Name { get; } = name;

    public ManagedModule Module { get; } = module;

    public CUfunction Function { get; } = function;
}

internal sealed class ManagedStream(ManagedCudaGpu gpu, CudaStream stream) : ManagedResource(gpu), IGpuStream
{
    public CudaStream Stream { get; } = stream;

    /// <summary>cuBLAS in this stream, once there was a product, and the memory it works in.</summary>
    public (CudaBlas Handle, CudaDeviceVariable<byte> Workspace)? Blas { get; set; }

    public bool IsCapturing { get; set; }

    protected override void Free()
    {
        Blas?.Handle.Dispose();
        Blas?.Workspace.Dispose();
        Stream.Dispose();
    }
}

internal sealed class ManagedEvent(ManagedCudaGpu gpu, CudaEvent mark) : ManagedResource(gpu), IGpuEvent
{
    public CudaEvent Event { get; } = mark;

    protected override void Free() => Event.Dispose();
}

/// <summary>ManagedCuda's CudaGraphExec can only be made from a graph that was built node by node, so this is the bare handle.</summary>
internal sealed class ManagedGraph(ManagedCudaGpu gpu, CUgraphExec executable) : ManagedResource(gpu), IGpuGraph
{
    public CUgraphExec Executable { get; } = executable;

    protected override void Free() => ManagedCudaGpu.Check(DriverAPINativeMethods.GraphManagment.cuGraphExecDestroy(Executable), "cuGraphExecDestroy");
}
