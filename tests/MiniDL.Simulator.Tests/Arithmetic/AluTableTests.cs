// Which spellings are found, and that others are not taken for something they are not.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Tests.Arithmetic;

[TestFixture]
public sealed class AluTableTests
{
    // What NVRTC makes of 349 float32 kernels, with and without fast math: the arithmetic of it.
    private static readonly string[] Seen =
    [
        "abs.f32", "abs.ftz.f32", "abs.s32", "add.f32", "add.f64", "add.rn.f32", "add.rn.f64", "add.rz.f32", "add.s16", "add.s32", "add.s64", "add.u64", "add.ftz.f32", "add.rn.ftz.f32", "add.rz.ftz.f32",
        "and.b16", "and.b32", "and.b64", "and.pred", "bfi.b32", "bfi.b64", "bfind.shiftamt.u32", "brev.b32", "clz.b32", "cos.approx.ftz.f32",
        "cvt.f64.f32", "cvt.rmi.f32.f32", "cvt.rn.bf16.f32", "cvt.rn.f32.f64", "cvt.rn.f32.s32", "cvt.rn.f32.s64", "cvt.rn.f32.u16", "cvt.rn.f32.u32", "cvt.rn.f64.s64", "cvt.rni.f32.f32", "cvt.rni.s32.f32",
        "cvt.rpi.f32.f32", "cvt.rzi.f32.f32", "cvt.rzi.s32.f32", "cvt.rzi.s64.f32", "cvt.rzi.u32.f32", "cvt.s32.s16", "cvt.s64.s32", "cvt.sat.f32.f32", "cvt.u16.u32", "cvt.u32.u16", "cvt.u32.u64", "cvt.u64.u32",
        "cvt.ftz.f64.f32", "cvt.rmi.ftz.f32.f32", "cvt.rn.ftz.f32.f64", "cvt.rpi.ftz.f32.f32", "cvt.rzi.ftz.s32.f32", "cvt.rzi.ftz.s64.f32", "cvt.rzi.ftz.u32.f32",
        "div.approx.f32", "div.approx.ftz.f32", "div.full.ftz.f32", "div.rn.f32", "div.rn.f64", "div.s32", "div.s64", "div.u16", "div.u32", "ex2.approx.f32", "ex2.approx.ftz.f32",
        "fma.rm.f32", "fma.rn.bf16x2", "fma.rn.f32", "fma.rn.f64", "fma.rz.f32", "fma.rn.ftz.f32", "fma.rz.ftz.f32", "lg2.approx.ftz.f32", "mad.lo.s32", "mad.wide.u32",
        "max.f32", "max.s32", "max.u32", "max.ftz.f32", "min.f32", "min.s32", "min.u32", "min.ftz.f32", "mov.b32", "mov.b64", "mov.f32", "mov.f64", "mov.pred", "mov.u16", "mov.u32", "mov.u64",
        "mul.f32", "mul.f64", "mul.hi.u32", "mul.hi.s32", "mul.hi.s64", "mul.lo.s32", "mul.lo.s64", "mul.rn.f32", "mul.wide.s32", "mul.wide.u16", "mul.wide.u32", "mul.ftz.f32", "mul.rn.ftz.f32",
        "neg.f32", "neg.s32", "neg.s64", "neg.ftz.f32", "not.b32", "not.pred", "or.b32", "or.b64", "or.pred", "popc.b32", "prmt.b32", "rcp.approx.ftz.f32", "rcp.rn.f32", "rcp.rn.f64", "rem.s32", "rem.u32",
        "rsqrt.approx.f32", "rsqrt.approx.ftz.f32", "selp.b16", "selp.b32", "selp.f32", "selp.f64", "selp.u16", "selp.u32", "setp.eq.b16", "setp.eq.f32", "setp.eq.s16", "setp.geu.f32", "setp.gt.u64", "setp.leu.f32",
        "setp.lt.f64", "setp.ltu.f32", "setp.ne.s16", "setp.neu.ftz.f32", "setp.nan.f32", "shf.l.wrap.b32", "shl.b32", "shl.b64", "shr.s32", "shr.s64", "shr.u32", "shr.u64", "sin.approx.ftz.f32",
        "sqrt.approx.ftz.f32", "sqrt.rn.f32", "sqrt.rn.f64", "sub.f32", "sub.s32", "sub.s64", "sub.ftz.f32", "xor.b32", "xor.b64", "xor.pred",
        "add.f16", "max.f16", "mul.f16", "sub.f16", "sub.s16", "cvt.f32.f16", "cvt.rm.f32.s32", "cvt.rn.f16.f32", "cvt.rn.f16.f64", "cvt.rn.f16.s32", "cvt.rna.tf32.f32", "cvt.rp.f32.s32", "cvt.rz.f32.s32",
        "not.b16", "not.b64", "or.b16", "selp.b64", "selp.u64", "setp.eq.f16", "setp.gt.f16", "shl.b16", "shr.u16",
    ];

