// How often a warp waits for loads, counted from the PTX's dependences.
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Tests.Counters;

[TestFixture]
public sealed class LoadWaitTests
{
    private static long WaitsOf(string body)
    {
        using Simulation gpu = Simulation.OfBody(body, new SimulatorOptions { Threads = 1, Counting = Simulator.Counting.On, InstructionLimit = 10_000 });
        gpu.Run("k", 1, 32, gpu.Zeros<uint>(64));
        return gpu.Gpu.Reports[0].Counters.LoadWaits;
    }

    [Test]
    public void Loads_that_do_not_need_each_other_are_waited_for_together() => Assert.That(WaitsOf("""
        ld.global.u32 %r1, [%rd0]; add.u32 %r5, %r1, 1;
        ld.global.u32 %r2, [%rd0+4]; add.u32 %r5, %r5, %r2;
        ld.global.u32 %r3, [%rd0+8]; add.u32 %r5, %r5, %r3;
        """), Is.EqualTo(1));

    [Test]
    public void An_address_that_was_loaded_is_waited_for_first() => Assert.That(WaitsOf("""
        ld.global.u32 %r1, [%rd0]; cvt.u64.u32 %rd1, %r1; add.u64 %rd1, %rd1, %rd0;
        ld.global.u32 %r2, [%rd1];
        ld.global.u32 %r3, [%rd0+8];
        """), Is.EqualTo(2));

    [Test]
    public void A_barrier_ends_a_stretch_and_shared_memory_does_not_count() => Assert.That(WaitsOf("""
        .shared .align 4 .b8 s[128];
        ld.global.u32 %r1, [%rd0];
        bar.sync 0;
        ld.shared.u32 %r4, [s];
        ld.global.u32 %r2, [%rd0+4];
        """), Is.EqualTo(2));

    [Test]
    public void Each_turn_of_a_loop_waits() => Assert.That(WaitsOf("""
            mov.u32 %r1, 0;
        LOOP:
            ld.global.u32 %r2, [%rd0];
            add.u32 %r1, %r1, 1;
            setp.lt.u32 %p1, %r1, 5;
            @%p1 bra LOOP;
        """), Is.EqualTo(5));

    /// <summary>Two guarded loads, as of elements that may lie outside: neither is needed before both have been asked for.</summary>
    [Test]
    public void A_load_is_waited_for_where_it_is_needed_not_at_a_branch() => Assert.That(WaitsOf("""
            setp.eq.u32 %p1, %r9, 1;
            @%p1 bra FIRST;
            ld.global.u32 %r1, [%rd0];
        FIRST:
            @%p1 bra SECOND;
            ld.global.u32 %r2, [%rd0+4];
        SECOND:
            add.u32 %r3, %r1, %r2;
        """), Is.EqualTo(1));

    /// <summary>The product can be executed while the load is on its way, its operands' loads not; the sum needs the load.</summary>
    [Test]
    public void What_needs_no_load_covers_the_wait()
    {
        using Simulation gpu = Simulation.OfBody("""
            ld.global.u32 %r1, [%rd0];
            mul.lo.u32 %r4, %r5, %r6;
            mul.lo.u32 %r4, %r4, %r6;
            add.u32 %r2, %r1, 1;
            bar.sync 0;
            """, new SimulatorOptions { Threads = 1, Counting = Simulator.Counting.On });
        gpu.Run("k", 1, 32, gpu.Zeros<uint>(64));
        KernelCounters counters = gpu.Gpu.Reports[0].Counters;
        Assert.That((counters.LoadWaits, counters.LoadCover), Is.EqualTo((1, 4)), "the thread's number, two products and the barrier");
    }
}
