// In which order the look-back rung adds: worked out on the host, in float32, and compared to the bit.
//
// The one thing to understand: had the order anything to do with which block was ready when, no such calculation could be written down.
namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class LookBackOrderTests
{
    private const int Tile = 4096, Group = 32, Run = 4, Warp = 32;   // elements, tiles, elements of a lane, lanes

    [Test]
    public void Tiles_add_the_sum_of_all_groups_before_and_the_totals_of_their_own()
    {
        Problem problem = CountedRungs.OfFractions(ScanLadder.Of((2 * Group + 5) * Tile + 3));
        float[] x = [.. Enumerable.Range(0, problem["N"]).Select(i => (float)problem.Arrays[0].First(i))];
        int[] bits = CountedRungs.Bits(new ScanLadder(), problem, "y", seed: 3)[^1];
        Assert.That(bits.AsSpan().SequenceEqual(Expected(x).Select(BitConverter.SingleToInt32Bits).ToArray()));
    }

    private static float[] Expected(float[] x)
    {
        int tiles = (x.Length + Tile - 1) / Tile;
        float[] y = new float[x.Length], totals = new float[Group];
        float upToGroup = 0;
        for (int tile = 0; tile < tiles; tile++)
        {
            int place = tile % Group;
            float[] sums = ScanTile([.. Enumerable.Range(tile * Tile, Tile).Select(i => i < x.Length ? x[i] : 0)], out float total);
            float inGroup = TreeOf(totals.AsSpan(0, place)), before = upToGroup + inGroup;
            for (int i = tile * Tile; i < Math.Min(x.Length, (tile + 1) * Tile); i++) y[i] = sums[i % Tile] + before;
            totals[place] = total;
            if (place == Group - 1) upToGroup += inGroup + total;
        }
        return y;
    }

    /// <summary>Along each lane's four; over 32 lanes; over the 32 totals of the tile's pieces and warps, which lie in the order of the elements.</summary>
    private static float[] ScanTile(float[] x, out float total)
    {
        for (int i = 0; i < Tile; i++)
            if (i % Run > 0) x[i] += x[i - 1];
        float[] lanes = [.. Enumerable.Range(0, Tile / Run).Select(lane => x[lane * Run + Run - 1])];
        for (int warp = 0; warp < lanes.Length / Warp; warp++) ScanWarp(lanes.AsSpan(warp * Warp, Warp));
        float[] warps = [.. lanes.Where((_, lane) => lane % Warp == Warp - 1)];
        ScanWarp(warps);
        for (int i = 0; i < Tile; i++)
        {
            int lane = i / Run, warp = lane / Warp;
            x[i] += (warp > 0 ? warps[warp - 1] : 0) + (lane % Warp > 0 ? lanes[lane - 1] : 0);
        }
        total = warps[^1];
        return x;
    }

    private static void ScanWarp(Span<float> sums)
    {
        for (int distance = 1; distance < Warp; distance *= 2)
            for (int lane = Warp - 1; lane >= distance; lane--) sums[lane] += sums[lane - distance];
    }

    private static float TreeOf(ReadOnlySpan<float> totals)
    {
        float[] sums = new float[Warp];
        totals.CopyTo(sums);
        for (int distance = Warp / 2; distance > 0; distance /= 2)
            for (int lane = 0; lane < distance; lane++) sums[lane] += sums[lane + distance];
        return sums[0];
    }
}
