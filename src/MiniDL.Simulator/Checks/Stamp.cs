// Who accessed a word, and when, in 16 bytes.
//
// The one thing to understand: "when" is two clocks of the thread. The barrier clock moves when the thread passes a barrier of its block, the warp clock when it takes part in
// a .sync instruction of its warp. Of two threads that met at a barrier, whoever comes later has the higher clock.
namespace MiniDL.Simulator.Checks;

/// <summary>An access in the past.</summary>
internal struct Stamp
{
    // Thread in the low 10 bits, instruction above; barrier clock in the low 26 bits, flags above.
    private const int ThreadBits = 10, ClockBits = 26;
    private const uint StrongFlag = 1u << 26, SeveralFlag = 1u << 27;
    private uint _place, _clockAndFlags;

    /// <summary>The running number of the block over all launches; 0 if there was no access.</summary>
    public uint Block { get; private init; }

    /// <summary>The thread's warp clock.</summary>
    public uint WarpClock { get; private init; }

    /// <summary>The thread's number in its block.</summary>
    public readonly int Thread => (int)(_place & ((1 << ThreadBits) - 1));

    /// <summary>Its warp.</summary>
    public readonly int Warp => Thread / 32;

    /// <summary>The instruction.</summary>
    public readonly int Pc => (int)(_place >> ThreadBits);

    /// <summary>The thread's barrier clock.</summary>
    public readonly uint BarrierClock => _clockAndFlags & ((1u << ClockBits) - 1);

    /// <summary>Atomic, volatile, or with .relaxed, .acquire or .release: two strong accesses never race.</summary>
    public readonly bool IsStrong => (_clockAndFlags & StrongFlag) != 0;

    /// <summary>More lanes of the same warp did the same at the same clocks.</summary>
    public bool Several
    {
        readonly get => (_clockAndFlags & SeveralFlag) != 0;
        set => _clockAndFlags = value ? _clockAndFlags | SeveralFlag : _clockAndFlags & ~SeveralFlag;
    }

    /// <summary>The bytes of the word, one bit each.</summary>
    public uint ByteMask
    {
        readonly get => _clockAndFlags >> 28;
        set => _clockAndFlags = (_clockAndFlags & 0x0FFF_FFFF) | (value << 28);
    }

    /// <summary>Stamps an access.</summary>
    public static Stamp Of(uint block, int thread, int pc, uint barrierClock, uint warpClock, uint byteMask, bool strong) => new()
    {
        Block = block,
        WarpClock = warpClock,
        _place = (uint)thread | ((uint)pc << ThreadBits),
        _clockAndFlags = Math.Min(barrierClock, (1u << ClockBits) - 1) | (strong ? StrongFlag : 0) | (byteMask << 28),
    };

    /// <summary>True if both were made at the same clocks by one warp.</summary>
    public readonly bool IsAlongside(in Stamp other) => Block == other.Block && Warp == other.Warp && BarrierClock == other.BarrierClock && WarpClock == other.WarpClock;
}
