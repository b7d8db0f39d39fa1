// What was released at an address: a thread that executes a fence, and then a strong write (an atomic, a volatile store) there, hands over everything it had behind it.
//
//     block 3                                    the last block
//     partial[3] = sum;                          ticket = atomicInc(&count)     looks at the address: acquires all releases so far
//     __threadfence();                           __syncthreads();               its block's other threads are ordered behind it
//     atomicInc(&count);     releases            ... = partial[3];              ordered: no race
//
// The one thing to understand: without the fence there is no release. The atomic itself is seen in order, what was written before it is not.
namespace MiniDL.Simulator.Checks;

/// <summary>The releases at one address, in order.</summary>
internal sealed class Releases
{
    private readonly Dictionary<uint, List<Release>> _byBlock = [];

    private readonly record struct Release(int Number, int Thread, bool OfDevice, uint BarrierClock, uint WarpClock);

    /// <summary>How many there were.</summary>
    public int Count { get; private set; }

    /// <summary>A thread of a block releases what it had behind it at a fence.</summary>
    public void Add(uint block, int thread, in BlockClocks.Fenced fence)
    {
        if (!_byBlock.TryGetValue(block, out List<Release>? releases)) _byBlock[block] = releases = [];
        var release = new Release(Count, thread, fence.OfDevice, fence.BarrierClock, fence.WarpClock);
        // Releasing the same again adds nothing: the earlier one reaches more.
        if (releases.Exists(r => r with { Number = Count } == release)) return;
        releases.Add(release);
        Count++;
    }

    /// <summary>True if one of the first so many releases has an access behind it.</summary>
    /// <param name="past">The access.</param>
    /// <param name="count">The number of releases that were seen.</param>
    /// <param name="block">The block that saw them: a fence of the block alone is no use to others.</param>
    public bool Cover(in Stamp past, int count, uint block)
    {
        if (!_byBlock.TryGetValue(past.Block, out List<Release>? releases)) return false;
        foreach (Release release in releases)
        {
            if (release.Number >= count || (!release.OfDevice && past.Block != block)) continue;
            bool own = past.Thread == release.Thread && past.BarrierClock <= release.BarrierClock && past.WarpClock <= release.WarpClock;
            if (own || past.BarrierClock < release.BarrierClock || (past.Warp == release.Thread / 32 && past.WarpClock < release.WarpClock)) return true;
        }
        return false;
    }
}
