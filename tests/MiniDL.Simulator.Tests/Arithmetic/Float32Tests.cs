// Float32 arithmetic: fused, rounded in four directions, flushed, saturated, NaN.
using System.Globalization;

namespace MiniDL.Simulator.Tests.Arithmetic;

[TestFixture]
public sealed class Float32Tests
{
    private const float Subnormal = 1e-40f;

    [Test]
    public void Fma_rounds_once()
    {
        // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24. Rounded on its own the product loses the last term (a tie, to even), so that subtracting 1 + 2^-11 leaves 0.
        float x = 1 + 1 / 4096f, c = -(1 + 1 / 2048f);
        Assert.That(Warp.F32("fma.rn.f32", x, x, c), Is.EqualTo(5.9604645e-08f));
        Assert.That(Warp.F32("add.f32", Warp.F32("mul.f32", x, x), c), Is.Zero);
    }

    [Test]
    public void Results_that_are_NaN_are_the_canonical_one()
    {
        float odd = BitConverter.UInt32BitsToSingle(0xFFC12345), infinity = float.PositiveInfinity;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("add.f32", Warp.B(odd), Warp.B(1)), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("sub.f32", Warp.B(infinity), Warp.B(infinity)), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("mul.rz.f32", Warp.B(infinity), Warp.B(0)), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("fma.rn.f32", Warp.B(1), Warp.B(1), Warp.B(odd)), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("fma.rm.f32", Warp.B(1), Warp.B(1), Warp.B(odd)), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("sqrt.rn.f32", Warp.B(-1)), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("div.rn.f32", Warp.B(0), Warp.B(0)), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("ex2.approx.f32", Warp.B(odd)), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("mov.f32", Warp.B(odd)), Is.EqualTo(0xFFC12345), "moves keep all bits");
        }
    }

    [Test]
    public void Ftz_flushes_sources_and_results_and_keeps_the_sign()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.F32("add.f32", Subnormal, 0), Is.EqualTo(Subnormal));
            Assert.That(Warp.Bits("add.ftz.f32", Warp.B(Subnormal), Warp.B(0)), Is.Zero);
            Assert.That(Warp.Bits("mul.ftz.f32", Warp.B(-Subnormal), Warp.B(1)), Is.EqualTo(0x80000000), "-0");
            Assert.That(Warp.Bits("mul.ftz.f32", Warp.B(-1e-30f), Warp.B(1e-10f)), Is.EqualTo(0x80000000), "a result of -1e-40 becomes -0");
            Assert.That(Warp.F32("mul.ftz.f32", Subnormal, 1e38f), Is.Zero, "1e-40 * 1e38 = 0.01 would be normal, but the source is flushed first");
            Assert.That(Warp.F32("fma.rz.ftz.f32", 1, 1, Subnormal), Is.EqualTo(1f));
            Assert.That(Warp.F32("rcp.approx.ftz.f32", Subnormal), Is.EqualTo(float.PositiveInfinity));
            Assert.That(Warp.Bits("max.ftz.f32", Warp.B(-Subnormal), Warp.B(-1)), Is.EqualTo(0x80000000));
            Assert.That(Warp.Holds("setp.eq.ftz.f32", Warp.B(Subnormal), Warp.B(0)));
            Assert.That(Warp.Holds("setp.eq.f32", Warp.B(Subnormal), Warp.B(0)), Is.False);
        }
    }

    [Test]
    public void Sat_clamps_to_0_and_1_and_makes_NaN_0()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.F32("add.sat.f32", 0.75f, 0.75f), Is.EqualTo(1f));
            Assert.That(Warp.F32("fma.rn.sat.f32", -2, 3, 1), Is.Zero);
            Assert.That(Warp.F32("mul.ftz.sat.f32", 0.5f, 0.5f), Is.EqualTo(0.25f));
            Assert.That(Warp.Bits("add.sat.f32", Warp.B(float.NaN), Warp.B(0)), Is.Zero, "+0");
            Assert.That(Warp.Bits("cvt.sat.f32.f32", Warp.B(-0f)), Is.Zero, "+0");
        }
    }

    [Test]
    public void Min_and_max_prefer_numbers_to_NaN_and_order_the_zeros()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.F32("min.f32", float.NaN, 3), Is.EqualTo(3f));
            Assert.That(Warp.F32("max.f32", 3, float.NaN), Is.EqualTo(3f));
            Assert.That(Warp.Bits("max.f32", Warp.B(float.NaN), Warp.B(float.NaN)), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("min.f32", Warp.B(0), Warp.B(-0f)), Is.EqualTo(0x80000000));
            Assert.That(Warp.Bits("max.f32", Warp.B(-0f), Warp.B(0)), Is.Zero);
            Assert.That(Warp.F32("min.NaN.f32", float.NaN, 3), Is.NaN);
            Assert.That(Warp.F32("max.NaN.f32", -1, 3), Is.EqualTo(3f));
        }
    }

    [Test]
    public void Directed_roundings_by_hand()
    {
        // 1 + 2^-30 lies between 1 and 1 + 2^-23.
        float tiny = MathF.ScaleB(1, -30), next = float.BitIncrement(1), max = float.MaxValue;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.F32("add.rz.f32", 1, tiny), Is.EqualTo(1f));
            Assert.That(Warp.F32("add.rm.f32", 1, tiny), Is.EqualTo(1f));
            Assert.That(Warp.F32("add.rp.f32", 1, tiny), Is.EqualTo(next));
            Assert.That(Warp.F32("sub.rz.f32", -1, tiny), Is.EqualTo(-1f));
            Assert.That(Warp.F32("sub.rm.f32", -1, tiny), Is.EqualTo(-next));
            // 1 + 2^-60 is beyond double, too: the error term decides.
            Assert.That(Warp.F32("fma.rp.f32", tiny, tiny, 1), Is.EqualTo(next));
            Assert.That(Warp.F32("fma.rm.f32", tiny, -tiny, 1), Is.EqualTo(float.BitDecrement(1)));
            Assert.That(Warp.F32("mul.rz.f32", max, 2), Is.EqualTo(max));
            Assert.That(Warp.F32("mul.rp.f32", max, 2), Is.EqualTo(float.PositiveInfinity));
            Assert.That(Warp.F32("mul.rm.f32", max, -2), Is.EqualTo(float.NegativeInfinity));
            Assert.That(Warp.Bits("add.rm.f32", Warp.B(1), Warp.B(-1)), Is.EqualTo(0x80000000), "x - x is -0 when rounding down");
            Assert.That(Warp.Bits("add.rp.f32", Warp.B(1), Warp.B(-1)), Is.Zero);
            Assert.That(Warp.Bits("add.rm.f32", Warp.B(0), Warp.B(0)), Is.Zero, "but 0 + 0 is +0");
            Assert.That(Warp.F32("div.rz.f32", 2, 3), Is.EqualTo(float.BitDecrement(2 / 3f)), "2/3 = 0.6666667 to nearest lies above");
            Assert.That(Warp.F32("div.rp.f32", 1, 3), Is.EqualTo(1 / 3f), "1/3 = 0.33333334 to nearest lies above");
            Assert.That(Warp.F32("sqrt.rm.f32", 2), Is.EqualTo(MathF.Sqrt(2)), "1.4142135 lies below");
            Assert.That(Warp.F32("sqrt.rp.f32", 2), Is.EqualTo(float.BitIncrement(MathF.Sqrt(2))));
        }
    }

    [TestCase("rn")]
    [TestCase("rz")]
    [TestCase("rm")]
    [TestCase("rp")]
    public void Every_rounding_agrees_with_exact_arithmetic(string mode)
    {
        var random = new Random(7);
        for (int i = 0; i < 3000; i++)
        {
            float a = Any(random), b = Any(random), c = random.Next(3) == 0 ? -(a * b) * (1 + random.Next(3) * 1e-7f) : Any(random);
            if (!float.IsFinite(c)) continue;
            Exact x = Exact.Of(a), y = Exact.Of(b), z = Exact.Of(c);
            Check("add", x + y, a, b);
            Check("sub", x + Exact.Of(-b), a, b);
            Check("mul", x * y, a, b);
            Check("fma", (x * y) + z, a, b, c);
            if (b != 0) Check("div", x / y, a, b);
        }

        void Check(string name, Exact exact, params float[] sources)
        {
            double expected = exact.RoundToSingle(mode);
            float actual = Warp.F32($"{name}.{mode}.f32", sources);
            Assert.That((double)actual, Is.EqualTo(expected), () => string.Create(CultureInfo.InvariantCulture, $"{name}.{mode}({string.Join(", ", sources.Select(s => s.ToString("R", CultureInfo.InvariantCulture)))})"));
        }
    }

    [Test]
    public void Signs_are_bits() => Assert.Multiple(() =>
    {
        Assert.That(Warp.Bits("neg.f32", 0x7FC00001), Is.EqualTo(0xFFC00001));
        Assert.That(Warp.Bits("abs.f32", Warp.B(-2)), Is.EqualTo(Warp.B(2)));
        Assert.That(Warp.F32("copysign.f32", -1, 5), Is.EqualTo(-5f), "the sign of the first on the second");
    });

    /// <summary>A number of any size, often small or close to a power of two.</summary>
    private static float Any(Random random)
    {
        float x = BitConverter.Int32BitsToSingle((int)random.NextInt64(1L << 32));
        return random.Next(3) == 0 || !float.IsFinite(x) ? (float)(random.NextDouble() - 0.5) * MathF.ScaleB(1, random.Next(-30, 30)) : x;
    }
}
