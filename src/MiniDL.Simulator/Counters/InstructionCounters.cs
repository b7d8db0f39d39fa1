// What memory instructions cost, instruction by instruction: the executor tells of every access.
//
// One of these belongs to each worker thread, so that nothing is shared while a kernel runs; they are added up at the end.
//
// The one thing to understand: counts are kept by instruction (its place in the decoded code), because from them everything else follows: sums by source line, by
// kind, and of the kernel.
namespace MiniDL.Simulator.Counters;

/// <summary>Which memory an instruction uses and how.</summary>
public enum AccessKind : byte
{
    /// <summary>No access was seen.</summary>
    None,

    /// <summary>A load of global memory.</summary>
    GlobalLoad,

    /// <summary>A store to global memory.</summary>
    GlobalStore,

    /// <summary>An atomic operation or reduction on global memory.</summary>
    GlobalAtomic,

    /// <summary>A load of shared memory.</summary>
    SharedLoad,

    /// <summary>A store to shared memory.</summary>
    SharedStore,

    /// <summary>An atomic operation on shared memory.</summary>
    SharedAtomic,

    /// <summary>A load of local memory.</summary>
    LocalLoad,

    /// <summary>A store to local memory.</summary>
    LocalStore,
}

/// <summary>Counts of one worker.</summary>
/// <param name="instructions">The length of the decoded code.</param>
/// <param name="traffic">Follows sectors to caches, for estimates of time; null to do without.</param>
internal sealed unsafe class InstructionCounters(int instructions, Traffic? traffic = null)
{
    private readonly AccessCounts[] _counts = new AccessCounts[instructions];
    private readonly AccessKind[] _kinds = new AccessKind[instructions];
    private readonly AccessPattern?[] _patterns = new AccessPattern?[instructions];

    /// <summary>Counts by instruction.</summary>
    public ReadOnlySpan<AccessCounts> Counts => _counts;

    /// <summary>What each instruction was seen to do.</summary>
    public ReadOnlySpan<AccessKind> Kinds => _kinds;

    /// <summary>Where sectors went, if that is followed.</summary>
    public Traffic? Traffic => traffic;

    /// <summary>A warp's access. With no lane on, nothing happens.</summary>
    /// <param name="pc">The instruction.</param>
    /// <param name="kind">What it does.</param>
    /// <param name="addresses">Of 32 lanes: device addresses, or offsets in shared memory.</param>
    /// <param name="mask">The lanes that are on.</param>
    /// <param name="bytes">Bytes of each lane: 16 for a vector of four floats.</param>
    public void Access(int pc, AccessKind kind, ulong* addresses, uint mask, int bytes)
    {
        if (mask == 0) return;
        bool isShared = kind is AccessKind.SharedLoad or AccessKind.SharedStore or AccessKind.SharedAtomic;
        _kinds[pc] = kind;
        (int cost, int best) = (_patterns[pc] ??= new()).Count(addresses, mask, bytes, isShared, kind == AccessKind.SharedLoad);
        ref AccessCounts counts = ref _counts[pc];
        counts.Requests++;
        if (isShared)
        {
            counts.Wavefronts += cost;
            counts.IdealWavefronts += best;
        }
        else
        {
            counts.Sectors += cost;
            counts.UniqueBytes += best;
            traffic?.Request(kind, addresses, mask, bytes, cost);
        }
    }

    /// <summary>Adds another worker's.</summary>
    public void Add(InstructionCounters other)
    {
        for (int pc = 0; pc < _counts.Length; pc++)
        {
            _counts[pc] += other._counts[pc];
            if (_kinds[pc] == AccessKind.None) _kinds[pc] = other._kinds[pc];
        }
        if (other.Traffic is not null) traffic?.Add(other.Traffic);
    }
}
