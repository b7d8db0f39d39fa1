// Which sectors of the device's memory were touched: one bit each, in pages that are made when first needed.
//
// The one thing to understand: a kernel's footprint, the different bytes it touches, is what must come from DRAM at least once, however good the caches are.
using System.Numerics;

namespace MiniDL.Simulator.Counters;

/// <summary>A set of sectors.</summary>
internal sealed class SectorSet
{
    // A page of 1 KB has bits for 8,192 sectors: 256 KB of the device's memory.
    private const int PageWords = 128;
    private readonly Dictionary<ulong, ulong[]> _pages = [];
    private readonly Stack<ulong[]> _empty = [];   // pages to use again, all zero
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

    /// <summary>True if there are none.</summary>
    public bool IsEmpty => _pages.Count == 0;

    /// <summary>The number of sectors.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            foreach (ulong[] page in _pages.Values)
                foreach (ulong word in page) count += BitOperations.PopCount(word);
            return count;
        }
    }

    /// <summary>The number of sectors from a first one up to and without a last one.</summary>
    public long CountBetween(ulong first, ulong end)
    {
        const ulong sectors = PageWords * 64;
        long count = 0;
        foreach ((ulong number, ulong[] page) in _pages)
        {
            if ((number + 1) * sectors <= first || number * sectors >= end) continue;
            for (int i = 0; i < PageWords; i++)
            {
                ulong word = number * sectors + (ulong)i * 64;
                if (page[i] == 0 || word + 64 <= first || word >= end) continue;
                ulong from = first > word ? ulong.MaxValue << (int)(first - word) : ulong.MaxValue, to = end < word + 64 ? (1UL << (int)(end - word)) - 1 : ulong.MaxValue;
                count += BitOperations.PopCount(page[i] & from & to);
            }
        }
        return count;
    }

    /// <summary>Takes all out.</summary>
    public void Clear()
    {
        foreach (ulong[] page in _pages.Values)
        {
            Array.Clear(page);
            _empty.Push(page);
        }
        _pages.Clear();
        _latest = ulong.MaxValue;
    }

    private void Turn(ulong number)
    {
        if (!_pages.TryGetValue(number, out ulong[]? page)) _pages[number] = page = _empty.TryPop(out ulong[]? used) ? used : new ulong[PageWords];
        (_latest, _page) = (number, page);
    }
}
