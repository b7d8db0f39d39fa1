// The memory of the device: allocations in an address space of its own.
//
// The one thing to understand: a device address is not a host address. Every access looks up its allocation, so that a kernel can reach nothing else; addresses are
// never given out twice, so that one that was freed stays invalid; and gaps lie between, so that running over the end of one does not end in the next.
using System.Runtime.InteropServices;
using MiniDL.Simulator.Checks;

namespace MiniDL.Simulator.Execute;

/// <summary>A piece of device memory and the host memory behind it.</summary>
internal sealed unsafe class Allocation(ulong address, long bytes, byte* host, string what, bool isConstant)
{
    /// <summary>The device address.</summary>
    public ulong Address { get; } = address;

    /// <summary>The size.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>The host address of the first byte.</summary>
    public byte* Host { get; } = host;

    /// <summary>What it is, for messages.</summary>
    public string What { get; } = what;

    /// <summary>Kernels may only read it.</summary>
    public bool IsConstant { get; } = isConstant;

    /// <summary>Which bytes were written, if that is checked.</summary>
    public InitMap? Written { get; init; }

    /// <summary>True once it was freed.</summary>
    public bool IsFreed { get; set; }
}

/// <summary>Gives out and finds memory. Changed only between launches, so that threads may search it while a kernel runs.</summary>
/// <param name="capacity">Bytes that the device has.</param>
/// <param name="tracks">Whether it is noted which bytes were written.</param>
internal sealed unsafe class DeviceMemory(long capacity, bool tracks) : IDisposable
{
    private const ulong Alignment = 256, Gap = 1 << 16;
    private readonly List<Allocation> _all = [];
    private ulong _next = Windows.Global;

    /// <summary>Bytes in use.</summary>
    public long Used { get; private set; }

    /// <summary>Memory filled with one byte; null if the device has no room.</summary>
    public Allocation? Allocate(long bytes, byte filler, string what, bool isConstant = false)
    {
        if (bytes > capacity - Used) return null;
        byte* host = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), (nuint)Alignment);
        NativeMemory.Fill(host, (nuint)bytes, filler);
        var allocation = new Allocation(_next, bytes, host, what, isConstant) { Written = tracks ? new InitMap(bytes) : null };
        _next = (_next + (ulong)bytes + Gap + Alignment - 1) & ~(Alignment - 1);
        _all.Add(allocation);
        Used += bytes;
        return allocation;
    }

    /// <summary>Gives memory back. The address stays known as freed.</summary>
    public void Free(Allocation allocation)
    {
        if (allocation.IsFreed) return;
        allocation.IsFreed = true;
        Used -= allocation.Bytes;
        NativeMemory.AlignedFree(allocation.Host);
    }

    /// <summary>The live allocation that an address lies in, or null.</summary>
    public Allocation? Find(ulong address) => Below(address) is { IsFreed: false } found && address - found.Address < (ulong)found.Bytes ? found : null;

    /// <summary>The host address of a range, or null if it is not inside of one live allocation.</summary>
    public byte* Host(ulong address, long bytes) =>
        Find(address) is { } found && bytes >= 0 && bytes <= found.Bytes - (long)(address - found.Address) ? found.Host + (address - found.Address) : null;

    /// <summary>Says what lies at an address that nobody may use.</summary>
    public string Describe(ulong address)
    {
        if (address < Windows.Global) return address < 4096 ? "it is null, or nearly" : "no memory of the device is there";
        if (Below(address) is not { } below) return "no memory of the device is there";
        ulong distance = address - below.Address;
        if (distance < (ulong)below.Bytes) return $"it lies {distance} bytes into {below.What} of {below.Bytes} bytes, which was freed";
        return $"it lies {distance - (ulong)below.Bytes} bytes behind the end of {below.What} of {below.Bytes} bytes at 0x{below.Address:x}{(below.IsFreed ? ", which was freed" : "")}";
    }

    /// <summary>Allocations that were not freed.</summary>
    public IEnumerable<Allocation> Live => _all.Where(allocation => !allocation.IsFreed);

    /// <summary>Frees everything.</summary>
    public void Dispose()
    {
        foreach (Allocation allocation in _all) Free(allocation);
    }

    private Allocation? Below(ulong address)
    {
        int low = 0, high = _all.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_all[middle].Address <= address) low = middle + 1;
            else high = middle;
        }
        return low > 0 ? _all[low - 1] : null;
    }
}
