// Warps of a block, blocks of a grid: barriers, order, bounds.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Tests.Execute;

[TestFixture]
public sealed class BlockTests
{
    private const string Store = "mul.wide.u32 %rd1, %r0, 4; add.s64 %rd1, %rd0, %rd1; st.global.u32 [%rd1], %r1;";

    private static string FailureOf(string body, int threads = 64, SimulatorOptions? options = null)
    {
        using Simulation gpu = Simulation.OfBody(body, options);
        return Assert.Throws<GpuException>(() => gpu.Run("k", 1, threads, gpu.Zeros<uint>(64)))!.Message;
    }

    [Test]
    public void Warps_meet_at_a_barrier([Values(0, 1, 2, 3)] int seed)
    {
        // Each thread reads what its mirror image wrote.
        using Simulation gpu = Simulation.OfBody($"""
            .shared .align 4 .b8 s[512];
            mov.u32 %r2, s; shl.b32 %r3, %r0, 2; add.u32 %r2, %r2, %r3; st.shared.u32 [%r2], %r0;
            barrier.sync 0;
            mov.u32 %r4, s; sub.u32 %r5, 508, %r3; add.u32 %r4, %r4, %r5; ld.shared.u32 %r1, [%r4];
            {Store}
            """, new SimulatorOptions { Seed = seed });
        Numbers<uint> output = gpu.Zeros<uint>(128);
        gpu.Run("k", 1, 128, output);
        Assert.That(output.Read(), Is.EqualTo(Enumerable.Range(0, 128).Select(t => (uint)(127 - t))));
    }

    [Test]
    public void A_barrier_can_be_for_some_warps_only()
    {
        // Warps 0 and 1 exchange through barrier 1 while warps 2 and 3 have nothing to do with it; warp 3 only announces barrier 2, at which warp 2 waits.
        uint[] words = Simulation.WordsOf($"""
            .shared .align 4 .b8 s[8];
            shr.u32 %r2, %r0, 5; mov.u32 %r1, 9;
            setp.eq.u32 %p1, %r2, 0; setp.eq.u32 %p2, %r2, 1; setp.eq.u32 %p3, %r2, 2; setp.eq.u32 %p4, %r2, 3;
            @%p1 bra W0; @%p2 bra W1; @%p3 bra W2;
            mov.u32 %r3, 55; st.shared.u32 [s+4], %r3; bar.arrive 2, 64; bra E;
            W0: bar.sync 1, 64; ld.shared.u32 %r1, [s]; bra E;
            W1: mov.u32 %r3, 44; st.shared.u32 [s], %r3; bar.sync 1, 64; bra E;
            W2: bar.sync 2, 64; ld.shared.u32 %r1, [s+4];
            E: {Store}
            """, threads: 128, words: 128);
        Assert.That(words, Is.EqualTo(Enumerable.Range(0, 128).Select(t => t < 32 ? 44u : t / 32 == 2 ? 55u : 9u)));
    }

    [Test]
    public void A_barrier_can_count_and_combine_predicates()
    {
        uint[] words = Simulation.WordsOf($"""
            setp.lt.u32 %p1, %r0, 40;
            bar.red.popc.u32 %r1, 0, %p1;
            bar.red.and.pred %p2, 0, %p1; bar.red.or.pred %p3, 0, !%p1;
            @%p2 add.u32 %r1, %r1, 1000; @%p3 add.u32 %r1, %r1, 2000;
            {Store}
            """, threads: 64, words: 64);
        Assert.That(words, Is.All.EqualTo(2040u));
    }

    [Test]
    public void A_barrier_that_some_lanes_of_a_warp_never_reach_is_an_error() => Assert.That(
        FailureOf("setp.lt.u32 %p1, %r0, 8; @%p1 bra L; bar.sync 0; bra E; L: bar.sync 1; E:"), Does.Contain("deadlock").And.Contain("bar.sync"));

    [Test]
    public void Warps_that_wait_at_different_barriers_are_an_error() => Assert.That(
        FailureOf("setp.lt.u32 %p1, %r0, 32; @%p1 bra L; bar.sync 0; bra E; L: bar.sync 1; E:"), Does.Contain("deadlock in block").And.Contain("barrier 1"));

    [Test]
    public void A_kernel_that_never_ends_is_stopped() => Assert.That(
        FailureOf("L: bra L;", options: new SimulatorOptions { InstructionLimit = 1000 }), Does.Contain("CUDA_ERROR_LAUNCH_TIMEOUT").And.Contain("1000 warp instructions"));

