// Which tile of a product a block of threads computes, and whether the sum is split over blocks: the choice that kernels/sgemm/block_tile.cuh leaves to the host.
//
// It serves GemmSteps and ConvSteps. The one thing to understand: a large tile uses what it reads more often, a small one leaves more blocks to fill a GPU with.
// With e padded elements of C, w warps in a block (of which four count: more do not reach a second multiprocessor), and S splits, the estimate is
//
//     cost = e K (1 + (TM + TN) / (TM TN) + 3 (BM + BN) / (BM BN)) * time(fill)  +  16 e S + Launch if S > 1,      fill = tiles w S / Enough
//     time = 1 / fill if fill < 1, else 1 + w/4 (1 - 1/fill) / (2 fill)
//
// per multiply-add: itself, its share of the loads from shared memory, its share of those from L2. Then how long the GPU takes for it, against a GPU that is always full: less than one
// filling leaves part of it idle, and of more than one the last is half empty on average, which is much of two fillings and little of twenty, and less with smaller blocks. Last the
// second pass. The estimate depends on shapes alone, never on the device, so that a sum has the same order, and the same bits, everywhere.
namespace MiniDL.Cuda;

/// <summary>A block computes BM x BN elements in slabs of BK, a thread TM x TN of them.</summary>
internal sealed record BlockTile(int BM, int BN, int BK, int TM, int TN)
{
    /// <summary>Warps that keep a large GPU busy: four on each of some hundred multiprocessors.</summary>
    private const int Enough = 432;

    /// <summary>What one more launch costs in multiply-adds: 3 microseconds of 2 * 10^13 a second.</summary>
    private const double Launch = 60e6;

    /// <summary>A split sums at least so many terms.</summary>
    private const int LeastSplit = 128;

    private static readonly BlockTile[] s_tiles =
        [new(128, 128, 16, 8, 8), new(64, 128, 16, 8, 8), new(64, 64, 16, 8, 8), new(64, 64, 16, 8, 4), new(32, 128, 16, 8, 4), new(32, 32, 16, 4, 4), new(32, 16, 32, 4, 4), new(16, 32, 32, 4, 4)];

    /// <summary>Threads of a block.</summary>
    public int Threads => BM / TM * (BN / TN);

    /// <summary>The tile's macros.</summary>
    public IEnumerable<(string Name, object Value)> Sizes => [("BM", BM), ("BN", BN), ("BK", BK), ("TM", TM), ("TN", TN)];

    /// <summary>All there are.</summary>
    public static IReadOnlyList<BlockTile> All => s_tiles;

    /// <summary>A block's warps, as far as they fill a GPU.</summary>
    private int Warps => Math.Min(4, Threads / 32);

    /// <summary>The tiles of a product.</summary>
    public long Tiles(long m, long n) => (m + BM - 1) / BM * ((n + BN - 1) / BN);

    /// <summary>The tile and the number of splits with the lowest estimate for <paramref name="batch"/> products of M x K and K x N.</summary>
    /// <param name="m">M.</param>
    /// <param name="n">N.</param>
    /// <param name="k">K.</param>
    /// <param name="batch">The number of products.</param>
    /// <param name="maySplit">False where a second launch is not wanted.</param>
    /// <example><code>(BlockTile tile, KSplit split) = BlockTile.Choose(128, 10, 784);   // 32 x 32, K in parts</code></example>
    public static (BlockTile Tile, KSplit Split) Choose(long m, long n, int k, long batch = 1, bool maySplit = true) =>
        s_tiles.Select(tile => (Tile: tile, Split: tile.Split(m, n, k, maySplit ? batch : Enough))).MinBy(choice => choice.Tile.Cost(m, n, k, batch, choice.Split.Count));

    /// <summary>Splits K where the tiles leave most of a GPU empty and the sum is long.</summary>
    private KSplit Split(long m, long n, int k, long batch)
    {
        long warps = Math.Max(1, Tiles(m, n) * batch * Warps);
        return SplitInto(warps < Enough / 4 && k >= 4 * LeastSplit ? (int)Math.Min((Enough + warps - 1) / warps, k / LeastSplit) : 1, k);
    }

    /// <summary>At most <paramref name="parts"/> parts of whole slabs.</summary>
    internal KSplit SplitInto(int parts, int k)
    {
        int slabs = Math.Max(1, (k + BK - 1) / BK), slabsEach = (slabs + parts - 1) / parts;
        return new KSplit((slabs + slabsEach - 1) / slabsEach, slabsEach * BK);
    }

    private double Cost(long m, long n, int k, long batch, int splits)
    {
        double elements = (double)Tiles(m, n) * batch * BM * BN, fill = (double)Tiles(m, n) * batch * splits * Warps / Enough;
        double perProduct = 1 + (TM + TN) / (double)(TM * TN) + 3.0 * (BM + BN) / (BM * BN);
        double time = fill < 1 ? 1 / fill : 1 + Warps / 4.0 * (1 - 1 / fill) / (2 * fill);
        return elements * Math.Max(1, k) * perProduct * time + (splits > 1 ? 16 * elements * splits + Launch : 0);
    }
}

/// <summary>How a sum is split over blocks.</summary>
/// <param name="Count">The number of parts.</param>
/// <param name="Terms">Terms of each part but perhaps the last; a multiple of BK.</param>
internal readonly record struct KSplit(int Count, int Terms)
{
    /// <summary>The split's macros.</summary>
    public IEnumerable<(string Name, object Value)> Sizes => [("SPLITS", Count), ("SPLIT_K", Terms)];
}
