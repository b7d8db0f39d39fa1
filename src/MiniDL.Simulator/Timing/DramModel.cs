// How many bytes reach DRAM: a small model of the second-level cache.
//
//     bytes = different in the launch                                  must come once: the cache is taken to be cold
//           + (of waves - different) * miss(footprint)                 wanted again by a later wave
//           + (of blocks - of waves) * 0                               wanted again by another block of the same wave
//           + (all - of blocks) * miss(footprint of a wave)            wanted again by the same block
//     miss(x) = 0 if x fits the cache, else 1 - cache / x
//
// Blocks of a wave begin together and run side by side: what they share they want at about the same time, and all but the first find it in the cache. That is what "threadblock
// rasterization" of matrix products relies on (NVIDIA, CUTLASS, "Efficient GEMM in CUDA": neighbouring blocks access the same tiles "at approximately the same time").
// What comes back later is taken to lie anywhere in what was touched meanwhile, with equal chance. Good order of access does better than that; streaming over everything again does worse.
//
// The one thing to understand: a cache can save repeated reads only. What is touched once must come from DRAM whatever its size.
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Timing;

/// <summary>Estimates DRAM traffic.</summary>
internal static class DramModel
{
    /// <summary>Bytes read from DRAM and written to it.</summary>
    /// <param name="counters">Of a launch. If nobody followed the sectors, all requested bytes count as repeated and none hits.</param>
    /// <param name="cacheBytes">The second-level cache.</param>
    public static (double Read, double Written) Bytes(KernelCounters counters, long cacheBytes)
    {
        if (counters.SecondLevelReads is not { } reads || counters.SecondLevelWrites is not { } writes)
            return (counters.GlobalLoads.MovedBytes, counters.GlobalStores.MovedBytes + counters.GlobalAtomics.MovedBytes);
        double ofLaunch = Miss(counters.FootprintSectors, cacheBytes), ofWave = Miss((double)(reads.OfWaves + writes.OfWaves) / counters.Waves, cacheBytes);
        return (Bytes(reads, ofLaunch, ofWave), Bytes(writes, ofLaunch, ofWave));
    }

    private static double Miss(double sectors, long cacheBytes) => Math.Max(0, 1 - cacheBytes / Math.Max(1, GlobalAccess.SectorBytes * sectors));

    private static double Bytes(SecondLevelCounts counts, double ofLaunch, double ofWave) =>
        GlobalAccess.SectorBytes * (counts.Different + Math.Max(0, counts.OfWaves - counts.Different) * ofLaunch + Math.Max(0, counts.All - counts.OfBlocks) * ofWave);
}
