// Exact results: special values, comparisons, casts, masks. Each table reads input -> result.
using System.Numerics.Tensors;
using MiniDL.Ops;

namespace MiniDL.Tests.Ops.Tiles;

[TestFixture]
public sealed class TileValueTests
{
    private const float Inf = float.PositiveInfinity;
    private const float NaN = float.NaN;
    private const uint T = uint.MaxValue;
    private const uint F = 0;

    private static IEnumerable<TestCaseData> SpecialValues()
    {
        yield return Case("Exp", Tile.Exp, [0, -0f, NaN, Inf, -Inf, 89, -104, 1e4f, -1e4f], [1, 1, NaN, Inf, 0, Inf, 0, Inf, 0]);
        yield return Case("Expm1", Tile.Expm1, [0, NaN, Inf, -Inf, 1e-45f, 1e-30f, 1e4f, -1e4f], [0, NaN, Inf, -1, 1e-45f, 1e-30f, Inf, -1]);
        yield return Case("Sigmoid", Tile.Sigmoid, [0, NaN, Inf, -Inf, 1e4f, -1e4f], [0.5f, NaN, 1, 0, 1, 0]);
        yield return Case("Tanh", Tile.Tanh, [0, NaN, Inf, -Inf, 1e-45f, -1e-30f, 1e4f], [0, NaN, 1, -1, 1e-45f, -1e-30f, 1]);
        yield return Case("Log", Tile.Log, [0, -0f, 1, NaN, Inf, -Inf, -1, -1e-45f], [-Inf, -Inf, 0, NaN, Inf, NaN, NaN, NaN]);
        yield return Case("Log1p", Tile.Log1p, [0, -1, -1.0000001f, NaN, Inf, -Inf, 1e-45f, -1e-30f], [0, -Inf, NaN, NaN, Inf, NaN, 1e-45f, -1e-30f]);
        yield return Case("Softplus", Tile.Softplus, [0, NaN, Inf, -Inf, 1e4f, -1e4f], [0.6931472f, NaN, Inf, 0, 1e4f, 0]);
        yield return Case("Sin", Tile.Sin, [0, NaN, Inf, -Inf, 1e-45f], [0, NaN, NaN, NaN, 1e-45f]);
        yield return Case("Cos", Tile.Cos, [0, NaN, Inf, -Inf, 1e-45f], [1, NaN, NaN, NaN, 1]);
        yield return Case("Erf", Tile.Erf, [0, NaN, Inf, -Inf, 4, -5, 1e-45f], [0, NaN, 1, -1, 1, -1, 1e-45f]);
        yield return Case("Relu", Tile.Relu, [0, -0f, 2, -2, NaN, Inf, -Inf], [0, 0, 2, 0, NaN, Inf, 0]);
        yield return Case("Sign", Tile.Sign, [0, -0f, 2, -2, NaN, Inf, -Inf, 1e-45f], [0, 0, 1, -1, NaN, 1, -1, 1]);
        yield return Case("Floor", TensorPrimitives.Floor, [0.5f, -0.5f, NaN, Inf, -Inf, 1e30f], [0, -1, NaN, Inf, -Inf, 1e30f]);
        yield return Case("Sqrt", TensorPrimitives.Sqrt, [0, 4, -1, NaN, Inf], [0, 2, NaN, NaN, Inf]);
        yield return Case("Reciprocal", TensorPrimitives.Reciprocal, [0, -0f, 4, NaN, Inf], [Inf, -Inf, 0.25f, NaN, 0]);
        yield return Case("ReciprocalSqrt", TensorPrimitives.ReciprocalSqrt, [0, 4, -1, NaN, Inf], [Inf, 0.5f, NaN, NaN, 0]);
    }

    [TestCaseSource(nameof(SpecialValues))]
    public void SpecialValuesOf(TileAccuracyTests.Unary tile, float[] x, float[] expected) =>
        Assert.That(Run<float>(dst => tile(x, dst), x.Length), Is.EqualTo(expected));

