// Lanes of a warp among themselves: shuffles at their edges, votes, groups that part and meet.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Tests.Execute;

[TestFixture]
public sealed class WarpTests
{
    private const string Store = "mul.wide.u32 %rd1, %r0, 4; add.s64 %rd1, %rd0, %rd1; st.global.u32 [%rd1], %r1;";

    private static IEnumerable<uint> Lanes(Func<int, int> f) => Enumerable.Range(0, 32).Select(t => (uint)f(t));

    /// <summary>The source lane + 1000 where the predicate holds.</summary>
    private static uint[] Shuffle(string mode, int b, int c) =>
        Simulation.WordsOf($"shfl.sync.{mode}.b32 %r1|%p1, %r0, {b}, {c}, -1; @%p1 add.u32 %r1, %r1, 1000; {Store}");

    [Test]
    public void Up_reads_below_and_the_lowest_keep_their_own() => Assert.That(Shuffle("up", 3, 0), Is.EqualTo(Lanes(t => t >= 3 ? 1000 + t - 3 : t)));

    [Test]
    public void Down_reads_above_and_the_highest_keep_their_own() => Assert.That(Shuffle("down", 30, 31), Is.EqualTo(Lanes(t => t + 30 <= 31 ? 1030 + t : t)));

    [Test]
    public void Bfly_exchanges() => Assert.That(Shuffle("bfly", 5, 31), Is.EqualTo(Lanes(t => 1000 + (t ^ 5))));

    [Test]
    public void Idx_reads_one_lane() => Assert.That(Shuffle("idx", 17, 31), Is.EqualTo(Lanes(_ => 1017)));

