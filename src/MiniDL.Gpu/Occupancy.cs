// How many warps of a kernel fit on a multiprocessor at once, and what runs out first.
//
// Known when a kernel has been compiled, before it ever runs: it takes the registers and the shared memory that the compiler reports and the launch's block.
// The one thing to understand: a GPU hides the latency of memory by switching to another resident warp, so few warps can mean waiting; but once the
// latency is hidden more warps gain nothing, and a kernel that spends registers on reuse may well be faster at a quarter of the occupancy.
namespace MiniDL.Gpu;

/// <summary>What limits the number of resident blocks.</summary>
public enum OccupancyLimiter
{
    /// <summary>The resident threads of a multiprocessor.</summary>
    Threads,

    /// <summary>The resident blocks of a multiprocessor: blocks are small.</summary>
    Blocks,

    /// <summary>Registers.</summary>
    Registers,

    /// <summary>Shared memory.</summary>
    SharedMemory,
}

/// <summary>The theoretical occupancy of a kernel.</summary>
/// <param name="BlocksPerMultiprocessor">Blocks that are resident at once; 0 if not even one fits, so that a launch would fail.</param>
/// <param name="WarpsPerBlock">Warps of a block, the last perhaps not full.</param>
/// <param name="MostWarps">Warps that a multiprocessor can hold.</param>
/// <param name="Limiter">What runs out first; of several the first in the order threads, blocks, registers, shared memory.</param>
/// <example><code>
/// Occupancy occupancy = Occupancy.Of(Multiprocessor.Of((8, 0)), threads: 256, registers: 64, sharedBytes: 0);
/// // occupancy.Fraction == 0.5, limited by registers
/// </code></example>
public readonly record struct Occupancy(int BlocksPerMultiprocessor, int WarpsPerBlock, int MostWarps, OccupancyLimiter Limiter)
{
    /// <summary>Resident warps.</summary>
    public int Warps => BlocksPerMultiprocessor * WarpsPerBlock;

    /// <summary>Resident warps as a part of what would fit, from 0 to 1.</summary>
    public double Fraction => (double)Warps / MostWarps;

    /// <summary>Works the occupancy out. Source: CUDA C++ Best Practices Guide, section "Occupancy", and the granularities of the CUDA occupancy calculator.</summary>
    /// <param name="sm">The multiprocessor.</param>
    /// <param name="threads">Threads of a block, 1 to 1,024.</param>
    /// <param name="registers">Registers of a thread.</param>
    /// <param name="sharedBytes">Shared memory of a block, static and dynamic.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    public static Occupancy Of(Multiprocessor sm, int threads, int registers, int sharedBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, Multiprocessor.MostThreadsPerBlock);
        ArgumentOutOfRangeException.ThrowIfNegative(registers);
        ArgumentOutOfRangeException.ThrowIfNegative(sharedBytes);
        int warps = RoundUp(threads, Multiprocessor.WarpSize) / Multiprocessor.WarpSize;

        // Whichever allows the fewest blocks is the limit.
        ReadOnlySpan<(int Blocks, OccupancyLimiter Limiter)> limits =
        [
            (sm.Warps / warps, OccupancyLimiter.Threads),
            (sm.Blocks, OccupancyLimiter.Blocks),
            (BlocksByRegisters(sm, warps, registers), OccupancyLimiter.Registers),
            (BlocksBySharedMemory(sm, sharedBytes), OccupancyLimiter.SharedMemory),
        ];
        (int Blocks, OccupancyLimiter Limiter) least = limits[0];
        foreach ((int Blocks, OccupancyLimiter Limiter) limit in limits)
            if (limit.Blocks < least.Blocks) least = limit;
        return new Occupancy(least.Blocks, warps, sm.Warps, least.Limiter);
    }

    // A warp gets 32 * registers, rounded up to 256, out of the quarter of the SM it lives in.
    private static int BlocksByRegisters(Multiprocessor sm, int warps, int registers)
    {
        if (registers == 0) return sm.Blocks;
        if (registers > Multiprocessor.MostRegistersPerThread) return 0;
        int perWarp = RoundUp(registers * Multiprocessor.WarpSize, Multiprocessor.RegisterUnit);
        int warpsPerPartition = sm.Registers / Multiprocessor.Partitions / perWarp;
        return warpsPerPartition * Multiprocessor.Partitions / warps;
    }

    private static int BlocksBySharedMemory(Multiprocessor sm, int sharedBytes)
    {
        if (sharedBytes > sm.SharedBytesPerBlock) return 0;
        int perBlock = RoundUp(sharedBytes + sm.ReservedSharedBytes, sm.SharedUnit);
        return perBlock == 0 ? sm.Blocks : sm.SharedBytes / perBlock;
    }

    private static int RoundUp(int value, int unit) => (value + unit - 1) / unit * unit;
}
