// Follows sectors from the warps to the second-level cache, and notes which there are: what the timing model needs beyond the counters.
//
// Loads ask the first-level cache, of which a block has its share (the SM's, divided by its resident blocks), empty when the block begins. Stores and atomics go
// through to the second level. What reaches DRAM is worked out from the sets of sectors afterwards (Timing).
//
// The one thing to understand: each block is looked at on its own, and noted under the wave that its number puts it in, so that the result does not depend on which blocks happen to
// run beside it in the simulator.
namespace MiniDL.Simulator.Counters;

/// <summary>Sectors that pass from the first to the second level.</summary>
/// <param name="firstLevelBytes">A block's share of the first-level cache.</param>
internal sealed unsafe class Traffic(long firstLevelBytes)
{
    private readonly SectorCache _firstLevel = new(firstLevelBytes);
    private readonly Dictionary<long, (SectorSet Read, SectorSet Written)> _waves = [];
    private readonly SectorSet _read = new(), _written = new();   // of the block that runs
    private long _readSectors, _writtenSectors, _readOfBlocks, _writtenOfBlocks, _wave;

    /// <summary>What was read.</summary>
    public SecondLevelCounts Reads
    {
        get
        {
            EndBlock();
            return new(_readSectors, _readOfBlocks, _waves.Values.Sum(wave => wave.Read.Count), Union(reads: true, writes: false).Count);
        }
    }

    /// <summary>What was written, by atomics too.</summary>
    public SecondLevelCounts Writes
    {
        get
        {
            EndBlock();
            return new(_writtenSectors, _writtenOfBlocks, _waves.Values.Sum(wave => wave.Written.Count), Union(reads: false, writes: true).Count);
        }
    }

    /// <summary>Waves of which a block was seen.</summary>
    public int Waves => Math.Max(1, _waves.Count);

    /// <summary>The different sectors read, written, or either.</summary>
    public SectorSet Union(bool reads, bool writes)
    {
        EndBlock();
        var all = new SectorSet();
        foreach ((SectorSet read, SectorSet written) in _waves.Values)
        {
            if (reads) all.Add(read);
            if (writes) all.Add(written);
        }
        return all;
    }

    /// <summary>The different sectors of a whole launch of which a part of the waves ran: as many more as there are more blocks, but in no allocation more than it has. Blocks share what
    /// they read, and this much of that is certain.</summary>
    /// <param name="factor">All blocks by those that ran.</param>
    /// <param name="allocations">First sectors, and those behind the last.</param>
    public (long Read, long Written, long Either) Extrapolate(double factor, IReadOnlyList<(ulong First, ulong End)> allocations)
    {
        return (Count(Union(reads: true, writes: false)), Count(Union(reads: false, writes: true)), Count(Union(reads: true, writes: true)));

        long Count(SectorSet seen) => allocations.Sum(its => Math.Min((long)(its.End - its.First), AccessCounts.Scaled(seen.CountBetween(its.First, its.End), factor)));
    }

    /// <summary>A new block begins.</summary>
    /// <param name="wave">The wave it belongs to.</param>
    public void BeginBlock(long wave)
    {
        EndBlock();
        _firstLevel.Clear();
        _wave = wave;
    }

    /// <summary>A warp's request, which touches so many sectors.</summary>
    public void Request(AccessKind kind, ulong* addresses, uint mask, int bytes, int sectors)
    {
        if (kind is AccessKind.LocalLoad or AccessKind.LocalStore) return;
        bool reads = kind == AccessKind.GlobalLoad;
        if (!reads) _writtenSectors += sectors;
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
                else _written.Add(sector);
            }
        }
    }

    private void ReadOne(ulong sector)
    {
        _read.Add(sector);
        if (!_firstLevel.Touch(sector)) _readSectors++;
    }

    /// <summary>Adds another worker's.</summary>
    public void Add(Traffic other)
    {
        EndBlock();
        other.EndBlock();
        (_readSectors, _writtenSectors) = (_readSectors + other._readSectors, _writtenSectors + other._writtenSectors);
        (_readOfBlocks, _writtenOfBlocks) = (_readOfBlocks + other._readOfBlocks, _writtenOfBlocks + other._writtenOfBlocks);
        foreach ((long wave, (SectorSet Read, SectorSet Written) sets) in other._waves) AddToWave(wave, sets.Read, sets.Written);
    }

    /// <summary>What the block has touched is noted under its wave.</summary>
    private void EndBlock()
    {
        if (_read.IsEmpty && _written.IsEmpty) return;
        (_readOfBlocks, _writtenOfBlocks) = (_readOfBlocks + _read.Count, _writtenOfBlocks + _written.Count);
        AddToWave(_wave, _read, _written);
        _read.Clear();
        _written.Clear();
    }

    private void AddToWave(long wave, SectorSet read, SectorSet written)
    {
        if (!_waves.TryGetValue(wave, out (SectorSet Read, SectorSet Written) sets)) _waves[wave] = sets = (new(), new());
        sets.Read.Add(read);
        sets.Written.Add(written);
    }
}
