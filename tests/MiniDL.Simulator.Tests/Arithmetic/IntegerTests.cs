// Integers: wrapping, wide products, shifts that PTX defines and C# masks, fields, bytes.
using System.Numerics;

namespace MiniDL.Simulator.Tests.Arithmetic;

[TestFixture]
public sealed class IntegerTests
{
    [Test]
    public void Shifts_by_the_width_or_more_leave_nothing_or_the_sign()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("shl.b32", 1, 31), Is.EqualTo(0x80000000));
            Assert.That(Warp.Bits("shl.b32", 1, 32), Is.Zero);
            Assert.That(Warp.Bits("shl.b32", 1, 0x80000001), Is.Zero);
            Assert.That(Warp.Bits("shr.u32", 0x80000000, 33), Is.Zero);
            Assert.That(Warp.Bits("shr.s32", 0x80000000, 33), Is.EqualTo(0xFFFFFFFF));
            Assert.That(Warp.Bits("shr.s32", 0x80000000, 4), Is.EqualTo(0xF8000000));
            Assert.That(Warp.Bits("shl.b64", 3, 63), Is.EqualTo(0x8000000000000000));
            Assert.That(Warp.Bits("shl.b64", 3, 64), Is.Zero);
            Assert.That(Warp.Bits("shr.u64", ulong.MaxValue, 60), Is.EqualTo(15));
            Assert.That(Warp.Bits("shr.s64", 0x8000000000000000, 200), Is.EqualTo(ulong.MaxValue));
            Assert.That(Warp.Bits("shl.b16", 0x8001, 1), Is.EqualTo(2));
            Assert.That(Warp.Bits("shr.u16", 0xFFFF8000, 15), Is.EqualTo(1));
        }
    }

    [Test]
    public void Funnel_shifts_wrap_or_clamp()
    {
        // {b, a} = 0x89ABCDEF_01234567.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("shf.l.wrap.b32", 0x01234567, 0x89ABCDEF, 8), Is.EqualTo(0xABCDEF01));
            Assert.That(Warp.Bits("shf.l.wrap.b32", 0x01234567, 0x89ABCDEF, 32), Is.EqualTo(0x89ABCDEF));
            Assert.That(Warp.Bits("shf.l.clamp.b32", 0x01234567, 0x89ABCDEF, 40), Is.EqualTo(0x01234567));
            Assert.That(Warp.Bits("shf.r.wrap.b32", 0x01234567, 0x89ABCDEF, 8), Is.EqualTo(0xEF012345));
            Assert.That(Warp.Bits("shf.r.clamp.b32", 0x01234567, 0x89ABCDEF, 99), Is.EqualTo(0x89ABCDEF));
        }
    }

    [Test]
    public void Fields_are_clipped_at_the_top_and_length_0_is_nothing()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("bfe.u32", 0x12345678, 8, 8), Is.EqualTo(0x56));
            Assert.That(Warp.Bits("bfe.u32", 0xFFFFFFFF, 28, 8), Is.EqualTo(0xF), "4 bits are left");
            Assert.That(Warp.Bits("bfe.s32", 0x00000080, 4, 4), Is.EqualTo(0xFFFFFFF8), "the field's top bit is its sign");
            Assert.That(Warp.Bits("bfe.s32", 0x80000000, 40, 8), Is.EqualTo(0xFFFFFFFF), "beyond the top there is the sign");
            Assert.That(Warp.Bits("bfe.u32", 0x12345678, 8, 0), Is.Zero);
            Assert.That(Warp.Bits("bfe.u32", 0x12345678, 0x108, 0x108), Is.EqualTo(0x56), "modulo 256");
            Assert.That(Warp.Bits("bfe.u64", 0x123456789ABCDEF0, 60, 16), Is.EqualTo(1));
            Assert.That(Warp.Bits("bfi.b32", 0xFF, 0x11111111, 8, 8), Is.EqualTo(0x1111FF11));
            Assert.That(Warp.Bits("bfi.b32", 0xFF, 0x11111111, 28, 8), Is.EqualTo(0xF1111111));
            Assert.That(Warp.Bits("bfi.b32", 0xFF, 0x11111111, 32, 8), Is.EqualTo(0x11111111));
            Assert.That(Warp.Bits("bfi.b32", 0xFF, 0x11111111, 8, 0), Is.EqualTo(0x11111111));
            Assert.That(Warp.Bits("bfi.b32", 0xABCDEF01, 0, 0, 32), Is.EqualTo(0xABCDEF01));
            Assert.That(Warp.Bits("bfi.b64", 0xFF, 0, 32, 4), Is.EqualTo(0xF00000000));
        }
    }

    [Test]
    public void Bits_are_counted_found_reversed()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("clz.b32", 1), Is.EqualTo(31));
            Assert.That(Warp.Bits("clz.b32", 0), Is.EqualTo(32));
            Assert.That(Warp.Bits("clz.b64", 1), Is.EqualTo(63));
            Assert.That(Warp.Bits("popc.b32", 0xF0F0), Is.EqualTo(8));
            Assert.That(Warp.Bits("popc.b64", ulong.MaxValue), Is.EqualTo(64));
            Assert.That(Warp.Bits("brev.b32", 0x00000001), Is.EqualTo(0x80000000));
            Assert.That(Warp.Bits("brev.b64", 0x00000000_00000003), Is.EqualTo(0xC000000000000000));
            Assert.That(Warp.Bits("bfind.u32", 0x00010000), Is.EqualTo(16));
            Assert.That(Warp.Bits("bfind.u32", 0), Is.EqualTo(0xFFFFFFFF));
            Assert.That(Warp.Bits("bfind.s32", 0xFFFFFFFE), Is.EqualTo(0), "of a negative number the highest 0");
            Assert.That(Warp.Bits("bfind.s32", 0xFFFFFFFF), Is.EqualTo(0xFFFFFFFF));
            Assert.That(Warp.Bits("bfind.shiftamt.u32", 0x00010000), Is.EqualTo(15));
        }
    }

    [Test]
    public void Permute_takes_bytes_of_both_and_signs()
    {
        // Bytes 0 to 7: 00 11 22 33 of a = 0x33221100, 44 95 66 77 of b = 0x77669544.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("prmt.b32", 0x33221100, 0x77669544, 0x7410), Is.EqualTo(0x77441100));
            Assert.That(Warp.Bits("prmt.b32", 0x33221100, 0x77669544, 0x0123), Is.EqualTo(0x00112233));
            Assert.That(Warp.Bits("prmt.b32", 0x33221100, 0x77669544, 0x00D5), Is.EqualTo(0x0000FF95), "byte 5 is 0x95: selector 0xD is its sign, eight times");
            Assert.That(Warp.Bits("prmt.b32", 0x33221100, 0x77669544, 0x8888), Is.Zero, "byte 0 is not negative");
        }
    }

    [Test]
    public void Logic_by_truth_table()
    {
        // 0xE8 is the majority: at least two of three.
        Assert.That(Warp.Bits("lop3.b32", 0b1100, 0b1010, 0b0110, 0xE8), Is.EqualTo(0b1110));
        Assert.That(Warp.Bits("lop3.b32", 0b1100, 0b1010, 0b0110, 0x96), Is.EqualTo(0b0000), "0x96 is a xor b xor c");
    }

    [Test]
    public void Division_by_zero_gives_all_ones_and_the_smallest_over_minus_1_itself()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Bits("div.s32", 7, 0), Is.EqualTo(0xFFFFFFFF));
            Assert.That(Warp.Bits("rem.u32", 7, 0), Is.EqualTo(0xFFFFFFFF));
            Assert.That(Warp.Bits("div.s32", 0x80000000, 0xFFFFFFFF), Is.EqualTo(0x80000000));
            Assert.That(Warp.Bits("rem.s32", 0x80000000, 0xFFFFFFFF), Is.Zero);
            Assert.That(Warp.Bits("div.s64", 1UL << 63, ulong.MaxValue), Is.EqualTo(1UL << 63));
            Assert.That(Warp.Bits("div.u32", 0xFFFFFFFF, 0xFFFFFFFF), Is.EqualTo(1));
            Assert.That(Warp.Bits("rem.s32", unchecked((uint)-7), 3), Is.EqualTo(0xFFFFFFFF), "-7 rem 3 = -1");
            Assert.That(Warp.Bits("div.u16", 0xFFFF000A, 3), Is.EqualTo(3));
        }
    }

    [Test]
    public void Products_sums_and_order_agree_with_whole_numbers()
    {
        var random = new Random(1);
        for (int i = 0; i < 2000; i++)
        {
            ulong a = Any(random), b = Any(random), c = Any(random);
            foreach (int width in (int[])[16, 32, 64])
            {
                foreach (bool signed in (bool[])[true, false])
                {
                    BigInteger x = Value(a, width, signed), y = Value(b, width, signed), z = Value(c, width, signed);
                    string type = (signed ? "s" : "u") + width;
                    Check("add", x + y);
                    Check("sub", x - y);
                    Check("mul.lo", x * y);
                    Check("mul.hi", (x * y) >> width);
                    Check("min", BigInteger.Min(x, y));
                    Check("max", BigInteger.Max(x, y));
                    Check3("mad.lo", x * y + z);
                    if (width < 64)
                    {
                        Assert.That(Warp.Bits($"mul.wide.{type}", a, b), Is.EqualTo(Low(x * y, 2 * width)), () => $"mul.wide.{type}");
                        Assert.That(Warp.Bits($"mad.wide.{type}", a, b, c), Is.EqualTo(Low(x * y + Value(c, 2 * width, signed), 2 * width)), () => $"mad.wide.{type}");
                    }
                    if (width >= 32)
                    {
                        Check3("mad.hi", ((x * y) >> width) + z);
                        Check3("sad", BigInteger.Abs(x - y) + z);
                    }
                    if (signed)
                    {
                        Assert.That(Low(Warp.Bits($"neg.{type}", a), width), Is.EqualTo(Low(-x, width)));
                        Assert.That(Low(Warp.Bits($"abs.{type}", a), width), Is.EqualTo(Low(BigInteger.Abs(x), width)));
                    }
                    if (y.IsZero) continue;
                    Check("div", x / y);
                    Check("rem", x % y);

                    void Check(string name, BigInteger expected) =>
                        Assert.That(Low(Warp.Bits($"{name}.{type}", a, b), width), Is.EqualTo(Low(expected, width)), () => $"{name}.{type} {x} {y}");

                    void Check3(string name, BigInteger expected) =>
                        Assert.That(Low(Warp.Bits($"{name}.{type}", a, b, c), width), Is.EqualTo(Low(expected, width)), () => $"{name}.{type} {x} {y} {z}");
                }
            }
        }
    }

    [Test]
    public void Saturating_sums_stop_at_the_ends()
    {
        Assert.That(Warp.Bits("add.sat.s32", 0x7FFFFFFF, 1), Is.EqualTo(0x7FFFFFFF));
        Assert.That(Warp.Bits("sub.sat.s32", 0x80000000, 1), Is.EqualTo(0x80000000));
    }

    private static ulong Any(Random random) => random.Next(4) switch
    {
        0 => (ulong)random.NextInt64(-3, 4),
        1 => (ulong)random.NextInt64(long.MinValue, long.MaxValue) & 0x80008000_80008000,
        _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
    };

    private static BigInteger Value(ulong bits, int width, bool signed)
    {
        BigInteger value = new BigInteger(bits) & ((BigInteger.One << width) - 1);
        return signed && value >> (width - 1) == 1 ? value - (BigInteger.One << width) : value;
    }

    private static ulong Low(BigInteger value, int width) => (ulong)(value & ((BigInteger.One << width) - 1));

    [TestCase("dp4a.u32.u32", 0xFF020304u, 0x01010102u, 5u, 0xFFu + 2 + 3 + 8 + 5)]
    [TestCase("dp4a.s32.u32", 0xFF020304u, 0x01010102u, 5u, 17u)]
    [TestCase("dp4a.s32.s32", 0xFF000000u, 0xFF000000u, 5u, 6u)]
    [TestCase("dp2a.lo.u32.u32", 0x00030002u, 0x0A0B0405u, 1u, 3u * 4 + 2 * 5 + 1)]
    [TestCase("dp2a.hi.u32.u32", 0x00030002u, 0x0A0B0405u, 1u, 3u * 10 + 2 * 11 + 1)]
    [TestCase("dp2a.lo.s32.u32", 0xFFFF0002u, 0x00000405u, 1u, 7u)]
    public void Dot_products_of_parts(string spelling, uint a, uint b, uint c, uint expected) => Assert.That(Warp.Bits(spelling, a, b, c), Is.EqualTo(unchecked((ulong)expected)));
}
