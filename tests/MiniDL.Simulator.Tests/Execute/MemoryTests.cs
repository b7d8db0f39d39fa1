// Loads and stores: widths, extension, windows of generic addresses, and what is not allowed.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Tests.Execute;

[TestFixture]
public sealed class MemoryTests
{
    /// <summary>%rd1 = out + 4 * thread.</summary>
    private const string OwnWord = "mul.wide.u32 %rd1, %r0, 4; add.s64 %rd1, %rd0, %rd1;";

    private static GpuException Fails(string body, int threads = 32)
    {
        using Simulation gpu = Simulation.OfBody(body);
        Numbers<uint> output = gpu.Zeros<uint>(32);
        return Assert.Throws<GpuException>(() => gpu.Run("k", 1, threads, output))!;
    }

    [TestCase("ld.shared.u8", 0x000000F0u)]
    [TestCase("ld.shared.s8", 0xFFFFFFF0u)]
    [TestCase("ld.shared.u16", 0x000080F0u)]
    [TestCase("ld.shared.s16", 0xFFFF80F0u)]
    [TestCase("ld.shared.b32", 0x123480F0u)]
    public void Narrow_loads_extend_by_their_type(string load, uint expected) => Assert.That(Simulation.WordsOf($$"""
        .shared .align 4 .b8 s[4];
        mov.u32 %r1, 0x123480F0;
        st.shared.b32 [s], %r1;
        {{load}} %r2, [s];
        {{OwnWord}} st.global.u32 [%rd1], %r2;
        """), Is.All.EqualTo(expected));

    [Test]
    public void A_narrow_load_into_64_bits_extends_to_64() => Assert.That(Simulation.WordsOf($$"""
        .shared .align 8 .b8 s[8];
        mov.u32 %r1, 0xFFFFFFFE;
        st.shared.b32 [s], %r1;
        ld.shared.u32 %rd2, [s];
        ld.shared.s32 %rd3, [s];
        shr.u64 %rd2, %rd2, 32;
        shr.u64 %rd3, %rd3, 32;
        cvt.u32.u64 %r2, %rd2; cvt.u32.u64 %r3, %rd3;
        add.u32 %r2, %r2, %r3;
        {{OwnWord}} st.global.u32 [%rd1], %r2;
        """), Is.All.EqualTo(0xFFFFFFFFu));

    [Test]
    public void A_store_takes_the_low_bits_of_a_wider_register() => Assert.That(Simulation.WordsOf($$"""
        mov.u64 %rd2, 0x1122334455667788;
        {{OwnWord}} st.global.u32 [%rd1], %rd2;
        st.global.u8 [%rd1+3], %rd2;
        """), Is.All.EqualTo(0x88667788u));

    [Test]
    public void Vectors_are_loaded_and_stored_element_by_element()
    {
        uint[] words = Simulation.WordsOf("""
            .shared .align 16 .b8 s[512];
            mul.wide.u32 %rd1, %r0, 16;
            mov.u64 %rd2, s; add.s64 %rd2, %rd2, %rd1;
            add.u32 %r1, %r0, 100; add.u32 %r2, %r0, 200; add.u32 %r3, %r0, 300;
            st.shared.v4.u32 [%rd2], {%r0, %r1, %r2, %r3};
            ld.shared.v2.u64 {%rd3, %rd4}, [%rd2];
            add.s64 %rd1, %rd0, %rd1;
            st.global.v2.u64 [%rd1], {%rd4, %rd3};
            """, words: 128);
        Assert.That(words, Is.EqualTo(Enumerable.Range(0, 32).SelectMany(t => new[] { t + 200u, t + 300u, (uint)t, t + 100u })));
    }

