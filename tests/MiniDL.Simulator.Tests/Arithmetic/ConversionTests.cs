// cvt: whole numbers, clamping, NaN, ties, and the formats of 16 bits.
using System.Numerics;

namespace MiniDL.Simulator.Tests.Arithmetic;

[TestFixture]
public sealed class ConversionTests
{
    private static ulong D(double x) => BitConverter.DoubleToUInt64Bits(x);

    [Test]
    public void Float_to_integer_clamps_and_rounds_as_told()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("cvt.rni.s32.f32", Warp.B(2.5f)), Is.EqualTo(2), "a tie goes to the even one");
            Assert.That(Warp.Bits("cvt.rni.s32.f32", Warp.B(3.5f)), Is.EqualTo(4));
            Assert.That(Warp.Bits("cvt.rzi.s32.f32", Warp.B(-2.9f)), Is.EqualTo(unchecked((uint)-2)));
            Assert.That(Warp.Bits("cvt.rmi.s32.f32", Warp.B(-2.1f)), Is.EqualTo(unchecked((uint)-3)));
            Assert.That(Warp.Bits("cvt.rpi.s32.f32", Warp.B(2.1f)), Is.EqualTo(3));
            Assert.That(Warp.Bits("cvt.rzi.s32.f32", Warp.B(3e9f)), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("cvt.rzi.s32.f32", Warp.B(float.NegativeInfinity)), Is.EqualTo(0x80000000));
            Assert.That(Warp.Bits("cvt.rzi.u32.f32", Warp.B(-5)), Is.Zero);
            Assert.That(Warp.Bits("cvt.rzi.u32.f32", Warp.B(3e9f)), Is.EqualTo(3000000000));
            Assert.That(Warp.Bits("cvt.rzi.u8.f32", Warp.B(300)), Is.EqualTo(255));
            Assert.That(Warp.Bits("cvt.rzi.s64.f32", Warp.B(-1e10f)), Is.EqualTo(unchecked((ulong)-10000000000)));
            Assert.That(Warp.Bits("cvt.rzi.ftz.s32.f32", Warp.B(1e-40f)), Is.Zero);
            Assert.That(Warp.Bits("cvt.rpi.ftz.s32.f32", Warp.B(1e-40f)), Is.Zero, "flushed before it is rounded up");
            Assert.That(Warp.Bits("cvt.rpi.s32.f32", Warp.B(1e-40f)), Is.EqualTo(1));
        }
    }

    [Test]
    public void NaN_becomes_0_or_the_indefinite_integer()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("cvt.rzi.s32.f32", Warp.B(float.NaN)), Is.Zero);
            Assert.That(Warp.Bits("cvt.rzi.u32.f32", Warp.B(float.NaN)), Is.Zero);
            Assert.That(Warp.Bits("cvt.rzi.s64.f32", Warp.B(float.NaN)), Is.EqualTo(0x8000000000000000));
            Assert.That(Warp.Bits("cvt.rzi.s32.f64", D(double.NaN)), Is.EqualTo(0x80000000));
            Assert.That(Warp.Bits("cvt.rzi.u64.f64", D(double.NaN)), Is.EqualTo(0x8000000000000000));
        }
    }

    [Test]
    public void Integers_are_cut_off_or_extended_with_the_source_s_sign()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("cvt.s64.s32", 0xFFFFFFFE), Is.EqualTo(0xFFFFFFFFFFFFFFFE));
            Assert.That(Warp.Bits("cvt.u64.u32", 0xFFFFFFFE), Is.EqualTo(0xFFFFFFFE));
            Assert.That(Warp.Bits("cvt.u64.s32", 0xFFFFFFFE), Is.EqualTo(0xFFFFFFFFFFFFFFFE));
            Assert.That(Warp.Bits("cvt.u32.u64", 0x1234567890), Is.EqualTo(0x34567890));
            Assert.That(Warp.Bits("cvt.s32.s16", 0x1234FFFE), Is.EqualTo(0xFFFFFFFE));
            Assert.That(Warp.Bits("cvt.u32.u16", 0x1234FFFE), Is.EqualTo(0xFFFE));
            Assert.That(Warp.Bits("cvt.u16.u32", 0x12345678), Is.EqualTo(0x5678));
            Assert.That(Warp.Bits("cvt.s32.s8", 0x80), Is.EqualTo(0xFFFFFF80));
            Assert.That(Warp.Bits("cvt.s8.s32", 0x180), Is.EqualTo(0xFFFFFF80), "in a wider register, with the destination's sign");
            Assert.That(Warp.Bits("cvt.sat.u8.s32", unchecked((uint)-5)), Is.Zero);
            Assert.That(Warp.Bits("cvt.sat.s16.s32", 100000), Is.EqualTo(0x7FFF));
            Assert.That(Warp.Bits("cvt.sat.u32.u64", 1UL << 40), Is.EqualTo(0xFFFFFFFF));
        }
    }

    [TestCase("rn")]
    [TestCase("rz")]
    [TestCase("rm")]
    [TestCase("rp")]
    public void Integers_become_floats_with_one_rounding(string mode)
    {
        var random = new Random(2);
        for (int i = 0; i < 5000; i++)
        {
            // Many are close to the middle between two floats: 25 bits, or 54, and a little.
            ulong any = (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64), a = random.Next(2) == 0 ? any : (any & ~0xFFFFUL) + (ulong)random.Next(-2, 3);
            Check("u64", new BigInteger(a));
            Check("s64", new BigInteger((long)a));
            Check("u32", new BigInteger((uint)a));
            Check("s32", new BigInteger((int)a));

            void Check(string type, BigInteger value)
            {
                ulong bits = Warp.Bits($"cvt.{mode}.f32.{type}", a);
                Assert.That((double)BitConverter.UInt32BitsToSingle((uint)bits), Is.EqualTo(new Exact(value, 0).RoundToSingle(mode)), () => $"cvt.{mode}.f32.{type} {value}");
                if (mode == "rn")
                    Assert.That(BitConverter.UInt64BitsToDouble(Warp.Bits($"cvt.rn.f64.{type}", a)), Is.EqualTo(new Exact(value, 0).Round("rn", 53, -1022, double.MaxValue)), () => $"cvt.rn.f64.{type} {value}");
            }
        }
    }

    [Test]
    public void Floats_become_whole_floats()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.F32("cvt.rni.f32.f32", 2.5f), Is.EqualTo(2f));
            Assert.That(Warp.F32("cvt.rmi.f32.f32", -0.5f), Is.EqualTo(-1f));
            Assert.That(Warp.F32("cvt.rpi.f32.f32", 1.1f), Is.EqualTo(2f));
            Assert.That(Warp.Bits("cvt.rzi.f32.f32", Warp.B(-0.5f)), Is.EqualTo(0x80000000), "-0 keeps its sign");
            Assert.That(Warp.F32("cvt.rzi.f32.f32", 3e30f), Is.EqualTo(3e30f));
            Assert.That(Warp.F32("cvt.rni.f32.f32", float.NegativeInfinity), Is.EqualTo(float.NegativeInfinity));
            Assert.That(Warp.Bits("cvt.rni.f32.f32", 0xFFC00001), Is.EqualTo(0x7FFFFFFF));
            Assert.That(Warp.Bits("cvt.rmi.ftz.f32.f32", Warp.B(-1e-40f)), Is.EqualTo(0x80000000));
        }
    }

    [Test]
    public void Floats_become_narrower_and_wider_floats()
    {
        double between = 1 + Math.ScaleB(1, -30);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("cvt.rn.f32.f64", D(between)), Is.EqualTo(Warp.B(1)));
            Assert.That(Warp.Bits("cvt.rp.f32.f64", D(between)), Is.EqualTo(Warp.B(float.BitIncrement(1))));
            Assert.That(Warp.Bits("cvt.rn.ftz.f32.f64", D(1e-40)), Is.Zero);
            Assert.That(Warp.Bits("cvt.f64.f32", Warp.B(0.1f)), Is.EqualTo(D(0.1f)));
            Assert.That(Warp.Bits("cvt.ftz.f64.f32", Warp.B(-1e-40f)), Is.EqualTo(D(-0.0)));
            Assert.That(Warp.Bits("cvt.rn.f16.f32", Warp.B(1.0004883f)), Is.EqualTo(0x3C00), "1 + 2^-11: a tie, to even");
            Assert.That(Warp.Bits("cvt.rp.f16.f32", Warp.B(1.0004883f)), Is.EqualTo(0x3C01));
            Assert.That(Warp.Bits("cvt.rz.f16.f32", Warp.B(1e9f)), Is.EqualTo(0x7BFF), "towards zero nothing overflows");
            Assert.That(Warp.Bits("cvt.rn.f16.f32", Warp.B(65520)), Is.EqualTo(0x7C00));
            Assert.That(Warp.Bits("cvt.rn.f16.f32", Warp.B(5.9604645e-08f)), Is.EqualTo(1), "2^-24, the smallest");
            Assert.That(Warp.Bits("cvt.f32.f16", 0xFFFF3C01), Is.EqualTo(Warp.B(1.0009766f)));
            // 0x3F808000 lies in the middle between bf16 0x3F80 and 0x3F81.
            Assert.That(Warp.Bits("cvt.rn.bf16.f32", 0x3F808000), Is.EqualTo(0x3F80));
            Assert.That(Warp.Bits("cvt.rn.bf16.f32", 0x3F808001), Is.EqualTo(0x3F81));
            Assert.That(Warp.Bits("cvt.rn.bf16.f32", 0x3F818000), Is.EqualTo(0x3F82));
            Assert.That(Warp.Bits("cvt.rn.bf16.f32", 0x7FC00000), Is.EqualTo(0x7FFF));
            Assert.That(Warp.Bits("cvt.rn.f16x2.f32", Warp.B(2), Warp.B(1)), Is.EqualTo(0x4000_3C00), "the first source above");
            Assert.That(Warp.Bits("cvt.rn.bf16x2.f32", Warp.B(2), Warp.B(1)), Is.EqualTo(0x4000_3F80));
            Assert.That(Warp.Bits("cvt.rna.tf32.f32", 0x3F801000), Is.EqualTo(0x3F802000), "ties away from zero");
            Assert.That(Warp.Bits("cvt.rna.tf32.f32", 0x3F800FFF), Is.EqualTo(0x3F800000));
        }
    }
}
