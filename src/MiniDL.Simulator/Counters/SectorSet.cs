// Which sectors of the device's memory were touched: one bit each, in pages that are made when first needed.
//
// The one thing to understand: a kernel's footprint, the different bytes it touches, is what must come from DRAM at least once, however good the caches are.
using System.Numerics;

namespace MiniDL.Simulator.Counters;

/// <summary>A set of sectors.</summary>
internal sealed class SectorSet
{
    // A page of 4 KB has bits for 32,768 sectors: 1 MB of the device's memory.
    private const int PageWords = 512;
    private readonly Dictionary<ulong, ulong[]> _pages = [];
    private ulong _latest = ulong.MaxValue;
    private ulong[] _page = [];

    /// <summary>Adds a sector (an address / 32).</summary>
    public void Add(ulong sector)
    {
        ulong number = sector / (PageWords * 64);
        if (number != _latest) Turn(number);
        _page[sector / 64 % PageWords] |= 1UL << (int)(sector % 64);
    }

    /// <summary>Adds all of another set.</summary>
    public void Add(SectorSet other)
    {
        foreach ((ulong number, ulong[] page) in other._pages)
        {
            Turn(number);
            for (int i = 0; i < PageWords; i++) _page[i] |= page[i];
        }
    }

    /// <summary>The number of sectors.</summary>
    public long Count => _pages.Values.Sum(page => page.Sum(word => (long)BitOperations.PopCount(word)));

    /// <summary>The number of sectors in this set or another.</summary>
    public long CountWith(SectorSet other)
    {
        var both = new SectorSet();
        both.Add(this);
        both.Add(other);
        return both.Count;
    }

    private void Turn(ulong number)
    {
        if (!_pages.TryGetValue(number, out ulong[]? page)) _pages[number] = page = new ulong[PageWords];
        (_latest, _page) = (number, page);
    }
}