    [Test]
    public void A_warp_that_waits_for_another_lets_it_run()
    {
        // Warp 0 spins on a flag in shared memory that warp 1 sets.
        uint[] words = Simulation.WordsOf($"""
            .shared .align 4 .b8 flag[4];
            mov.u32 %r2, 0; st.shared.u32 [flag], %r2; bar.sync 0;
            setp.ge.u32 %p1, %r0, 32; @%p1 bra SET;
            WAIT: ld.volatile.shared.u32 %r1, [flag]; setp.eq.u32 %p2, %r1, 0; @%p2 bra WAIT; bra E;
            SET: mov.u32 %r1, 5; st.volatile.shared.u32 [flag], %r1;
            E: {Store}
            """, threads: 64, words: 64);
        Assert.That(words, Is.All.EqualTo(5u));
    }

    [Test]
    public void A_trap_stops_the_kernel() => Assert.That(FailureOf("trap;"), Does.Contain("CUDA_ERROR_LAUNCH_FAILED").And.Contain("trap"));

    [Test]
    public void An_unknown_instruction_is_an_error_only_when_it_is_reached()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FailureOf("frobnicate.rn.f32 %f1, %f2;"), Does.Contain("CUDA_ERROR_ILLEGAL_INSTRUCTION").And.Contain("PTX line 9").And.Contain("'frobnicate.rn.f32' is not supported"));
            Assert.That(FailureOf("add.rn.wobbly.f32 %f1, %f2, %f3;"), Does.Contain("'add.rn.wobbly.f32' is not supported"));
            Assert.That(FailureOf("add.s32 %r1, %r2;"), Does.Contain("operands"));
            Assert.That(FailureOf("add.s64 %rd1, %rd2, %r1;"), Does.Contain("takes a register of 64 bits"));
            Assert.That(Simulation.WordsOf($"mov.u32 %r1, 3; setp.eq.u32 %p1, %r0, 99; @%p1 frobnicate %r1, %r2; {Store}"), Is.All.EqualTo(3u));
        }
    }

    [Test]
    public void Results_do_not_depend_on_the_number_of_threads_or_the_seed()
    {
        float[] x = [.. Enumerable.Range(0, 5000).Select(i => MathF.Sin(i))];
        float[] Sums(int threads, int seed)
        {
            using Simulation gpu = Simulation.OfFixture("reduce", new SimulatorOptions { Threads = threads, Seed = seed });
            Numbers<float> sums = gpu.Zeros<float>(16);
            gpu.Run("reduce", 16, 96, gpu.Upload(x), sums, x.Length);
            return sums.Read();
        }
        float[] expected = Sums(1, 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Sums(2, 0), Is.EqualTo(expected));
            Assert.That(Sums(4, 7), Is.EqualTo(expected));
            Assert.That(Sums(1, 99), Is.EqualTo(expected));
        }
    }

    [Test]
    public void Sums_of_floats_by_atomics_do_not_depend_on_the_number_of_threads()
    {
        float Sum(int threads)
        {
            using Simulation gpu = Simulation.OfBody("cvt.rn.f32.u32 %f1, %r0; mov.u32 %r1, %ctaid.x; cvt.rn.f32.u32 %f2, %r1; fma.rn.f32 %f1, %f2, 0f4B000001, %f1; red.global.add.f32 [%rd0], %f1;", new SimulatorOptions { Threads = threads });
            Numbers<float> output = gpu.Zeros<float>(1);
            gpu.Run("k", 50, 64, output);
            return output.Read()[0];
        }
        Assert.That(Sum(2), Is.EqualTo(Sum(1)));
    }

    [Test]
    public void Special_registers_tell_who_a_thread_is()
    {
        using Simulation gpu = Simulation.OfBody("""
            mov.u32 %r1, %tid.y; mov.u32 %r2, %ntid.x; mad.lo.u32 %r3, %r1, %r2, %r0;
            mov.u32 %r4, %ctaid.x; mov.u32 %r5, %ctaid.y; mov.u32 %r6, %nctaid.x; mad.lo.u32 %r4, %r5, %r6, %r4;
            mov.u32 %r7, %ntid.y; mul.lo.u32 %r8, %r2, %r7; mad.lo.u32 %r9, %r4, %r8, %r3;
            mov.u32 %r10, %laneid; mov.u32 %r11, %warpid; shl.b32 %r12, %r11, 8; or.b32 %r10, %r10, %r12;
            mul.wide.u32 %rd1, %r9, 4; add.s64 %rd1, %rd0, %rd1; st.global.u32 [%rd1], %r10;
            """);
        Numbers<uint> output = gpu.Zeros<uint>(6 * 60);
        gpu.Run("k", new Dim3(3, 2), new Dim3(20, 3), output);
        Assert.That(output.Read(), Is.EqualTo(Enumerable.Range(0, 360).Select(i => (uint)(i % 60 % 32 | i % 60 / 32 << 8))));
    }
}
