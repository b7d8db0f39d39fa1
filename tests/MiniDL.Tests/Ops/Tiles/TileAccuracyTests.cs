// How far the tile routines for elementary functions are from the truth, over all of float's range.
using MiniDL.Ops;

namespace MiniDL.Tests.Ops.Tiles;

[TestFixture]
public sealed class TileAccuracyTests
{
    public delegate void Unary(ReadOnlySpan<float> x, Span<float> dst);

    // Every 1999th of the 2^32 floats, so every exponent, both signs, denormals, infinities and NaNs.
    private static readonly float[] Sweep = [.. MultiplesOf(1999).Select(BitConverter.UInt32BitsToSingle)];

    // Bounds in units in the last place of the exact result rounded to float; the worst measured stands behind each.
    private static IEnumerable<TestCaseData> Functions()
    {
        yield return Case("Exp", Tile.Exp, Math.Exp, 1.1);
        yield return Case("Expm1", Tile.Expm1, Truth.Expm1, 1.7);
        yield return Case("Sigmoid", Tile.Sigmoid, x => 1 / (1 + Math.Exp(-x)), 2.5);
        yield return Case("Tanh", Tile.Tanh, Math.Tanh, 2.7);
        yield return Case("Log", Tile.Log, Math.Log, 0.9);
        yield return Case("Log1p", Tile.Log1p, Truth.Log1p, 1.5);
        yield return Case("Softplus", Tile.Softplus, x => Math.Max(x, 0) + Truth.Log1p(Math.Exp(-Math.Abs(x))), 1.7);
        yield return Case("Sin", Tile.Sin, Math.Sin, 1.6);
        yield return Case("Cos", Tile.Cos, Math.Cos, 1.6);
        yield return Case("Erf", Tile.Erf, Truth.Erf, 1.1);
    }

    [TestCaseSource(nameof(Functions))]
    public void StaysWithinItsBound(Unary tile, Func<double, double> truth, double ulps)
    {
        var results = new float[Sweep.Length];
        tile(Sweep, results);

        (double worst, float at) = (0, 0);
        for (int i = 0; i < Sweep.Length; i++)
        {
            double error = ErrorInUlps(results[i], truth(Sweep[i]));
            if (!(error <= worst)) (worst, at) = (error, Sweep[i]);
        }

        TestContext.Out.WriteLine($"worst error {worst:F3} ulp, at {at:R}");
        Assert.That(worst, Is.LessThanOrEqualTo(ulps), $"at x = {at:R}");
    }

    [Test]
    public void ErfIsWithinTwoTenMillionthsOfTheTruth()
    {
        float[] x = [.. Enumerable.Range(-50_000, 100_001).Select(i => i * 1e-4f)];
        var results = new float[x.Length];
        Tile.Erf(x, results);
        Assert.That(x.Zip(results, (at, result) => Math.Abs(result - Truth.Erf(at))).Aggregate(0.0, Math.Max), Is.LessThan(1e-7));
    }

    [Test]
    public void TheTruthAboutErfAgreesWithPublishedDigits()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Truth.Erf(0.5), Is.EqualTo(0.5204998778130465).Within(1e-15));   // Abramowitz and Stegun, table 7.1
            Assert.That(Truth.Erf(-1), Is.EqualTo(-0.8427007929497149).Within(1e-15));
            Assert.That(Truth.Erf(3), Is.EqualTo(0.9999779095030014).Within(1e-15));
        }
    }

    private static TestCaseData Case(string name, Unary tile, Func<double, double> truth, double ulps) =>
        new TestCaseData(tile, truth, ulps).SetArgDisplayNames(name);

    private static IEnumerable<uint> MultiplesOf(uint step)
    {
        for (ulong bits = 0; bits <= uint.MaxValue; bits += step)
            yield return (uint)bits;
    }

    /// <summary>0 when both are NaN, or both overflow to the same infinity; NaN when only one does.</summary>
    private static double ErrorInUlps(float result, double truth)
    {
        float rounded = (float)truth;
        if (float.IsNaN(rounded) || float.IsInfinity(rounded))
            return rounded.Equals(result) ? 0 : double.NaN;
        float magnitude = MathF.Abs(rounded);
        double ulp = magnitude == float.MaxValue ? (double)magnitude - MathF.BitDecrement(magnitude) : (double)MathF.BitIncrement(magnitude) - magnitude;
        return Math.Abs(result - truth) / ulp;
    }
}
