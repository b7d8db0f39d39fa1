// setp, selp, predicates and masks.
using MiniDL.Simulator.Arithmetic;

namespace MiniDL.Simulator.Tests.Arithmetic;

[TestFixture]
public sealed unsafe class ComparisonTests
{
    // Does it hold for 1 ? 2, 2 ? 2, 2 ? 1, and with a NaN?
    [TestCase("eq", false, true, false, false)]
    [TestCase("ne", true, false, true, false)]
    [TestCase("lt", true, false, false, false)]
    [TestCase("le", true, true, false, false)]
    [TestCase("gt", false, false, true, false)]
    [TestCase("ge", false, true, true, false)]
    [TestCase("equ", false, true, false, true)]
    [TestCase("neu", true, false, true, true)]
    [TestCase("ltu", true, false, false, true)]
    [TestCase("leu", true, true, false, true)]
    [TestCase("gtu", false, false, true, true)]
    [TestCase("geu", false, true, true, true)]
    [TestCase("num", true, true, true, false)]
    [TestCase("nan", false, false, false, true)]
    public void Comparisons_of_floats(string name, bool less, bool equal, bool greater, bool unordered)
    {
        // 1, 2 and NaN in each format.
        (string, ulong, ulong, ulong)[] formats =
        [
            ("f32", Warp.B(1), Warp.B(2), 0xFFC00000), ("ftz.f32", Warp.B(1), Warp.B(2), 0x7F800001),
            ("f64", BitConverter.DoubleToUInt64Bits(1), BitConverter.DoubleToUInt64Bits(2), 0x7FF8000000000000),
            ("f16", 0x3C00, 0x4000, 0x7FFF), ("bf16", 0x3F80, 0x4000, 0x7FFF),
        ];
        using (Assert.EnterMultipleScope())
        {
            foreach ((string type, ulong one, ulong two, ulong nan) in formats)
            {
                string spelling = $"setp.{name}.{type}";
                Assert.That(Warp.Holds(spelling, one, two), Is.EqualTo(less), $"{spelling} 1 2");
                Assert.That(Warp.Holds(spelling, two, two), Is.EqualTo(equal), $"{spelling} 2 2");
                Assert.That(Warp.Holds(spelling, two, one), Is.EqualTo(greater), $"{spelling} 2 1");
                Assert.That(Warp.Holds(spelling, nan, two), Is.EqualTo(unordered), $"{spelling} NaN 2");
                Assert.That(Warp.Holds(spelling, two, nan), Is.EqualTo(unordered), $"{spelling} 2 NaN");
            }
        }
    }

    [Test]
    public void Integers_compare_by_their_type()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Warp.Holds("setp.lt.s32", 0xFFFFFFFF, 1), "-1 < 1");
            Assert.That(Warp.Holds("setp.lt.u32", 0xFFFFFFFF, 1), Is.False);
            Assert.That(Warp.Holds("setp.hi.u32", 0xFFFFFFFF, 1));
            Assert.That(Warp.Holds("setp.lt.s64", ulong.MaxValue, 1));
            Assert.That(Warp.Holds("setp.ge.u64", ulong.MaxValue, 1));
            Assert.That(Warp.Holds("setp.lt.s16", 0x0000FFFF, 0x00010001), "only the low 16 bits count: -1 < 1");
            Assert.That(Warp.Holds("setp.eq.b16", 0xDEAD0005, 0xBEEF0005));
            Assert.That(Warp.Holds("setp.ne.b32", 5, 5), Is.False);
        }
    }

    [Test]
    public void A_comparison_sets_the_bit_of_its_lane()
    {
        uint* a = stackalloc uint[32], b = stackalloc uint[32];
        for (int i = 0; i < 32; i++) (a[i], b[i]) = ((uint)i, 20);
        uint mask;
        AluTable.Find("setp.lt.u32")!.Run(&mask, a, b, null, null);
        Assert.That(mask, Is.EqualTo((1u << 20) - 1));
    }

    [Test]
    public void Selp_takes_each_lane_by_its_bit()
    {
        ulong* a = stackalloc ulong[32], b = stackalloc ulong[32], d = stackalloc ulong[32];
        for (int i = 0; i < 32; i++) (a[i], b[i]) = (1, 2);
        uint mask = 0x80000005;
        AluTable.Find("selp.b64")!.Run(d, a, b, &mask, null);
        for (int i = 0; i < 32; i++) Assert.That(d[i], Is.EqualTo((mask >> i & 1) == 1 ? 1UL : 2), $"lane {i}");
        Assert.That(Warp.Bits("selp.f32", 10, 20, 0), Is.EqualTo(20));
    }

    [Test]
    public void A_third_predicate_is_combined() => Assert.Multiple(() =>
    {
        Assert.That(AluTable.Find("setp.lt.and.f32")!.Combine, Is.EqualTo(Combine.And));
        Assert.That(Predicates.Combined(Combine.And, 0b1100, 0b1010), Is.EqualTo(0b1000));
        Assert.That(Predicates.Combined(Combine.Or, 0b1100, 0b1010), Is.EqualTo(0b1110));
        Assert.That(Predicates.Combined(Combine.Xor, 0b1100, 0b1010), Is.EqualTo(0b0110));
        Assert.That(Predicates.Combined(Combine.None, 0b1100, 0b1010), Is.EqualTo(0b1100));
    });

    [Test]
    public void Blend_leaves_lanes_that_are_off()
    {
        uint* d = stackalloc uint[32], s = stackalloc uint[32];
        ulong* d64 = stackalloc ulong[32], s64 = stackalloc ulong[32];
        for (int i = 0; i < 32; i++) (d[i], s[i], d64[i], s64[i]) = (100, (uint)i, 100, (ulong)i);
        uint mask = 0xF0000101;
        Lanes.Blend32(d, s, mask);
        Lanes.Blend64(d64, s64, mask);
        for (int i = 0; i < 32; i++)
        {
            uint expected = (mask >> i & 1) == 1 ? (uint)i : 100;
            Assert.That((d[i], d64[i]), Is.EqualTo((expected, (ulong)expected)), $"lane {i}");
        }
    }
}
