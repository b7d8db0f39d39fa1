// Reductions along a row: the documented order of summation, bit for bit, and the conventions for NaN and ties.
using MiniDL.Ops;

namespace MiniDL.Tests.Ops.Tiles;

[TestFixture]
public sealed class TileReductionTests
{
    private static readonly float[] Numbers = [.. Enumerable.Range(0, 400).Select(i => MathF.Sin(i * 1.7f) * (1 + i % 7))];

    [Test]
    public void SumAndProductFollowTheDocumentedOrder()
    {
        for (int length = 0; length < 300; length++)
        {
            ReadOnlySpan<float> x = Numbers.AsSpan(length % 17, length);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(Tile.Sum(x), Is.EqualTo(InOrder(x, 0, (a, b) => a + b, (a, b) => a + b)), $"length {length}");
                Assert.That(Tile.Product(x), Is.EqualTo(InOrder(x, 1, (a, b) => a * b, (a, b) => a * b)), $"length {length}");
            }
        }
    }

    [Test]
    public void WidenedNumbersAreAddedInDouble()
    {
        for (int length = 0; length < 70; length++)
        {
            double[] sums = [.. Enumerable.Range(0, length).Select(i => 1e9 + i)], expected = [.. sums.Select((sum, i) => sum + Numbers[i])];
            Tile.AddWidened(Numbers.AsSpan(0, length), sums);
            Assert.That(sums, Is.EqualTo(expected), $"length {length}");
        }
    }

    [Test]
    public void SumOfTilesStaysAccurateOverAMillionElements()
    {
        var tile = new float[1000];
        Array.Fill(tile, 0.1f);
        double total = 0;
        for (int i = 0; i < 1000; i++) total += Tile.Sum(tile);
        Assert.That(total, Is.EqualTo(1e6 * 0.1f).Within(0.02));   // a float accumulator would be off by 900
    }

    [Test]
    public void MaxMinAndArgMaxFindTheExtremesAtEveryLength()
    {
        for (int length = 1; length < 150; length++)
        {
            float[] x = Numbers[..length];
            using (Assert.EnterMultipleScope())
            {
                Assert.That(Tile.Max(x), Is.EqualTo(x.Max()));
                Assert.That(Tile.Min(x), Is.EqualTo(x.Min()));
                Assert.That(Tile.ArgMax(x), Is.EqualTo(Array.IndexOf(x, x.Max())));
            }
        }
    }

    [Test]
    public void NaNWinsWhereverItStands([Values(1, 5, 16, 63, 64, 65, 130)] int length)
    {
        for (int at = 0; at < length; at++)
        {
            float[] x = Numbers[..length];
            x[at] = float.NaN;
            x[^1] = float.NaN;
            using (Assert.EnterMultipleScope())
            {
                Assert.That(Tile.Max(x), Is.NaN);
                Assert.That(Tile.Min(x), Is.NaN);
                Assert.That(Tile.Sum(x), Is.NaN);
                Assert.That(Tile.ArgMax(x), Is.EqualTo(at));
            }
        }
    }

    [Test]
    public void ArgMaxReturnsTheLowestIndexOfATie()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Tile.ArgMax([1, 3, 2, 3]), Is.EqualTo(1));
            Assert.That(Tile.ArgMax([-0f, 0f]), Is.Zero);
            Assert.That(Tile.ArgMax([float.NegativeInfinity, float.NegativeInfinity]), Is.Zero);
        }
    }

    [Test]
    public void AnEmptySpanGivesTheIdentity()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Tile.Sum([]), Is.Zero);
            Assert.That(Tile.Product([]), Is.EqualTo(1));
            Assert.That(Tile.Max([]), Is.EqualTo(float.NegativeInfinity));
            Assert.That(Tile.Min([]), Is.EqualTo(float.PositiveInfinity));
            Assert.That(Tile.ArgMax([]), Is.EqualTo(-1));
        }
    }

    /// <summary>The order that TileReductions.cs documents, one element at a time.</summary>
    private static double InOrder(ReadOnlySpan<float> x, float identity, Func<float, float, float> combine, Func<double, double, double> combineWide)
    {
        var partial = new float[64];
        Array.Fill(partial, identity);
        for (int i = 0; i < x.Length; i++)
            partial[i % 64] = combine(partial[i % 64], x[i]);

        double[][] groups = [.. partial.Chunk(16).Select(group => Combine([.. group[..8].Select(v => (double)v)], [.. group[8..].Select(v => (double)v)]))];
        double[] total = Combine(Combine(groups[0], groups[1]), Combine(groups[2], groups[3]));
        while (total.Length > 1)
            total = Combine(total[..(total.Length / 2)], total[(total.Length / 2)..]);
        return total[0];

        double[] Combine(double[] a, double[] b) => [.. a.Zip(b, combineWide)];
    }
}