    [Test]
    public void A_generic_address_finds_its_space_lane_by_lane()
    {
        // Even threads read shared memory, odd threads local memory, through one instruction.
        uint[] words = Simulation.WordsOf($$"""
            .shared .align 4 .b8 s[128];
            .local .align 4 .b8 l[8];
            shl.b32 %r1, %r0, 2; cvt.u64.u32 %rd2, %r1;
            mov.u64 %rd3, s; add.s64 %rd3, %rd3, %rd2;
            add.u32 %r2, %r0, 1000; st.shared.u32 [%rd3], %r2;
            mov.u64 %rd4, l; add.u32 %r3, %r0, 2000; st.local.u32 [%rd4+4], %r3;
            add.s64 %rd4, %rd4, 4;
            cvta.shared.u64 %rd3, %rd3; cvta.local.u64 %rd4, %rd4;
            and.b32 %r4, %r0, 1; setp.eq.u32 %p1, %r4, 0;
            selp.b64 %rd5, %rd3, %rd4, %p1;
            ld.u32 %r5, [%rd5];
            isspacep.shared %p2, %rd5; @%p2 add.u32 %r5, %r5, 10000;
            add.u32 %r6, %r5, 5; st.u32 [%rd5], %r6; ld.u32 %r5, [%rd5];
            cvta.to.shared.u64 %rd3, %rd3; @%p1 ld.shared.u32 %r5, [%rd3];
            {{OwnWord}} st.u32 [%rd1], %r5;
            """);
        Assert.That(words, Is.EqualTo(Enumerable.Range(0, 32).Select(t => (uint)(t % 2 == 0 ? 11005 + t : 2005 + t))));
    }

    [Test]
    public void The_highest_lane_wins_where_several_write() =>
        Assert.That(Simulation.WordsOf("st.global.u32 [%rd0], %r0;", words: 1)[0], Is.EqualTo(31u));

    [Test]
    public void A_lane_that_is_off_touches_nothing()
    {
        // Every lane's address but one would be out of bounds.
        uint[] words = Simulation.WordsOf("""
            mul.wide.u32 %rd1, %r0, 1000000; add.s64 %rd1, %rd0, %rd1;
            setp.eq.u32 %p1, %r0, 0;
            mov.u32 %r1, 77;
            @%p1 ld.global.u32 %r1, [%rd1];
            @%p1 st.global.u32 [%rd1+4], %r1;
            setp.eq.u32 %p2, %r0, 3;
            @%p2 st.global.u32 [%rd0], %r1;
            """, words: 2);
        Assert.That(words, Is.EqualTo(new uint[] { 77, 0 }));
    }

