// What was released at an address: a thread that executes a fence, and then a strong write (an atomic, a volatile store) there, hands over everything it had behind it.
//
//     block 3                                    the last block
//     partial[3] = sum;                          ticket = atomicInc(&count)     looks at the address: acquires all releases so far
//     __threadfence();                           __syncthreads();               its block's other threads are ordered behind it
//     atomicInc(&count);     releases            ... = partial[3];              ordered: no race
//
// What a thread has acquired before, at whatever address, it hands on with its own release.
//
// The one thing to understand: without the fence there is no release. The atomic itself is seen in order, what was written before it is not.
namespace MiniDL.Simulator.Checks;

/// <summary>The releases at one address, in order.</summary>
internal sealed class Releases
{
    private readonly List<Release> _all = [];
    private readonly Dictionary<uint, List<Release>> _byBlock = [];

    /// <summary>What one thread handed over.</summary>
    private sealed record Release(int Number, int Thread, BlockClocks.Fenced Fence, BlockClocks.Acquired[] HandedOn);

    /// <summary>How many there were.</summary>
    public int Count => _all.Count;

    /// <summary>A thread of a block releases what it had behind it at a fence, and what it has acquired elsewhere.</summary>
    public void Add(BlockClocks block, int thread)
    {
        BlockClocks.Fenced fence = block.LastFence(thread);
        BlockClocks.Acquired[] acquired = block.AcquiredBy(thread);
        if (!_byBlock.TryGetValue(block.Serial, out List<Release>? its)) _byBlock[block.Serial] = its = [];
        // Releasing the same again adds nothing: the earlier one reaches more.
        if (its.FindLast(r => r.Thread == thread) is { } latest && latest.Fence == fence && latest.HandedOn.AsSpan().SequenceEqual(acquired)) return;
        var release = new Release(Count, thread, fence, acquired);
        its.Add(release);
        _all.Add(release);
    }

    /// <summary>True if one of the first so many releases has an access behind it, or hands on one that has.</summary>
    /// <param name="past">The access.</param>
    /// <param name="count">The number of releases that were seen.</param>
    /// <param name="block">The block that saw them: a fence of the block alone is no use to others.</param>
    public bool Cover(in Stamp past, int count, uint block) => CoversItself(past, count, block) || Reaches(past, count, []);

    private bool CoversItself(in Stamp past, int count, uint block)
    {
        if (!_byBlock.TryGetValue(past.Block, out List<Release>? releases)) return false;
        foreach (Release release in releases)
        {
            BlockClocks.Fenced fence = release.Fence;
            if (release.Number >= count || (!fence.OfDevice && past.Block != block)) continue;
            bool own = past.Thread == release.Thread && past.BarrierClock <= fence.BarrierClock && past.WarpClock <= fence.WarpClock;
            if (own || past.BarrierClock < fence.BarrierClock || (past.Warp == release.Thread / 32 && past.WarpClock < fence.WarpClock)) return true;
        }
        return false;
    }

    /// <summary>Looks through what was handed on. Only what would else be reported as a race gets here.</summary>
    private bool Reaches(in Stamp past, int count, HashSet<(Releases, int)> seen)
    {
        foreach (Release release in _all)
        {
            if (release.Number >= count) break;
            foreach (BlockClocks.Acquired acquired in release.HandedOn)
            {
                if (!seen.Add((acquired.From, acquired.Count))) continue;
                // Whose fence it was is not followed any further: a race may be missed for a fence that is too weak.
                if (acquired.From.CoversItself(past, acquired.Count, past.Block) || acquired.From.Reaches(past, acquired.Count, seen)) return true;
            }
        }
        return false;
    }
}
