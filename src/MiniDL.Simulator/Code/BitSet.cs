// A set of small numbers, one bit each.
using System.Numerics;

namespace MiniDL.Simulator.Code;

/// <summary>A set of the numbers from 0 to count - 1.</summary>
internal sealed class BitSet(int count)
{
    private readonly ulong[] _words = new ulong[(count + 63) / 64];

    /// <summary>Whether a number is in it.</summary>
    public bool Has(int i) => (_words[i / 64] >> (i % 64) & 1) != 0;

    /// <summary>Adds a number.</summary>
    public void Add(int i) => _words[i / 64] |= 1UL << (i % 64);

    /// <summary>Adds all of another set.</summary>
    public void Add(BitSet other)
    {
        for (int w = 0; w < _words.Length; w++) _words[w] |= other._words[w];
    }

    /// <summary>Adds what is in one set and not in another; true if anything was new.</summary>
    public bool AddExcept(BitSet some, BitSet without)
    {
        ulong added = 0;
        for (int w = 0; w < _words.Length; w++)
        {
            ulong bits = some._words[w] & ~without._words[w] & ~_words[w];
            _words[w] |= bits;
            added |= bits;
        }
        return added != 0;
    }

    /// <summary>Empties it.</summary>
    public void Clear() => _words.AsSpan().Clear();

    /// <summary>Its numbers, in order.</summary>
    public IEnumerable<int> Members()
    {
        for (int w = 0; w < _words.Length; w++)
            for (ulong left = _words[w]; left != 0; left &= left - 1) yield return 64 * w + BitOperations.TrailingZeroCount(left);
    }
}
