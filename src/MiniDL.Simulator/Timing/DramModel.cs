// How many bytes reach DRAM: a small model of the second-level cache.
//
//     bytes = compulsory + repeated * miss        miss = 0 if the footprint fits the cache, else 1 - cache / footprint
//
// Compulsory are the different bytes touched, each once (the cache is taken to be cold). Repeated are the bytes that come to the second level beyond that. If the
// footprint is larger than the cache, a byte that is wanted again is taken to be anywhere in the footprint with equal chance, so it is still there with the
// chance cache / footprint. Good order of access does better than that; streaming over everything again does worse.
//
// The one thing to understand: a cache can save repeated reads only. What is touched once must come from DRAM whatever its size.
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Timing;

/// <summary>Estimates DRAM traffic.</summary>
internal static class DramModel
{
    /// <summary>Bytes read from and written to DRAM.</summary>
    /// <param name="counters">Of a launch. If nobody followed the sectors, all requested bytes count as repeated and none hits.</param>
    /// <param name="cacheBytes">The second-level cache.</param>
    public static double Bytes(KernelCounters counters, long cacheBytes)
    {
        if (counters.FootprintSectors < 0) return counters.GlobalBytes;
        double footprint = (double)GlobalAccess.SectorBytes * counters.FootprintSectors;
        double miss = footprint <= cacheBytes ? 0 : 1 - cacheBytes / footprint;
        return Bytes(counters.FootprintReadSectors, counters.SecondLevelReadSectors, miss) + Bytes(counters.FootprintWrittenSectors, counters.SecondLevelWrittenSectors, miss);
    }

    private static double Bytes(long compulsory, long all, double miss) => GlobalAccess.SectorBytes * (compulsory + Math.Max(0, all - compulsory) * miss);
}