    [TestCaseSource(nameof(Seen))]
    public void Every_spelling_that_occurs_is_found(string spelling)
    {
        Alu? found = AluTable.Find(spelling);
        Assert.That(found, Is.Not.Null);
        Assert.That(found!.Sources, Is.Not.Empty);
    }

    [TestCaseSource(nameof(Seen))]
    public unsafe void Every_lane_gets_the_result_of_its_own_sources(string spelling)
    {
        // Sources differ from lane to lane; each lane must be what a warp gives whose lanes are all like this one.
        Alu alu = AluTable.Find(spelling)!;
        ulong* rows = stackalloc ulong[5 * Lanes.Count];
        var random = new Random(spelling.Length);
        for (int i = 0; i < 5 * Lanes.Count; i++) rows[i] = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        alu.Run(rows, rows + 32, rows + 64, rows + 96, rows + 128);
        ulong[] sources = new ulong[alu.Sources.Count];
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            for (int s = 0; s < sources.Length; s++) sources[s] = Lane(rows + 32 * (s + 1), alu.Sources[s], lane);
            Assert.That(Lane(rows, alu.Destination, lane), Is.EqualTo(Warp.Bits(alu, 0, sources)), $"lane {lane}");
        }

        static ulong Lane(ulong* row, LaneKind kind, int lane) => kind switch
        {
            LaneKind.Lanes64 => row[lane],
            LaneKind.Lanes32 => ((uint*)row)[lane],
            _ => (*(uint*)row >> lane & 1) == 1 ? uint.MaxValue : 0,
        };
    }

    [TestCase("")]
    [TestCase("add")]
    [TestCase("add.")]
    [TestCase("add.q32")]
    [TestCase("add.f32.extra")]
    [TestCase("add.funny.f32")]
    [TestCase("add.sat.s16", Description = ".sat is for s32 alone")]
    [TestCase("add.ftz.s32")]
    [TestCase("min.sat.f32")]
    [TestCase("mul.s32", Description = "lo, hi or wide is missing")]
    [TestCase("fma.f32", Description = "the rounding is missing")]
    [TestCase("cvt.f16.f32", Description = "the rounding is missing")]
    [TestCase("cvt.rn.f64.f32", Description = "nothing is rounded")]
    [TestCase("cvt.s32.f32", Description = "the rounding is missing")]
    [TestCase("cvt.rn.s32.f32", Description = "rni is meant")]
    [TestCase("setp.ltu.s32", Description = "integers are never unordered")]
    [TestCase("setp.f32")]
    [TestCase("shf.l.b32", Description = "wrap or clamp is missing")]
    [TestCase("add.f32.f32")]
    public void Anything_else_is_not_found(string spelling) => Assert.That(AluTable.Find(spelling), Is.Null);

    [Test]
    public void Classes_and_operations_are_told()
    {
        Alu fma = AluTable.Find("fma.rn.f32")!, max = AluTable.Find("max.f32")!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((fma.Class, fma.Flops), Is.EqualTo((InstructionClass.Float32, 2)));
            Assert.That((max.Class, max.Flops), Is.EqualTo((InstructionClass.Float32, 0)));
            Assert.That(AluTable.Find("ex2.approx.f32")!.Class, Is.EqualTo(InstructionClass.SpecialFunction));
            Assert.That(AluTable.Find("fma.rn.f16x2")!.Flops, Is.EqualTo(4));
            Assert.That(AluTable.Find("mad.wide.u32")!.Sources, Is.EqualTo(new[] { LaneKind.Lanes32, LaneKind.Lanes32, LaneKind.Lanes64 }));
        }
    }

    [Test]
    public void Spellings_put_together_at_random_never_throw()
    {
        string[] words = ["add", "cvt", "setp", "mul", "fma", "shl", "bfe", "rn", "rzi", "ftz", "sat", "lo", "wide", "eq", "and", "approx", "f32", "s32", "u8", "f16x2", "bf16", "pred", "b64", "", "NaN"];
        var random = new Random(9);
        int found = 0;
        for (int i = 0; i < 20_000; i++)
        {
            string spelling = string.Join('.', Enumerable.Range(0, random.Next(1, 6)).Select(_ => words[random.Next(words.Length)]));
            if (AluTable.Find(spelling) is not null) found++;
        }
        Assert.That(found, Is.GreaterThan(0).And.LessThan(2000));
    }
}
