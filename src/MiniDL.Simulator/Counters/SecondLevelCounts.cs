// What the second-level cache is asked for, and how often it is the same again: by the same block, by another one of its wave, by a later wave.
//
//     all requests  >=  different in each block, summed  >=  different in each wave, summed  >=  different in the launch
//
// The one thing to understand: each difference is a kind of reuse. What the same block reads again comes back after the whole device has worked on; what another block of the wave reads,
// it reads at about the same time; what a later wave reads comes back last. Whether a cache helps depends on which it is (Timing/DramModel).
namespace MiniDL.Simulator.Counters;

/// <summary>Sectors of 32 bytes on their way to or from the second-level cache.</summary>
/// <param name="All">All that were asked for beyond the first level.</param>
/// <param name="OfBlocks">Different ones of each block, summed over blocks.</param>
/// <param name="OfWaves">Different ones of each wave (the blocks that the device holds at once), summed over waves.</param>
/// <param name="Different">Different ones of the launch.</param>
public readonly record struct SecondLevelCounts(long All, long OfBlocks, long OfWaves, long Different)
{
    /// <summary>The sum over two launches, which are taken to touch different sectors.</summary>
    public static SecondLevelCounts operator +(SecondLevelCounts a, SecondLevelCounts b) =>
        new(a.All + b.All, a.OfBlocks + b.OfBlocks, a.OfWaves + b.OfWaves, a.Different + b.Different);

    /// <summary>What a whole launch asks for of which a part of the waves ran.</summary>
    /// <param name="factor">All blocks by those that ran.</param>
    /// <param name="different">Different sectors of the launch, which no factor can tell: waves share them.</param>
    internal SecondLevelCounts Times(double factor, long different) =>
        new(AccessCounts.Scaled(All, factor), AccessCounts.Scaled(OfBlocks, factor), AccessCounts.Scaled(OfWaves, factor), different);
}
