// The memory of a GPU that only records: made-up addresses in front of arrays of the host.
//
// The one thing to understand: device addresses are numbers that no host pointer has, with a gap behind each allocation, so that an address of the wrong
// side, past the end or of freed memory is found, and told by the name of the allocation it belongs to.
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

/// <summary>What a GPU handed out and wants back; named so that it can be told.</summary>
internal abstract class Recorded(RecordingGpu gpu, string name) : IDisposable
{
    public RecordingGpu Gpu { get; } = gpu;

    public string Name { get; } = name;

    public bool IsDisposed { get; private set; }

    public void Dispose()
    {
        if (IsDisposed) return;
        Gpu.Free(this);
        IsDisposed = true;
        Release();
    }

    protected virtual void Release() { }

    public override string ToString() => Name;
}

/// <summary>Memory of either side. Undefined contents are bytes of 255: a float read from them is NaN, an int -1.</summary>
internal abstract unsafe class RecordedMemory : Recorded
{
    protected RecordedMemory(RecordingGpu gpu, string name, long bytes) : base(gpu, name)
    {
        Bytes = bytes;
        Data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 256);
        NativeMemory.Fill(Data, (nuint)bytes, 0xFF);
    }

    public long Bytes { get; }

    /// <summary>Where the host keeps it.</summary>
    public byte* Data { get; private set; }

    /// <summary>The address that callers get.</summary>
    public abstract ulong Start { get; }

    public Span<byte> Span(ulong address, long bytes) => new(Data + (address - Start), checked((int)bytes));

    protected override void Release()
    {
        NativeMemory.AlignedFree(Data);
        Data = null;
    }
}

/// <summary>Memory of the device.</summary>
internal sealed class RecordedDeviceMemory(RecordingGpu gpu, string name, ulong address, long bytes) : RecordedMemory(gpu, name, bytes), IGpuMemory
{
    public ulong Address { get; } = address;

    public override ulong Start => Address;
}

/// <summary>Page-locked memory of the host.</summary>
internal sealed unsafe class RecordedPinnedMemory : RecordedMemory, IPinnedMemory
{
    public RecordedPinnedMemory(RecordingGpu gpu, string name, long bytes) : base(gpu, name, bytes) => Address = (nint)Data;

    public nint Address { get; }

    public override ulong Start => (ulong)Address;
}

/// <summary>Every allocation there ever was, to tell addresses by.</summary>
internal sealed class AddressSpace
{
    private readonly List<RecordedMemory> _all = [];
    private ulong _next = 0x0000_0200_0000_0000;    // beyond what Linux or Windows give a process, as long as it has less than 2 TiB below it

    /// <summary>The address of the next allocation, 256 bytes or more behind the end of the last.</summary>
    public ulong Reserve(long bytes)
    {
        ulong address = _next;
        _next += ((ulong)bytes + 511) / 256 * 256;
        return address;
    }

    public void Add(RecordedMemory memory) => _all.Add(memory);

    /// <summary>The allocation of a kind that holds the bytes from an address on.</summary>
    public TMemory Find<TMemory>(ulong address, long bytes, string what) where TMemory : RecordedMemory
    {
        RecordedMemory? found = Holding(address);
        if (found is null) throw new GpuMisuseException($"{what}: 0x{address:x} lies in no memory that this GPU gave");
        if (found is not TMemory memory) throw new GpuMisuseException($"{what}: {Tell(address)} is memory of the wrong side");
        if (memory.IsDisposed) throw new GpuMisuseException($"{what}: {Tell(address)} was freed");
        long room = memory.Bytes - (long)(address - memory.Start);
        return bytes <= room ? memory : throw new GpuMisuseException($"{what}: {bytes} bytes from {Tell(address)} on, where there are {room} left of {memory.Bytes}");
    }

    /// <summary><c>m0+16</c>, or the number if it is in none.</summary>
    public string Tell(ulong address) => Holding(address) is { } memory ? $"{memory.Name}+{address - memory.Start}" : $"0x{address:x}";

    /// <summary>The youngest allocation around an address: host memory may be given out again at the same place.</summary>
    private RecordedMemory? Holding(ulong address) =>
        _all.FindLast(memory => address >= memory.Start && address <= memory.Start + (ulong)memory.Bytes && !memory.IsDisposed)
        ?? _all.FindLast(memory => address >= memory.Start && address <= memory.Start + (ulong)memory.Bytes);
}
