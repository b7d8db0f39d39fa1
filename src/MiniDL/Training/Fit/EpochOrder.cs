// The order in which an epoch goes through the examples.
//
// The one thing to understand: it is a function of the seed and the epoch's number alone, not of a generator that has been running since the start. So a run that is resumed in its
// seventh epoch finds that epoch's order without going through the six before, and a checkpoint has nothing to save for it.
namespace MiniDL;

/// <summary>Shuffles the rows of a data set, every epoch anew.</summary>
internal sealed class EpochOrder(int count, ulong seed, bool isShuffled)
{
    private readonly int[] _rows = new int[count];

    /// <summary>The rows of an epoch, each once. Fisher and Yates: each place, from the last, changes with any place up to it.</summary>
    /// <param name="epoch">From 0.</param>
    public ReadOnlySpan<int> Of(int epoch)
    {
        for (int i = 0; i < _rows.Length; i++) _rows[i] = i;
        if (!isShuffled) return _rows;
        var random = Random(seed, Purpose.Order, epoch);
        for (int i = _rows.Length - 1; i > 0; i--)
        {
            int j = (int)(random.NextDouble() * (i + 1));   // 53 bits against at most 31: no place is preferred by more than 2^-22
            (_rows[i], _rows[j]) = (_rows[j], _rows[i]);
        }
        return _rows;
    }

    /// <summary>What a generator is for: each use has sequences of its own.</summary>
    public enum Purpose
    {
        /// <summary>The order of an epoch.</summary>
        Order,

        /// <summary>What is done to the examples of a step.</summary>
        Augmentation,
    }

    /// <summary>A generator that is determined by a seed, a purpose and a number.</summary>
    public static SplitMix64 Random(ulong seed, Purpose purpose, long number)
    {
        var mix = new SplitMix64(seed ^ ((ulong)purpose + 1) << 56);
        return new SplitMix64(mix.NextBits() + (ulong)number * 0xD1B54A32D192ED03);   // an odd multiplier: different numbers, different seeds
    }
}
