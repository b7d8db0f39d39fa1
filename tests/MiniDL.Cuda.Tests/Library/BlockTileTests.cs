// Which tile and split products get, on the shapes of the progression and beyond.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class BlockTileTests
{
    [TestCase(8192, 8192, 8192, 128, 128, 1)]
    [TestCase(4096, 4096, 4096, 64, 128, 1)]
    [TestCase(2048, 2048, 2048, 64, 64, 1)]
    [TestCase(1000, 1000, 1000, 64, 64, 1)]
    [TestCase(1152, 640, 128, 64, 128, 1)]
    [TestCase(625, 625, 128, 64, 64, 1)]
    [TestCase(32, 28_800, 576, 32, 128, 1)]
    [TestCase(128, 625, 10, 32, 32, 1)]
    [TestCase(784, 10, 128, 32, 32, 1)]
    public void Large_products_get_large_tiles_and_small_ones_many(int m, int n, int k, int bm, int bn, int splits)
    {
        (BlockTile tile, KSplit split) = BlockTile.Choose(m, n, k);
        Assert.That((tile.BM, tile.BN, split.Count), Is.EqualTo((bm, bn, splits)));
    }

    [TestCase(128, 10, 784)]
    [TestCase(128, 625, 784)]
    [TestCase(10, 128, 60_000)]
    [TestCase(64, 288, 21_632)]
    [TestCase(32, 9, 115_200)]
    public void Few_tiles_and_a_long_sum_are_split(int m, int n, int k)
    {
        (BlockTile tile, KSplit split) = BlockTile.Choose(m, n, k);
        Assert.That(split.Count, Is.GreaterThan(1));
        Assert.That(split.Terms % tile.BK, Is.Zero);
        Assert.That((split.Count - 1L) * split.Terms, Is.LessThan(k).And.GreaterThanOrEqualTo(k - (long)split.Terms), "the last part has terms too");
    }

    /// <summary>1,024 tiles of 128 x 128 on 108 multiprocessors are ten rounds of which the last is half empty; of 64 x 128 they are 19 half as long, and nearly full.</summary>
    [Test]
    public void The_last_filling_counts_where_there_are_few()
    {
        static double Rounds(BlockTile tile, int side) => Math.Ceiling(tile.Tiles(side, side) / 108.0) * tile.BM * tile.BN;
        BlockTile large = BlockTile.All[0], chosen = BlockTile.Choose(4096, 4096, 4096).Tile;
        Assert.That(Rounds(chosen, 4096), Is.LessThan(0.96 * Rounds(large, 4096)));
        Assert.That(Rounds(chosen, 8192), Is.EqualTo(Rounds(large, 8192)), "where a larger tile loses nothing it is taken");
    }

    [Test]
    public void A_batch_fills_a_gpu_without_splits() => Assert.That(BlockTile.Choose(64, 64, 4096, batch: 200).Split.Count, Is.EqualTo(1));

    [Test]
    public void An_empty_sum_is_one_part_of_one_slab([Range(0, 7)] int tile) =>
        Assert.That(BlockTile.All[tile].SplitInto(1, 0), Is.EqualTo(new KSplit(1, BlockTile.All[tile].BK)));

    [Test]
    public void Threads_carry_equal_parts_of_a_slab([Range(0, 7)] int tile)
    {
        BlockTile its = BlockTile.All[tile];
        Assert.That(its.Threads % 32, Is.Zero);
        Assert.That((its.BM * its.BK % (4 * its.Threads), its.BN * its.BK % (4 * its.Threads)), Is.EqualTo((0, 0)));
    }
}
