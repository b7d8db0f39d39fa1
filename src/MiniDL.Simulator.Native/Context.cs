// A context: a simulated GPU with the memory, code and streams that were made in it.
//
// The one thing to understand: each context is a SimulatedGpu of its own. Addresses mean something only in theirs, and when it goes everything in it goes.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Native;

/// <summary>CUcontext.</summary>
internal sealed class Context : IInContext, IDisposable
{
    private readonly Dictionary<ulong, IGpuMemory> _memory = [];
    private readonly Dictionary<nint, IPinnedMemory> _pinned = [];
    private bool _isDestroyed, _wasTold;

    /// <summary>Makes one.</summary>
    public Context(SimulatorOptions options, bool isPrimary)
    {
        (Gpu, IsPrimary) = (new SimulatedGpu(options), isPrimary);
        DefaultStream = new NativeStream(this, isBlocking: true);
        Handle = Handles.Add(this);
    }

    /// <summary>Its handle.</summary>
    public nint Handle { get; }

    /// <summary>The GPU.</summary>
    public SimulatedGpu Gpu { get; }

    /// <summary>The one that everybody shares, or one that a program made for itself.</summary>
    public bool IsPrimary { get; }

    /// <summary>How often it was retained.</summary>
    public int Retained { get; set; }

    /// <summary>The stream that is meant where none is named.</summary>
    public NativeStream DefaultStream { get; }

    /// <summary>Streams that capture now.</summary>
    public List<NativeStream> Capturing { get; } = [];

    /// <summary>Bytes that are allocated.</summary>
    public long Used { get; private set; }

    Context IInContext.Context => this;

    /// <summary>A kernel's error is told in words once, and answered to every call from then on, as on a real device.</summary>
    public void ThrowIfUnusable()
    {
        if (_isDestroyed) throw new CallFailed(DriverResult.ContextIsDestroyed);
        if (Gpu.Error is not { } error) return;
        string? words = _wasTold ? null : error.Message;
        _wasTold = true;
        throw new CallFailed(DriverResults.Numbered(error.Code), words);
    }

    /// <summary>Called first by whatever a capture forbids (allocating, freeing, loading, waiting): ends captures of this thread, and all that do not allow it to any.</summary>
    public void ThrowIfCapturing()
    {
        NativeStream[] ended = [.. Capturing.Where(stream => stream.Capture!.Forbids(Environment.CurrentManagedThreadId))];
        foreach (NativeStream stream in ended) stream.Capture!.IsInvalid = true;
        if (ended.Length > 0) throw new CallFailed(DriverResult.StreamCaptureUnsupported);
    }

    /// <summary>Allocates memory of the device.</summary>
    public ulong Allocate(long bytes)
    {
        IGpuMemory memory = Gpu.Allocate(bytes);
        _memory.Add(memory.Address, memory);
        Used += bytes;
        return memory.Address;
    }

    /// <summary>Frees what <see cref="Allocate"/> gave.</summary>
    public void Free(ulong address)
    {
        if (!_memory.Remove(address, out IGpuMemory? memory)) throw new CallFailed(DriverResult.InvalidValue, $"cuMemFree: nothing was allocated at 0x{address:x}: {Gpu.Describe(address)}");
        Used -= memory.Bytes;
        memory.Dispose();
    }

    /// <summary>Allocates memory of the host.</summary>
    public nint AllocatePinned(long bytes)
    {
        IPinnedMemory memory = Gpu.AllocatePinned(bytes);
        _pinned.Add(memory.Address, memory);
        return memory.Address;
    }

    /// <summary>Frees what <see cref="AllocatePinned"/> gave.</summary>
    public void FreePinned(nint address)
    {
        if (!_pinned.Remove(address, out IPinnedMemory? memory)) throw new CallFailed(DriverResult.InvalidValue);
        memory.Dispose();
    }

    /// <summary>Refuses a range that is not inside of one allocation.</summary>
    public void CheckRange(string call, ulong address, long bytes)
    {
        if (!Gpu.IsMemory(address, bytes)) throw new CallFailed(DriverResult.InvalidValue, $"{call}: {bytes:N0} bytes at 0x{address:x} are not inside of one allocation: {Gpu.Describe(address)}");
    }

    /// <summary>Ends it, and all handles of what is in it.</summary>
    public void Dispose()
    {
        if (_isDestroyed) return;
        _isDestroyed = true;
        Handles.RemoveAll(this);
        foreach (IPinnedMemory memory in _pinned.Values) memory.Dispose();
        Gpu.Dispose();
    }
}
