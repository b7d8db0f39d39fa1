// In which order blocks are begun.
namespace MiniDL.Simulator.Execute;

/// <summary>A permutation of the blocks, given out place by place.</summary>
internal sealed class BlockOrder
{
    private readonly long _blocks, _factor = 1, _shift;
    private long _next;

    /// <summary>The natural order for seed 0, else a permutation x -> factor x + shift (mod blocks), with a factor that has no divisor in common with the number of blocks.</summary>
    public BlockOrder(long blocks, int seed)
    {
        _blocks = blocks;
        if (seed == 0 || blocks < 2) return;
        var random = new Random(seed);
        _shift = random.NextInt64(blocks);
        do _factor = random.NextInt64(1, blocks); while (Divisor(_factor, blocks) != 1);
    }

    /// <summary>The next place, or -1 behind the last. Any thread may ask.</summary>
    public long Next()
    {
        long place = Interlocked.Increment(ref _next) - 1;
        return place < _blocks ? place : -1;
    }

    /// <summary>The block at a place.</summary>
    public long BlockAt(long place) => (long)(((UInt128)(ulong)place * (ulong)_factor + (ulong)_shift) % (ulong)_blocks);

    private static long Divisor(long a, long b) => b == 0 ? a : Divisor(b, a % b);
}
