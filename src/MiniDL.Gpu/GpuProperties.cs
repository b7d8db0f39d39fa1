// What a GPU is and has: the numbers that launches, occupancy and rooflines are worked out from.
//
// The one thing to understand: limits are per multiprocessor (SM) unless they say block; occupancy follows from whichever runs out first.
namespace MiniDL.Gpu;

/// <summary>The properties of a device.</summary>
public sealed record GpuProperties
{
    /// <summary>The name the vendor gives it.</summary>
    public required string Name { get; init; }

    /// <summary>The compute capability, major first.</summary>
    public required (int Major, int Minor) Capability { get; init; }

    /// <summary>Streaming multiprocessors.</summary>
    public required int Multiprocessors { get; init; }

    /// <summary>Device memory in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Resident threads of a multiprocessor.</summary>
    public required int ThreadsPerMultiprocessor { get; init; }

    /// <summary>Resident blocks of a multiprocessor.</summary>
    public required int BlocksPerMultiprocessor { get; init; }

    /// <summary>Registers of 32 bits of a multiprocessor.</summary>
    public int RegistersPerMultiprocessor { get; init; } = 65_536;

    /// <summary>Shared memory of a multiprocessor in bytes.</summary>
    public required int SharedBytesPerMultiprocessor { get; init; }

    /// <summary>Shared memory that one block may ask for at most, in bytes.</summary>
    public required int SharedBytesPerBlock { get; init; }

    /// <summary>Second-level cache in bytes.</summary>
    public required int L2Bytes { get; init; }

    /// <summary>Core clock in MHz; 0 if unknown.</summary>
    public int ClockMHz { get; init; }

    /// <summary>Peak bandwidth of device memory in GB/s; 0 if unknown.</summary>
    public double MemoryGBPerSecond { get; init; }

    /// <summary>True for a simulated GPU: times mean nothing.</summary>
    public bool IsSimulated { get; init; }

    /// <summary>The architecture as NVRTC takes it, <c>sm_80</c>.</summary>
    public string Architecture => $"sm_{Capability.Major}{Capability.Minor}";
}
