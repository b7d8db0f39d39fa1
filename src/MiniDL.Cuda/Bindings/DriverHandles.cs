// What the driver hands out, each as a handle that frees itself once.
//
// The one thing to understand: handles belong to a context, and the context must go last. So every handle holds on to it, and whichever is let go of last,
// the device or a forgotten piece of memory that the garbage collector finds, releases it.
using Microsoft.Win32.SafeHandles;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>The primary context of a device: the one that everybody in a process shares.</summary>
internal sealed class ContextHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly int _device;
    private bool _isDisposed;

    /// <summary>Retains it.</summary>
    public unsafe ContextHandle(int device) : base(ownsHandle: true)
    {
        _device = device;
        nint context;
        DriverError.Check(Driver.DevicePrimaryCtxRetain(&context, device), "cuDevicePrimaryCtxRetain");
        SetHandle(context);
    }

    /// <summary>Makes the calling thread's further calls mean this device. Cheap enough to be done for each: other code of the process may have changed it.</summary>
    public void MakeCurrent()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(DriverGpu));
        DriverError.Check(Driver.CtxSetCurrent(handle), "cuCtxSetCurrent");
    }

    /// <summary>The same for freeing, which may happen after the device was disposed of and must not throw.</summary>
    public void MakeCurrentToFree() => _ = Driver.CtxSetCurrent(handle);

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Driver.DevicePrimaryCtxRelease(_device) == 0;

    /// <summary>IsClosed becomes true only with the last handle of the context; the device is of no use from here on.</summary>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        base.Dispose(disposing);
    }
}

/// <summary>Something in a context. Freeing it makes the context current first: the garbage collector's thread has none.</summary>
internal abstract class DriverHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly ContextHandle _context;

    protected DriverHandle(ContextHandle context, nint value) : base(ownsHandle: true)
    {
        bool held = false;
        context.DangerousAddRef(ref held);
        _context = context;
        SetHandle(value);
    }

    /// <summary>The handle, for a call.</summary>
    /// <exception cref="ObjectDisposedException">It was freed.</exception>
    public nint Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }

    /// <summary>The context it lives in, to be told from another device's.</summary>
    public ContextHandle Context => _context;

    /// <summary>Frees it; returns the driver's answer.</summary>
    protected abstract int Free();

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        _context.MakeCurrentToFree();
        bool freed = Free() == 0;
        _context.DangerousRelease();
        return freed;
    }
}

/// <summary>Memory of the device.</summary>
internal sealed class DriverMemory(ContextHandle context, ulong address, long bytes) : DriverHandle(context, (nint)address), IGpuMemory
{
    public ulong Address => (ulong)Value;

    public long Bytes { get; } = bytes;

    protected override int Free() => Driver.MemFree((ulong)handle);
}

/// <summary>Page-locked memory of the host.</summary>
internal sealed class DriverPinnedMemory(ContextHandle context, nint address, long bytes) : DriverHandle(context, address), IPinnedMemory
{
    public nint Address => Value;

    public long Bytes { get; } = bytes;

    protected override int Free() => Driver.MemFreeHost(handle);
}

/// <summary>A CUmodule.</summary>
internal sealed class DriverModule(ContextHandle context, nint module) : DriverHandle(context, module), IGpuModule
{
    protected override int Free() => Driver.ModuleUnload(handle);
}

/// <summary>A CUfunction, which is not freed: it belongs to its module.</summary>
internal sealed class DriverKernel(DriverModule module, nint function, string name) : IGpuKernel
{
    public string Name { get; } = name;

    public DriverModule Module { get; } = module;

    public nint Function { get; } = function;
}

/// <summary>A CUstream, and the cuBLAS handle that works in it once there was a product.</summary>
internal sealed class DriverStream(ContextHandle context, nint stream) : DriverHandle(context, stream), IGpuStream
{
    public CuBlasHandle? CuBlas { get; set; }

    public bool IsCapturing { get; set; }

    protected override int Free() => Driver.StreamDestroy(handle);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) CuBlas?.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A CUevent.</summary>
internal sealed class DriverEvent(ContextHandle context, nint mark) : DriverHandle(context, mark), IGpuEvent
{
    protected override int Free() => Driver.EventDestroy(handle);
}

/// <summary>A CUgraphExec: a graph made ready to be launched.</summary>
internal sealed class DriverGraph(ContextHandle context, nint executable) : DriverHandle(context, executable), IGpuGraph
{
    protected override int Free() => Driver.GraphExecDestroy(handle);
}