    [TestCase("ld.global.u32 %r1, [%rd0+128];", "CUDA_ERROR_ILLEGAL_ADDRESS", "0 bytes behind the end")]
    [TestCase("ld.global.u32 %r1, [%rd0+-4];", "CUDA_ERROR_ILLEGAL_ADDRESS", "out of bounds")]
    [TestCase("mov.u64 %rd1, 0; st.global.u32 [%rd1], %r0;", "CUDA_ERROR_ILLEGAL_ADDRESS", "null")]
    [TestCase("mov.u64 %rd1, 8; ld.u32 %r1, [%rd1];", "CUDA_ERROR_ILLEGAL_ADDRESS", "null")]
    [TestCase("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd0+8];", "CUDA_ERROR_MISALIGNED_ADDRESS", "multiple of 16")]
    [TestCase("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd0+120];", "CUDA_ERROR", "")]
    [TestCase("st.global.u16 [%rd0+1], %r0;", "CUDA_ERROR_MISALIGNED_ADDRESS", "multiple of 2")]
    [TestCase(".shared .b8 s[64]; mov.u64 %rd1, s; st.shared.u64 [%rd1+60], %rd0;", "CUDA_ERROR", "")]
    [TestCase(".shared .b8 s[64]; st.shared.u32 [s+64], %r0;", "CUDA_ERROR_ILLEGAL_ADDRESS", "shared memory has 64 bytes")]
    [TestCase(".local .b8 l[16]; mov.u64 %rd1, l; add.s64 %rd1, %rd1, 4096; ld.local.u32 %r1, [%rd1];", "CUDA_ERROR_ILLEGAL_ADDRESS", "local memory")]
    [TestCase("atom.global.add.u32 %r1, [%rd0+128], 1;", "CUDA_ERROR_ILLEGAL_ADDRESS", "")]
    [TestCase("red.shared.add.u32 [%rd0], 1;", "CUDA_ERROR_ILLEGAL_ADDRESS", "shared memory")]
    public void A_wrong_access_is_an_error_with_its_reason(string body, string code, string reason)
    {
        GpuException error = Fails(body);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Does.StartWith(code));
            Assert.That(error.Message, Does.Contain(reason).And.Contain("kernel k").And.Contain("block (0,0,0), thread (0,0,0)").And.Contain("PTX line"));
        }
    }

    [Test]
    public void The_thread_whose_access_is_wrong_is_named()
    {
        GpuException error = Fails(OwnWord + "st.global.u32 [%rd1], %r0;", threads: 64);
        Assert.That(error.Message, Does.Contain("thread (32,0,0)"));
    }

    [Test]
    public void Constants_cannot_be_written()
    {
        using var gpu = new Simulation(".version 8.4 .target sm_80 .address_size 64 .const .align 4 .u32 c = 5; .visible .entry k() { .reg .b64 %a; mov.u64 %a, c; st.global.u32 [%a], 1; }");
        Assert.That(Assert.Throws<GpuException>(() => gpu.Run("k", 1, 1))!.Message, Does.Contain("cannot be written"));
    }

    [Test]
    public void Freed_memory_stays_invalid()
    {
        using Simulation gpu = Simulation.OfBody("ld.global.u32 %r1, [%rd0];");
        Numbers<uint> output = gpu.Zeros<uint>(32);
        output.Memory.Dispose();
        Assert.That(Assert.Throws<GpuException>(() => gpu.Run("k", 1, 32, output))!.Message, Does.Contain("was freed"));
    }

    [Test]
    public void Atomics_give_what_was_there_before()
    {
        uint[] words = Simulation.WordsOf($$"""
            .shared .align 4 .b8 s[4];
            mov.u32 %r9, 0; st.shared.u32 [s], %r9;
            atom.shared.inc.u32 %r1, [s], 4;
            {{OwnWord}} st.global.u32 [%rd1], %r1;
            """);
        Assert.That(words, Is.EqualTo(Enumerable.Range(0, 32).Select(t => (uint)t % 5)));
    }

    [TestCase("dec.u32", 9u, 4u, 4u)]
    [TestCase("dec.u32", 3u, 4u, 2u)]
    [TestCase("dec.u32", 0u, 4u, 4u)]
    [TestCase("inc.u32", 4u, 4u, 0u)]
    [TestCase("min.s32", 5u, 0xFFFFFFFFu, 0xFFFFFFFFu)]
    [TestCase("min.u32", 5u, 0xFFFFFFFFu, 5u)]
    [TestCase("max.s32", 5u, 0xFFFFFFFFu, 5u)]
    [TestCase("exch.b32", 5u, 7u, 7u)]
    [TestCase("xor.b32", 5u, 7u, 2u)]
    [TestCase("add.f32", 0x3F800000u, 0x40000000u, 0x40400000u)]
    [TestCase("add.f32", 0x00000001u, 0x00000002u, 0x00000000u, Description = "subnormals are flushed in global memory")]
    public void Each_atomic_does_its_arithmetic(string operation, uint old, uint operand, uint expected)
    {
        uint[] words = Simulation.WordsOf($"mov.b32 %r1, {old}; st.global.b32 [%rd0], %r1; mov.b32 %r2, {operand}; atom.global.{operation} %r3, [%rd0], %r2; st.global.b32 [%rd0+4], %r3;", threads: 1, words: 2);
        Assert.That(words, Is.EqualTo(new[] { expected, old }));
    }

    [Test]
    public void In_shared_memory_atomic_sums_keep_subnormals()
    {
        uint[] words = Simulation.WordsOf(".shared .align 4 .b8 s[4]; mov.b32 %r1, 1; st.shared.b32 [s], %r1; mov.b32 %f1, 2; red.shared.add.f32 [s], %f1; ld.shared.b32 %r2, [s]; st.global.b32 [%rd0], %r2;", threads: 1, words: 1);
        Assert.That(words[0], Is.EqualTo(3u));
    }
}