    [Test]
    public void MaximumAndMinimumPropagateNaNFromEitherSide()
    {
        float[] x = [NaN, 1, NaN, 1, 3, -Inf], y = [1, NaN, NaN, 2, 2, Inf];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Run<float>(dst => Tile.Maximum<float>(x, y, dst), 6), Is.EqualTo((float[])[NaN, NaN, NaN, 2, 3, Inf]));
            Assert.That(Run<float>(dst => Tile.Minimum<float>(x, y, dst), 6), Is.EqualTo((float[])[NaN, NaN, NaN, 1, 2, -Inf]));
        }
    }

    [Test]
    public void PowTakesNegativeBasesToWholeExponentsOnly()
    {
        float[] x = [-2, -8, 2, 0, NaN, 0], y = [3, 1 / 3f, 0.5f, 0, 0, -1];
        Assert.That(Run<float>(dst => Tile.Pow(x, y, dst), 6), Is.EqualTo((float[])[-8, NaN, 1.4142135f, 1, 1, Inf]));
    }

    [Test]
    public void IntArithmeticWrapsAround()
    {
        int[] x = [int.MinValue, int.MaxValue, -3], ones = [1, 1, 1];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Run<int>(dst => Tile.Abs(x, dst), 3), Is.EqualTo((int[])[int.MinValue, int.MaxValue, 3]));
            Assert.That(Run<int>(dst => TensorPrimitives.Negate<int>(x, dst), 3), Is.EqualTo((int[])[int.MinValue, -int.MaxValue, 3]));
            Assert.That(Run<int>(dst => TensorPrimitives.Add<int>(x, ones, dst), 3), Is.EqualTo((int[])[-int.MaxValue, int.MinValue, -2]));
            Assert.That(Run<int>(dst => Tile.Maximum<int>(x, ones, dst), 3), Is.EqualTo((int[])[1, int.MaxValue, 1]));
            Assert.That(Run<int>(dst => Tile.Minimum<int>(x, ones, dst), 3), Is.EqualTo((int[])[int.MinValue, 1, -3]));
        }
    }

    [Test]
    public void ComparisonsWithNaNAreFalseExceptNotEqual()
    {
        float[] x = [1, 2, 2, NaN, 1, NaN, 0], y = [2, 1, 2, 1, NaN, NaN, -0f];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Run<uint>(dst => Tile.Less<float>(x, y, dst), 7), Is.EqualTo((uint[])[T, F, F, F, F, F, F]));
            Assert.That(Run<uint>(dst => Tile.LessOrEqual<float>(x, y, dst), 7), Is.EqualTo((uint[])[T, F, T, F, F, F, T]));
            Assert.That(Run<uint>(dst => Tile.Greater<float>(x, y, dst), 7), Is.EqualTo((uint[])[F, T, F, F, F, F, F]));
            Assert.That(Run<uint>(dst => Tile.GreaterOrEqual<float>(x, y, dst), 7), Is.EqualTo((uint[])[F, T, T, F, F, F, T]));
            Assert.That(Run<uint>(dst => Tile.Equal<float>(x, y, dst), 7), Is.EqualTo((uint[])[F, F, T, F, F, F, T]));
            Assert.That(Run<uint>(dst => Tile.NotEqual<float>(x, y, dst), 7), Is.EqualTo((uint[])[T, T, F, T, T, T, F]));
        }
    }

    [Test]
    public void IntComparisonsAreSigned()
    {
        int[] x = [-1, 5, int.MinValue], y = [1, 5, int.MaxValue];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Run<uint>(dst => Tile.Less<int>(x, y, dst), 3), Is.EqualTo((uint[])[T, F, T]));
            Assert.That(Run<uint>(dst => Tile.LessOrEqual<int>(x, y, dst), 3), Is.EqualTo((uint[])[T, T, T]));
            Assert.That(Run<uint>(dst => Tile.Equal<int>(x, y, dst), 3), Is.EqualTo((uint[])[F, T, F]));
            Assert.That(Run<uint>(dst => Tile.NotEqual<int>(x, y, dst), 3), Is.EqualTo((uint[])[T, F, T]));
        }
    }

    [Test]
    public void LogicFollowsTheTruthTable()
    {
        uint[] x = [F, F, T, T], y = [F, T, F, T];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Run<uint>(dst => Tile.And(x, y, dst), 4), Is.EqualTo((uint[])[F, F, F, T]));
            Assert.That(Run<uint>(dst => Tile.Or(x, y, dst), 4), Is.EqualTo((uint[])[F, T, T, T]));
            Assert.That(Run<uint>(dst => Tile.Xor(x, y, dst), 4), Is.EqualTo((uint[])[F, T, T, F]));
            Assert.That(Run<uint>(dst => Tile.Not(x, dst), 4), Is.EqualTo((uint[])[T, T, F, F]));
        }
    }

    [Test]
    public void WhereTakesTheFirstWhereTheMaskIsSet()
    {
        uint[] mask = [T, F, T];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Run<float>(dst => Tile.Where<float>(mask, [1, 2, NaN], [4, 5, 6], dst), 3), Is.EqualTo((float[])[1, 5, NaN]));
            Assert.That(Run<int>(dst => Tile.Where<int>(mask, [1, 2, 3], [4, 5, 6], dst), 3), Is.EqualTo((int[])[1, 5, 3]));
        }
    }

    [Test]
    public void FloatToIntTruncatesAndSaturates() =>
        Assert.That(
            Run<int>(dst => Tile.FloatToInt([1.9f, -1.9f, NaN, Inf, -Inf, 3e9f, -3e9f, 2147483520], dst), 8),
            Is.EqualTo((int[])[1, -1, 0, int.MaxValue, int.MinValue, int.MaxValue, int.MinValue, 2147483520]));

    [Test]
    public void OtherCastsTakeTrueAsOneAndAnythingButZeroAsTrue()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Run<float>(dst => Tile.IntToFloat([-3, 16777217], dst), 2), Is.EqualTo((float[])[-3, 16777216]));
            Assert.That(Run<float>(dst => Tile.MaskToFloat([T, F], dst), 2), Is.EqualTo((float[])[1, 0]));
            Assert.That(Run<int>(dst => Tile.MaskToInt([T, F], dst), 2), Is.EqualTo((int[])[1, 0]));
            Assert.That(Run<uint>(dst => Tile.ToMask<float>([0, -0f, NaN, 1e-45f], dst), 4), Is.EqualTo((uint[])[F, F, T, T]));
            Assert.That(Run<uint>(dst => Tile.ToMask<int>([0, -1], dst), 2), Is.EqualTo((uint[])[F, T]));
        }
    }

    [Test]
    public void BoolsBecomeMasksAndBack([Range(0, 70)] int length)
    {
        bool[] bools = [.. Enumerable.Range(0, length).Select(i => i * i % 3 == 1)];
        uint[] mask = Run<uint>(dst => Tile.BoolsToMask(bools, dst), length);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(mask, Is.EqualTo(bools.Select(b => b ? T : F)));
            Assert.That(Run<bool>(dst => Tile.MaskToBools(mask, dst), length), Is.EqualTo(bools));
        }
    }

    private delegate void Writer<TDst>(Span<TDst> dst);

    private static TDst[] Run<TDst>(Writer<TDst> tile, int length)
    {
        var dst = new TDst[length];
        tile(dst);
        return dst;
    }

    private static TestCaseData Case(string name, TileAccuracyTests.Unary tile, float[] x, float[] expected) =>
        new TestCaseData(tile, x, expected).SetArgDisplayNames(name);
}
