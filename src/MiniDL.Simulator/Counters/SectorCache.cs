// A small cache of sectors, as far as hits and misses go: the first-level cache that a block finds.
//
// Lines of 128 bytes with a bit for each of their 4 sectors, in sets of 4 lines; the line not used for longest makes room.
//
// The one thing to understand: only which addresses it holds matters. There is no data in it.
namespace MiniDL.Simulator.Counters;

/// <summary>Tells hits from misses.</summary>
internal sealed class SectorCache
{
    private const int Ways = 4, SectorsPerLine = 4;
    private readonly ulong[] _lines;        // line number + 1, newest first within a set; 0 is empty
    private readonly byte[] _present;       // the sectors of each line that are there
    private readonly int _sets;

    /// <summary>A cache of so many bytes, rounded down to whole sets; at least one.</summary>
    public SectorCache(long bytes)
    {
        _sets = (int)Math.Max(1, bytes / (Ways * SectorsPerLine * GlobalAccess.SectorBytes));
        (_lines, _present) = (new ulong[_sets * Ways], new byte[_sets * Ways]);
    }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        _lines.AsSpan().Clear();
        _present.AsSpan().Clear();
    }

    /// <summary>True if the sector is there; it is afterwards.</summary>
    public bool Touch(ulong sector)
    {
        ulong line = sector / SectorsPerLine + 1;
        byte bit = (byte)(1 << (int)(sector % SectorsPerLine));
        int first = (int)(line % (ulong)_sets) * Ways, way = first;
        while (way < first + Ways - 1 && _lines[way] != line) way++;
        byte present = _lines[way] == line ? _present[way] : (byte)0;

        // The line comes to the front; those before it move back by one.
        for (; way > first; way--) (_lines[way], _present[way]) = (_lines[way - 1], _present[way - 1]);
        (_lines[first], _present[first]) = (line, (byte)(present | bit));
        return (present & bit) != 0;
    }
}
