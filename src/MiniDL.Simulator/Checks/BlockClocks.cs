// The clocks of a block's threads: what barriers, .sync instructions and fences put in order.
//
// Both clocks are Lamport's (Lamport, Time, Clocks, and the Ordering of Events in a Distributed System, 1978): threads that meet set their clocks to the highest among them
// plus one. So whatever is ordered has a higher clock. The reverse does not hold when parts of a warp meet in different ways: then a race may be missed,
// but nothing is reported that is none.
//
// The one thing to understand: an access is ordered before a thread's present if the thread did it itself, or has passed a barrier since, or, in its own warp, a
// .sync instruction.
namespace MiniDL.Simulator.Checks;

/// <summary>Clocks of one block.</summary>
/// <param name="threads">Threads of the block.</param>
internal sealed class BlockClocks(int threads)
{
    private readonly uint[] _barrier = new uint[(threads + 31) / 32 * 32];
    private readonly uint[] _warp = new uint[(threads + 31) / 32 * 32];
    private readonly Fenced[] _fenced = new Fenced[(threads + 31) / 32 * 32];
    private readonly List<Acquired> _acquired = [];

    /// <summary>What a thread had behind it when it last executed a fence.</summary>
    public readonly record struct Fenced(bool Done, bool OfDevice, uint BarrierClock, uint WarpClock);

    /// <summary>A thread saw what others had released at an address.</summary>
    /// <param name="From">The address' releases.</param>
    /// <param name="Count">How many there were.</param>
    /// <param name="Thread">The thread.</param>
    /// <param name="BarrierClock">Its clocks at the time.</param>
    /// <param name="WarpClock">Its clocks at the time.</param>
    public readonly record struct Acquired(Releases From, int Count, int Thread, uint BarrierClock, uint WarpClock);

    /// <summary>The running number of the block.</summary>
    public uint Serial { get; private set; }

    /// <summary>A new block begins, with a number of its own.</summary>
    public void Start(uint serial)
    {
        Serial = serial;
        _barrier.AsSpan().Clear();
        _warp.AsSpan().Clear();
        _fenced.AsSpan().Clear();
        _acquired.Clear();
    }

    /// <summary>A thread's barrier clock.</summary>
    public uint BarrierClock(int thread) => _barrier[thread];

    /// <summary>A thread's warp clock.</summary>
    public uint WarpClock(int thread) => _warp[thread];

    /// <summary>All these lanes of warps passed one barrier together.</summary>
    public void PassBarrier(ReadOnlySpan<(int Warp, uint Lanes)> arrived)
    {
        uint latest = 0;
        foreach ((int warp, uint lanes) in arrived) latest = Math.Max(latest, Latest(_barrier, warp, lanes));
        foreach ((int warp, uint lanes) in arrived) Set(_barrier, warp, lanes, latest + 1);
    }

    /// <summary>Lanes of a warp took part in one .sync instruction.</summary>
    public void Synchronise(int warp, uint lanes) => Set(_warp, warp, lanes, Latest(_warp, warp, lanes) + 1);

    /// <summary>Lanes executed a fence: of the block (membar.cta) or of the device and beyond.</summary>
    public void Fence(int warp, uint lanes, bool ofDevice)
    {
        for (int lane = 0; lane < 32; lane++)
        {
            if ((lanes >> lane & 1) == 0) continue;
            int thread = warp * 32 + lane;
            _fenced[thread] = new Fenced(true, ofDevice, _barrier[thread], _warp[thread]);
        }
    }

    /// <summary>The thread's last fence.</summary>
    public Fenced LastFence(int thread) => _fenced[thread];

    /// <summary>A thread looked at an address where others may have released what they did.</summary>
    public void Acquire(Releases from, int thread)
    {
        if (from.Count == 0) return;
        var now = new Acquired(from, from.Count, thread, _barrier[thread], _warp[thread]);
        // In a loop that polls, the later look replaces the earlier.
        int same = _acquired.FindLastIndex(a => a.From == from && a.Thread == thread && a.BarrierClock == now.BarrierClock && a.WarpClock == now.WarpClock);
        if (same >= 0) _acquired[same] = now;
        else _acquired.Add(now);
    }

    /// <summary>What a thread, or one it met since, has acquired.</summary>
    public Acquired[] AcquiredBy(int thread) =>
        _acquired.Count == 0 ? [] : [.. _acquired.Where(a => IsBefore(a.Thread, a.BarrierClock, a.WarpClock, thread))];

    /// <summary>True if an access of this block is ordered before what a thread does now, by barriers and .sync instructions.</summary>
    public bool IsBefore(in Stamp past, int thread) => IsBefore(past.Thread, past.BarrierClock, past.WarpClock, thread);

    /// <summary>True if an access, of any block, is ordered before what a thread does now by a release that the thread, or one it met since, has acquired.</summary>
    public bool IsReleased(in Stamp past, int thread)
    {
        foreach (Acquired acquired in _acquired)
            if (IsBefore(acquired.Thread, acquired.BarrierClock, acquired.WarpClock, thread) && acquired.From.Cover(past, acquired.Count, Serial)) return true;
        return false;
    }

    private bool IsBefore(int pastThread, uint barrierClock, uint warpClock, int thread) =>
        pastThread == thread || barrierClock < _barrier[thread] || (pastThread / 32 == thread / 32 && warpClock < _warp[thread]);

    private static uint Latest(uint[] clocks, int warp, uint lanes)
    {
        uint latest = 0;
        for (int lane = 0; lane < 32; lane++) if ((lanes >> lane & 1) != 0) latest = Math.Max(latest, clocks[warp * 32 + lane]);
        return latest;
    }

    private static void Set(uint[] clocks, int warp, uint lanes, uint value)
    {
        for (int lane = 0; lane < 32; lane++) if ((lanes >> lane & 1) != 0) clocks[warp * 32 + lane] = value;
    }
}
