// Float64, float16, bfloat16, and the approximations of the special-function unit.
using MiniDL.Simulator.Arithmetic;

namespace MiniDL.Simulator.Tests.Arithmetic;

[TestFixture]
public sealed class OtherFloatTests
{
    [TestCase("rn")]
    [TestCase("rz")]
    [TestCase("rm")]
    [TestCase("rp")]
    public void Float64_agrees_with_exact_arithmetic(string mode)
    {
        var random = new Random(11);
        for (int i = 0; i < 2000; i++)
        {
            double a = Any(random), b = Any(random), c = random.Next(3) == 0 ? -(a * b) : Any(random);
            if (!double.IsFinite(c)) continue;
            Exact x = Exact.Of(a), y = Exact.Of(b), z = Exact.Of(c);
            Check("add", x + y, a, b);
            Check("sub", x + Exact.Of(-b), a, b);
            Check("mul", x * y, a, b);
            Check("fma", (x * y) + z, a, b, c);
        }

        void Check(string name, Exact exact, params double[] sources) =>
            Assert.That(Warp.F64($"{name}.{mode}.f64", sources), Is.EqualTo(exact.Round(mode, 53, -1022, double.MaxValue)), () => $"{name} {string.Join(" ", sources)}");
    }

    [Test]
    public void Float64_zeros_follow_the_rounding()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(double.IsNegative(Warp.F64("add.rm.f64", 1, -1)));
            Assert.That(double.IsNegative(Warp.F64("add.rz.f64", 1, -1)), Is.False);
            Assert.That(double.IsNegative(Warp.F64("mul.rp.f64", -0.0, 1)));
            Assert.That(Warp.F64("rcp.rn.f64", 4), Is.EqualTo(0.25));
            Assert.That(Warp.F64("sqrt.rn.f64", 2), Is.EqualTo(1.4142135623730951));
            Assert.That(Warp.F64("min.f64", double.NaN, 1), Is.EqualTo(1));
        }
    }

    [Test]
    public void Float16_by_hand()
    {
        // 1.0 = 0x3C00, 2^-11 = 0x1000, the next after 1 is 1 + 2^-10 = 0x3C01.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("add.f16", 0x3C00, 0x1000), Is.EqualTo(0x3C00), "1 + 2^-11 is a tie, to even");
            Assert.That(Warp.Bits("add.f16", 0x3C01, 0x1000), Is.EqualTo(0x3C02), "the tie above goes up");
            Assert.That(Warp.Bits("mul.f16", 0x7BFF, 0x4000), Is.EqualTo(0x7C00), "65504 * 2 is infinite");
            Assert.That(Warp.Bits("fma.rn.f16", 0x3C01, 0x3C01, 0xBC02), Is.EqualTo(0x0010), "(1+2^-10)^2 - (1+2^-9) = 2^-20: bit 4 of the subnormals' 2^-24");
            Assert.That(Warp.Bits("sub.f16", 0x7C00, 0x7C00), Is.EqualTo(0x7FFF), "the canonical NaN");
            Assert.That(Warp.Bits("max.f16", 0x7FFF, 0x3C00), Is.EqualTo(0x3C00));
            Assert.That(Warp.Bits("add.f16x2", 0x3C00_4000, 0x3C00_3C00), Is.EqualTo(0x4000_4200), "1+1 above, 2+1 below");
            Assert.That(Warp.Bits("add.f16", 0xDEAD_3C00, 0xBEEF_3C00), Is.EqualTo(0x4000), "what lies above the low 16 bits is not looked at");
            Assert.That(Warp.Bits("neg.f16", 0x3C00), Is.EqualTo(0xBC00));
        }
    }

    [Test]
    public void Small_formats_round_once()
    {
        var random = new Random(5);
        for (int i = 0; i < 5000; i++)
        {
            ulong a = (ulong)random.Next(65536), b = (ulong)random.Next(65536), c = (ulong)random.Next(65536);
            Check("f16", v => (double)BitConverter.UInt16BitsToHalf((ushort)v), 11, -14, 65504);
            Check("bf16", v => BitConverter.UInt32BitsToSingle((uint)v << 16), 8, -126, 3.3895313892515355e38);

            void Check(string type, Func<ulong, double> value, int precision, int lowest, double largest)
            {
                double x = value(a), y = value(b), z = value(c);
                if (!double.IsFinite(x + y + z)) return;
                double expected = ((Exact.Of(x) * Exact.Of(y)) + Exact.Of(z)).Round("rn", precision, lowest, largest);
                Assert.That(value(Warp.Bits($"fma.rn.{type}", a, b, c)), Is.EqualTo(expected), () => $"fma.rn.{type} {x} {y} {z}");
            }
        }
    }

    [TestCase("rcp", 1e-38, 1e38)]
    [TestCase("sqrt", 0, 1e38)]
    [TestCase("rsqrt", 1e-38, 1e38)]
    [TestCase("ex2", -130, 128)]
    [TestCase("lg2", 1e-38, 1e38)]
    [TestCase("lg2", 0.4, 2.1)]
    [TestCase("sin", -6.28, 6.28)]
    [TestCase("cos", -6.28, 6.28)]
    [TestCase("tanh", -10, 10)]
    public void Approximations_are_within_their_bounds_with_jitter_too(string name, double low, double high)
    {
        Alu plain = AluTable.Find($"{name}.approx.f32")!, jittered = AluTable.Find($"{name}.approx.f32", jitter: true)!;
        var random = new Random(3);
        int moved = 0;
        for (int i = 0; i < 2000; i++)
        {
            float x = (float)(low >= 0 && high > 1e30 ? Math.Pow(10, -37 + 74 * random.NextDouble()) : low + (high - low) * random.NextDouble());
            double y = Exactly(name, x);
            float best = Value(Warp.Bits(plain, 0, Warp.B(x))), one = Value(Warp.Bits(jittered, 1, Warp.B(x))), again = Value(Warp.Bits(jittered, 1, Warp.B(x)));
            Assert.That(best, Is.EqualTo((float)y).Or.EqualTo(float.BitIncrement((float)y)).Or.EqualTo(float.BitDecrement((float)y)), () => $"{name}({x})");
            Assert.That(Math.Abs(one - y) <= Bound(name, x, y), () => $"{name}({x}) jittered: {one} against {y}");
            Assert.That(again, Is.EqualTo(one), "the same input moves by the same amount");
            if (one != best) moved++;
        }
        Assert.That(moved, Is.GreaterThan(200), "some results stray");
    }

    [Test]
    public void Approximations_at_their_edges()
    {
        float infinity = float.PositiveInfinity;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.F32("rcp.approx.f32", infinity), Is.Zero);
            Assert.That(Warp.F32("rcp.approx.f32", -0f), Is.EqualTo(-infinity));
            Assert.That(Warp.Bits("sqrt.approx.f32", Warp.B(-0f)), Is.EqualTo(0x80000000));
            Assert.That(Warp.F32("sqrt.approx.f32", -1), Is.NaN);
            Assert.That(Warp.F32("rsqrt.approx.f32", -0f), Is.EqualTo(-infinity));
            Assert.That(Warp.F32("rsqrt.approx.f32", infinity), Is.Zero);
            Assert.That(Warp.F32("ex2.approx.f32", -infinity), Is.Zero);
            Assert.That(Warp.F32("ex2.approx.f32", 3), Is.EqualTo(8f));
            Assert.That(Warp.F32("ex2.approx.f32", 128), Is.EqualTo(infinity));
            Assert.That(Warp.F32("ex2.approx.f32", -149), Is.EqualTo(float.Epsilon));
            Assert.That(Warp.F32("ex2.approx.ftz.f32", -149), Is.Zero);
            Assert.That(Warp.F32("lg2.approx.f32", 0), Is.EqualTo(-infinity));
            Assert.That(Warp.F32("lg2.approx.f32", -1), Is.NaN);
            Assert.That(Warp.F32("lg2.approx.f32", 8), Is.EqualTo(3f));
            Assert.That(Warp.F32("sin.approx.f32", infinity), Is.NaN);
            Assert.That(Warp.Bits("sin.approx.f32", Warp.B(-0f)), Is.EqualTo(0x80000000));
            Assert.That(Warp.F32("cos.approx.f32", 0), Is.EqualTo(1f));
            Assert.That(Warp.F32("tanh.approx.f32", infinity), Is.EqualTo(1f));
        }
    }

    [Test]
    public void Approximate_division_gives_0_for_huge_divisors()
    {
        float huge = 1.5e38f;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.F32("div.approx.f32", 3e38f, huge), Is.Zero);
            Assert.That(Warp.F32("div.approx.f32", float.PositiveInfinity, huge), Is.NaN);
            Assert.That(Warp.F32("div.full.f32", 3e38f, huge), Is.EqualTo(2f));
            Assert.That(Warp.F32("div.approx.f32", 1, 3), Is.EqualTo(1 / 3f));
        }
    }

    private static float Value(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double Exactly(string name, double x) => name switch
    {
        "rcp" => 1 / x,
        "sqrt" => Math.Sqrt(x),
        "rsqrt" => 1 / Math.Sqrt(x),
        "ex2" => Math.Pow(2, x),
        "lg2" => Math.Log2(x),
        "sin" => Math.Sin(x),
        "cos" => Math.Cos(x),
        _ => Math.Tanh(x),
    };

    // The PTX manual's words, section 9.7.3.
    private static double Bound(string name, double x, double y) => name switch
    {
        "rcp" => Jitter.Ulp(y),
        "sqrt" => Math.Pow(2, -23) * y,
        "rsqrt" => Math.Pow(2, -22.9) * y,
        "ex2" => 2 * Jitter.Ulp(y),
        "lg2" => Math.Pow(2, -22) * (x is > 0.5 and < 2 ? 1 : Math.Abs(y)),
        "sin" or "cos" => Math.Pow(2, -20.5),
        _ => Math.Pow(2, -11) * Math.Abs(y),
    };

    private static double Any(Random random)
    {
        double x = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
        return random.Next(3) == 0 || !double.IsFinite(x) ? (random.NextDouble() - 0.5) * Math.ScaleB(1, random.Next(-60, 60)) : x;
    }
}
