namespace MiniDL.Tests.Data;

public sealed class MoonsTests
{
    // Vigna's splitmix64.c, seeds 0 and 1234567.
    [TestCase(0ul, new[] { 0xE220A8397B1DCDAFul, 0x6E789E6AA1B965F4ul, 0x06C45D188009454Ful })]
    [TestCase(1234567ul, new[] { 6457827717110365317ul, 3203168211198807973ul, 9817491932198370423ul })]
    public void SplitMix64_gives_the_published_sequence(ulong seed, ulong[] expected)
    {
        var random = new SplitMix64(seed);
        Assert.That(new[] { random.NextBits(), random.NextBits(), random.NextBits() }, Is.EqualTo(expected));
    }

    [Test]
    public void Uniform_numbers_are_in_0_to_1_with_mean_one_half_and_variance_one_twelfth()
    {
        const int N = 100_000;
        var random = new SplitMix64(1);
        double[] draws = [.. Enumerable.Range(0, N).Select(_ => random.NextDouble())];
        double mean = draws.Average(), variance = draws.Average(u => (u - mean) * (u - mean));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(draws, Is.All.InRange(0, 1).And.All.LessThan(1));
            Assert.That(mean, Is.EqualTo(0.5).Within(5 * Math.Sqrt(1 / 12.0 / N)));      // five standard errors
            Assert.That(variance, Is.EqualTo(1 / 12.0).Within(5 * Math.Sqrt(1 / 180.0 / N)));
        }
    }

    [Test]
    public void Normal_numbers_have_the_moments_of_the_normal_distribution()
    {
        const int N = 100_000;
        var random = new SplitMix64(1);
        double[] draws = [.. Enumerable.Range(0, N).Select(_ => random.NextNormal())];
        // Mean 0, E z^2 = 1, E z^4 = 3; their variances over N draws are 1/N, 2/N and 96/N. Five standard errors each.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(draws.Average(), Is.Zero.Within(5 / Math.Sqrt(N)));
            Assert.That(draws.Average(z => z * z), Is.EqualTo(1).Within(5 * Math.Sqrt(2.0 / N)));
            Assert.That(draws.Average(z => z * z * z * z), Is.EqualTo(3).Within(5 * Math.Sqrt(96.0 / N)));
        }
    }

    [Test]
    public void Without_noise_every_point_is_on_its_half_circle()
    {
        var (X, labels) = Moons.Make(101, noise: 0, seed: 3);
        ReadOnlySpan<float> xy = X.Span<float>();
        ReadOnlySpan<int> label = labels.Span<int>();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(X.Shape, Is.EqualTo(Shape.Create([101, 2])));
            Assert.That(labels.Shape, Is.EqualTo(Shape.Create([101])));
            for (int i = 0; i < 101; i++)
            {
                Assert.That(label[i], Is.EqualTo(i % 2));
                // Upper: around (0, 0), y >= 0. Lower: around (1, 1/2), y <= 1/2.
                double dx = xy[2 * i] - label[i], dy = xy[2 * i + 1] - 0.5 * label[i];
                Assert.That(Math.Sqrt(dx * dx + dy * dy), Is.EqualTo(1).Within(1e-6));
                Assert.That(label[i] == 0 ? dy : -dy, Is.GreaterThanOrEqualTo(-1e-7));
            }
        }
    }

    [Test]
    public void Noise_moves_points_by_its_standard_deviation()
    {
        // Both make the same draws, so the difference of the two is the noise alone.
        var (clean, _) = Moons.Make(20_000, noise: 0, seed: 5);
        var (noisy, _) = Moons.Make(20_000, noise: 0.1, seed: 5);
        double sum = 0;
        for (int k = 0; k < clean.Count; k++) sum += Math.Pow(noisy.ToDouble(k) - clean.ToDouble(k), 2);
        Assert.That(Math.Sqrt(sum / clean.Count), Is.EqualTo(0.1).Within(5 * 0.1 / Math.Sqrt(2 * clean.Count)));
    }

    [Test]
    public void The_same_seed_makes_the_same_points_and_another_seed_others()
    {
        float[] Points(ulong seed) => Moons.Make(50, 0.2, seed).X.Span<float>().ToArray();
        float[] first = Points(1), again = Points(1), other = Points(2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(again, Is.EqualTo(first));
            Assert.That(other, Is.Not.EqualTo(first));
        }
    }

    [TestCase(0, 0.1)]
    [TestCase(-3, 0.1)]
    [TestCase(10, -0.1)]
    [TestCase(10, double.NaN)]
    [TestCase(10, double.PositiveInfinity)]
    public void Impossible_arguments_are_refused(int n, double noise) =>
        Assert.That(() => Moons.Make(n, noise, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
