// How often each instruction ran: the raw material of all counters.
//
// The one thing to understand: lanes run straight on between branches, so it is enough to note where they enter and where they leave (+1 and -1); the count of an
// instruction is the sum of the notes up to it. Counting costs nothing per instruction.
namespace MiniDL.Simulator.Execute;

/// <summary>Notes of one worker thread.</summary>
internal sealed class Profile(int instructions)
{
    private readonly long[] _warps = new long[instructions + 1];
    private readonly long[] _lanes = new long[instructions + 1];

    /// <summary>Branches at which the lanes of a warp parted, by instruction.</summary>
    public long[] Diverged { get; } = new long[instructions];

    /// <summary>A group of lanes ran from one instruction to just before another.</summary>
    public void Ran(int from, int to, int lanes)
    {
        _warps[from]++;
        _warps[to]--;
        _lanes[from] += lanes;
        _lanes[to] -= lanes;
    }

    /// <summary>Warp instructions and lane instructions by place.</summary>
    public (long[] Warps, long[] Lanes) Sum()
    {
        long[] warps = new long[_warps.Length - 1], lanes = new long[_warps.Length - 1];
        long warp = 0, lane = 0;
        for (int i = 0; i < warps.Length; i++)
        {
            warps[i] = warp += _warps[i];
            lanes[i] = lane += _lanes[i];
        }
        return (warps, lanes);
    }
}
