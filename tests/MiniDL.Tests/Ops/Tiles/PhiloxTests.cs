// Random numbers: the published known answers, tiles equal to scalars bit for bit, and moments.
using MiniDL.Ops;

namespace MiniDL.Tests.Ops.Tiles;

[TestFixture]
public sealed class PhiloxTests
{
    private const int Many = 1 << 18;

    // The file kat_vectors of the Random123 distribution, lines philox4x32 10.
    [TestCase(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [TestCase(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [TestCase(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void KnownAnswers(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint w0, uint w1, uint w2, uint w3) =>
        Assert.That(Philox.Block(c0, c1, c2, c3, k0, k1), Is.EqualTo((w0, w1, w2, w3)));

    [Test]
    public void SeedIsTheKeyAndIndexStreamAndRunAreTheCounter()
    {
        const ulong Seed = 0x1111_2222_3333_4444, Run = 0x5555_6666_7777_8888;
        (uint w0, uint w1, uint w2, uint w3) = Philox.Block(25, 9, 0x7777_8888, 0x5555_6666, 0x3333_4444, 0x1111_2222);
        uint[] words = [.. Enumerable.Range(100, 4).Select(index => Philox.Word(Seed, 9, Run, (uint)index))];
        Assert.That(words, Is.EqualTo((uint[])[w0, w1, w2, w3]));
    }

    [Test]
    public void ATileEqualsTheScalarBitForBit([Values(0u, 1u, 2u, 3u, 4u, 4093u, 0x7FFF_FFF0u)] uint firstIndex)
    {
        for (int length = 0; length <= 70; length++)
        {
            var uniform = new float[length];
            var mask = new uint[length];
            Philox.Uniform(0xFEDC_BA98_7654_3210, 7, 0x1_0000_0003, firstIndex, uniform);
            Philox.Bernoulli(0xFEDC_BA98_7654_3210, 7, 0x1_0000_0003, firstIndex, 0.3f, mask);
            float[] expected = [.. Enumerable.Range(0, length).Select(i => Philox.Uniform(0xFEDC_BA98_7654_3210, 7, 0x1_0000_0003, firstIndex + (uint)i))];
            using (Assert.EnterMultipleScope())
            {
                Assert.That(uniform, Is.EqualTo(expected));
                Assert.That(mask, Is.EqualTo(expected.Select(u => u < 0.3f ? uint.MaxValue : 0)));
            }
        }
    }

    [Test]
    public void NormalTilesFollowTheScalarAndDoNotDependOnPosition()
    {
        var tile = new float[Many];
        Philox.Normal(1, 2, 3, 0, tile);
        double worst = Enumerable.Range(0, Many).Select(i => (double)Math.Abs(tile[i] - Philox.Normal(1, 2, 3, (uint)i))).Aggregate(0.0, Math.Max);   // NaN stays NaN; Max() would pass over it
        TestContext.Out.WriteLine($"worst difference {worst:G3}");
        Assert.That(worst, Is.LessThan(2e-6));

        for (int first = 0; first < 9; first++)
            for (int length = 0; length <= 70; length++)
            {
                var part = new float[length];
                Philox.Normal(1, 2, 3, (uint)first, part);
                Assert.That(part.AsSpan().SequenceEqual(tile.AsSpan(first, length)), $"{length} from {first}");
            }
    }

    [Test]
    public void UniformHasTheMomentsAndTheSpreadOfAUniform()
    {
        var u = new float[Many];
        Philox.Uniform(seed: 42, stream: 0, run: 0, firstIndex: 0, u);

        // Four standard errors: sqrt(1/12/n) for the mean, sqrt(1/180/n) for the variance.
        double mean = u.Average(x => (double)x), variance = u.Average(x => (x - 0.5) * (x - 0.5));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(u.Min(), Is.GreaterThanOrEqualTo(0));
            Assert.That(u.Max(), Is.LessThan(1));
            Assert.That(mean, Is.EqualTo(0.5).Within(4 * Math.Sqrt(1.0 / 12 / Many)));
            Assert.That(variance, Is.EqualTo(1.0 / 12).Within(4 * Math.Sqrt(1.0 / 180 / Many)));
            Assert.That(ChiSquare(u.Select(x => (int)(x * 256)), Enumerable.Repeat(1.0 / 256, 256)), Is.InRange(165, 345));
        }
    }

    [Test]
    public void BernoulliIsTrueAsOftenAsAsked([Values(0f, 0.2f, 0.5f, 1f)] float p)
    {
        var mask = new uint[Many];
        Philox.Bernoulli(seed: 42, stream: 1, run: 0, firstIndex: 0, p, mask);
        double share = mask.Count(m => m != 0) / (double)Many;
        Assert.That(share, Is.EqualTo(p).Within(4 * Math.Sqrt(p * (1 - p) / Many) + 1e-7));
    }

    [Test]
    public void NormalHasTheMomentsAndTheSpreadOfANormal()
    {
        var z = new float[Many];
        Philox.Normal(seed: 42, stream: 2, run: 0, firstIndex: 0, z);

        // 32 intervals of width 1/4 from -4 to 4; erf gives the share of each.
        double[] shares = [.. Enumerable.Range(-16, 32).Select(i => (Truth.Erf((i + 1) / 4.0 / Math.Sqrt(2)) - Truth.Erf(i / 4.0 / Math.Sqrt(2))) / 2)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(z.Average(x => (double)x), Is.Zero.Within(4 / Math.Sqrt(Many)));
            Assert.That(z.Average(x => (double)x * x), Is.EqualTo(1).Within(4 * Math.Sqrt(2.0 / Many)));
            Assert.That(z.Average(x => Math.Pow(x, 4)), Is.EqualTo(3).Within(4 * Math.Sqrt(96.0 / Many)));
            Assert.That(ChiSquare(z.Where(x => x >= -4 && x < 4).Select(x => (int)MathF.Floor(x * 4) + 16), shares), Is.InRange(8, 70));
        }
    }

    [Test]
    public void SeedsStreamsAndRunsGiveUnrelatedNumbers()
    {
        float[] Numbers(ulong seed, uint stream, ulong run)
        {
            var u = new float[Many];
            Philox.Uniform(seed, stream, run, 0, u);
            return u;
        }

        float[] one = Numbers(1, 1, 1);
        using (Assert.EnterMultipleScope())
            foreach (float[] other in (float[][])[Numbers(2, 1, 1), Numbers(1ul << 32 | 1, 1, 1), Numbers(1, 2, 1), Numbers(1, 1, 2), Numbers(1, 1, 1ul << 32 | 1)])
                Assert.That(one.Zip(other, (a, b) => (a - 0.5) * (b - 0.5)).Average(), Is.Zero.Within(4 / 12.0 / Math.Sqrt(Many)));
    }

    /// <summary>Sum of (seen - expected)^2 / expected over buckets; about the number of buckets when they agree.</summary>
    private static double ChiSquare(IEnumerable<int> buckets, IEnumerable<double> shares)
    {
        double[] expected = [.. shares.Select(share => share * Many)];
        var seen = new int[expected.Length];
        foreach (int bucket in buckets) seen[bucket]++;
        return seen.Zip(expected, (s, e) => (s - e) * (s - e) / e).Sum();
    }
}
