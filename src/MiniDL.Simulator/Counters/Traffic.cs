// Follows sectors from the warps to the second-level cache, and notes which there are: what the timing model needs beyond the counters.
//
// Loads ask the first-level cache, of which a block has its share (the SM's, divided by its resident blocks), empty when the block begins. Stores and atomics go
// through to the second level. What reaches DRAM is worked out from the sets of sectors afterwards (Timing).
//
// The one thing to understand: each block is looked at on its own, so that the result does not depend on which blocks happen to run beside it in the simulator.
namespace MiniDL.Simulator.Counters;

/// <summary>Sectors that pass from the first to the second level.</summary>
/// <param name="firstLevelBytes">A block's share of the first-level cache.</param>
internal sealed unsafe class Traffic(long firstLevelBytes)
{
    private readonly SectorCache _firstLevel = new(firstLevelBytes);

    /// <summary>Sectors read from the second level.</summary>
    public long ReadSectors { get; private set; }

    /// <summary>Sectors written to the second level, atomics included.</summary>
    public long WrittenSectors { get; private set; }

    /// <summary>The different sectors read.</summary>
    public SectorSet Read { get; } = new();

    /// <summary>The different sectors written.</summary>
    public SectorSet Written { get; } = new();

    /// <summary>A new block begins.</summary>
    public void BeginBlock() => _firstLevel.Clear();

    /// <summary>A warp's request, which touches so many sectors.</summary>
    public void Request(AccessKind kind, ulong* addresses, uint mask, int bytes, int sectors)
    {
        if (kind is AccessKind.LocalLoad or AccessKind.LocalStore) return;
        bool reads = kind == AccessKind.GlobalLoad;
        if (!reads) WrittenSectors += sectors;
        ulong latest = ulong.MaxValue;
        for (int lane = 0; lane < 32; lane++)
        {
            if ((mask >> lane & 1) == 0) continue;
            ulong last = (addresses[lane] + (ulong)bytes - 1) / GlobalAccess.SectorBytes;
            for (ulong sector = addresses[lane] / GlobalAccess.SectorBytes; sector <= last; sector++)
            {
                if (sector == latest) continue;
                latest = sector;
                if (reads) ReadOne(sector);
                else Written.Add(sector);
            }
        }
    }

    private void ReadOne(ulong sector)
    {
        Read.Add(sector);
        if (!_firstLevel.Touch(sector)) ReadSectors++;
    }

    /// <summary>Adds another worker's.</summary>
    public void Add(Traffic other)
    {
        ReadSectors += other.ReadSectors;
        WrittenSectors += other.WrittenSectors;
        Read.Add(other.Read);
        Written.Add(other.Written);
    }
}