    [Test]
    public void Segments_keep_to_themselves()
    {
        // c = segment mask 0x18 (segments of 8), clamp 7; for up the clamp is 0.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Shuffle("down", 3, 0x1807), Is.EqualTo(Lanes(t => t % 8 + 3 < 8 ? 1003 + t : t)));
            Assert.That(Shuffle("up", 3, 0x1800), Is.EqualTo(Lanes(t => t % 8 >= 3 ? 997 + t : t)));
            Assert.That(Shuffle("idx", 2, 0x1807), Is.EqualTo(Lanes(t => 1000 + t / 8 * 8 + 2)));
            Assert.That(Shuffle("bfly", 9, 0x1807), Is.EqualTo(Lanes(t => (t ^ 9) <= (t & 0x18 | 7) ? 1000 + (t ^ 9) : t)));
        }
    }

    [Test]
    public void Ballot_has_zeros_for_lanes_that_do_not_take_part()
    {
        // Lanes 4 to 31 vote among themselves; of these the odd ones say yes.
        uint[] words = Simulation.WordsOf($"""
            mov.u32 %r1, 0; setp.lt.u32 %p1, %r0, 4; @%p1 bra DONE;
            and.b32 %r2, %r0, 1; setp.eq.u32 %p2, %r2, 1;
            vote.sync.ballot.b32 %r1, %p2, 0xFFFFFFF0;
            DONE: {Store}
            """);
        Assert.That(words, Is.EqualTo(Lanes(t => t < 4 ? 0 : unchecked((int)0xAAAAAAA0))));
    }

    [Test]
    public void Activemask_leaves_out_lanes_that_are_off() => Assert.That(
        Simulation.WordsOf($"mov.u32 %r1, 0; setp.gt.u32 %p1, %r0, 29; @%p1 activemask.b32 %r1; {Store}"), Is.EqualTo(Lanes(t => t > 29 ? unchecked((int)0xC0000000) : 0)));

    [Test]
    public void Match_and_elect_and_redux()
    {
        uint[] all = Simulation.WordsOf($"shr.u32 %r2, %r0, 5; match.all.sync.b32 %r1|%p1, %r2, -1; @!%p1 mov.u32 %r1, 0; {Store}");
        uint[] notAll = Simulation.WordsOf($"match.all.sync.b32 %r1|%p1, %r0, -1; @%p1 mov.u32 %r1, 7; {Store}");
        uint[] elect = Simulation.WordsOf($"elect.sync %r1|%p1, -1; @%p1 add.u32 %r1, %r1, 50; {Store}");
        uint[] redux = Simulation.WordsOf($"sub.s32 %r2, 3, %r0; redux.sync.min.s32 %r1, %r2, -1; redux.sync.add.u32 %r3, %r0, -1; add.u32 %r1, %r1, %r3; {Store}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(all, Is.All.EqualTo(uint.MaxValue));
            Assert.That(notAll, Is.All.EqualTo(0u));
            Assert.That(elect, Is.EqualTo(Lanes(t => t == 0 ? 50 : 0)));
            Assert.That(redux, Is.All.EqualTo(496u - 28u));
        }
    }

    [Test]
    public void Lanes_that_part_meet_again_where_both_ways_end()
    {
        // Both sides of a branch, one of them a loop of as many turns as the lane's number; behind, all lanes are one group.
        uint[] words = Simulation.WordsOf($"""
            mov.u32 %r1, 0; and.b32 %r2, %r0, 1; setp.eq.u32 %p1, %r2, 0; mov.u32 %r3, %r0;
            @%p1 bra EVEN;
            LOOP: setp.eq.u32 %p2, %r3, 0; @%p2 bra JOIN; add.u32 %r1, %r1, 2; sub.u32 %r3, %r3, 1; bra LOOP;
            EVEN: add.u32 %r1, %r1, 1;
            JOIN: activemask.b32 %r4; not.b32 %r4, %r4; add.u32 %r1, %r1, %r4;
            {Store}
            """);
        Assert.That(words, Is.EqualTo(Lanes(t => t % 2 == 0 ? 1 : 2 * t)));
    }

    [Test]
    public void A_barrier_of_the_warp_is_waited_for_on_both_sides_of_a_branch()
    {
        // The low half writes before the barrier, the high half reads behind its own barrier instruction.
        uint[] words = Simulation.WordsOf($"""
            .shared .align 4 .b8 s[128];
            shl.b32 %r2, %r0, 2; mov.u32 %r3, s; add.u32 %r3, %r3, %r2; mov.u32 %r1, 0;
            setp.lt.u32 %p1, %r0, 16; @!%p1 bra HIGH;
            add.u32 %r4, %r0, 40; st.shared.u32 [%r3], %r4; bar.warp.sync -1; bra JOIN;
            HIGH: bar.warp.sync -1; ld.shared.u32 %r1, [%r3+-64];
            JOIN: {Store}
            """);
        Assert.That(words, Is.EqualTo(Lanes(t => t < 16 ? 0 : t + 24)));
    }

    [Test]
    public void A_shuffle_waits_for_the_lanes_it_names()
    {
        // The lanes come to the shuffle by different ways, and not at the same time.
        uint[] words = Simulation.WordsOf($"""
            mov.u32 %r2, %r0; setp.lt.u32 %p1, %r0, 10; @%p1 bra SHUFFLE;
            mov.u32 %r3, 0;
            LOOP: add.u32 %r3, %r3, 1; setp.lt.u32 %p2, %r3, %r0; @%p2 bra LOOP;
            add.u32 %r2, %r2, 100;
            SHUFFLE: shfl.sync.bfly.b32 %r1, %r2, 16, 31, -1;
            {Store}
            """);
        Assert.That(words, Is.EqualTo(Lanes(t => (t ^ 16) + ((t ^ 16) >= 10 ? 100 : 0))));
    }

    [Test]
    public void Lanes_that_never_come_are_an_error_not_a_hang()
    {
        using Simulation gpu = Simulation.OfBody("setp.lt.u32 %p1, %r0, 8; @%p1 bra L; bar.sync 0; bra E; L: shfl.sync.bfly.b32 %r1, %r0, 1, 31, -1; E:");
        GpuException error = Assert.Throws<GpuException>(() => gpu.Run("k", 1, 32, gpu.Zeros<uint>(1)))!;
        Assert.That(error.Message, Does.Contain("deadlock").And.Contain("8-31").And.Contain("0-7"));
    }

    [Test]
    public void An_indexed_branch_goes_to_the_label_counted()
    {
        uint[] words = Simulation.WordsOf($$"""
            and.b32 %r2, %r0, 3;
            TABLE: .branchtargets A, B, C, A;
            brx.idx %r2, TABLE;
            A: mov.u32 %r1, 10; bra E;
            B: mov.u32 %r1, 20; bra E;
            C: mov.u32 %r1, 30;
            E: activemask.b32 %r3; not.b32 %r3, %r3; add.u32 %r1, %r1, %r3;
            {{Store}}
            """);
        Assert.That(words, Is.EqualTo(Lanes(t => (t % 4) switch { 1 => 20, 2 => 30, _ => 10 })));
    }
}
