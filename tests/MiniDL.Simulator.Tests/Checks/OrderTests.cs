// What puts threads in order, and what does not, in kernels by hand.
using MiniDL.Simulator.Checks;

namespace MiniDL.Simulator.Tests.Checks;

[TestFixture]
public sealed class OrderTests
{
    private static IReadOnlyList<Finding> FindingsOf(string body, int threads, int seed = 0)
    {
        using Simulation gpu = Simulation.OfBody(body, new SimulatorOptions { Checks = CheckKinds.All, Seed = seed });
        gpu.Run("k", 1, threads, gpu.Zeros<uint>(threads));
        return gpu.Gpu.Findings;
    }

    /// <summary>Warp 1 writes and announces itself at a barrier; warp 0 waits there and reads.</summary>
    private const string HandOver = """
        .shared .align 4 .b8 s[128];
        and.b32 %r2, %r0, 31; shl.b32 %r3, %r2, 2; mov.u32 %r4, s; add.u32 %r4, %r4, %r3;
        setp.ge.u32 %p1, %r0, 32; @%p1 bra WRITE;
        WAIT
        ld.shared.u32 %r1, [%r4]; mul.wide.u32 %rd1, %r0, 4; add.s64 %rd1, %rd0, %rd1; st.global.u32 [%rd1], %r1; bra E;
        WRITE: st.shared.u32 [%r4], %r0; bar.arrive 1, 64;
        E:
        """;

    [Test]
    public void Who_waits_at_a_barrier_is_behind_who_announced_itself_there([Values(0, 1, 2)] int seed) =>
        Assert.That(FindingsOf(HandOver.Replace("WAIT", "bar.sync 1, 64;", StringComparison.Ordinal), 64, seed), Is.Empty);

    [Test]
    public void Without_waiting_it_is_a_race() => Assert.That(FindingsOf(HandOver.Replace("WAIT", "", StringComparison.Ordinal), 64, seed: 1).Select(f => f.Check), Does.Contain(CheckKind.RaceCheck));

    [Test]
    public void What_the_kernel_has_written_must_not_be_read_through_the_read_only_cache()
    {
        string body = "mul.wide.u32 %rd1, %r0, 4; add.s64 %rd1, %rd0, %rd1; st.global.u32 [%rd1], %r0; ld.global.KIND.u32 %r1, [%rd1];";
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FindingsOf(body.Replace("KIND", "nc", StringComparison.Ordinal), 32).Single().What, Does.Contain("ld.global.nc"));
            Assert.That(FindingsOf(body.Replace("KIND", "cg", StringComparison.Ordinal), 32), Is.Empty);
        }
    }

    [Test]
    public void A_release_and_what_looks_at_it_hand_over_between_warps()
    {
        // Warp 1 writes, then sets a flag with release; warp 0 waits for the flag with acquire, then reads.
        string body = """
            .shared .align 4 .b8 s[8];
            mov.u32 %r9, 0; setp.eq.u32 %p3, %r0, 0; @%p3 st.shared.u32 [s+4], %r9; bar.sync 0;
            setp.ge.u32 %p1, %r0, 32; @%p1 bra WRITE;
            WAIT: ld.acquire.cta.shared.u32 %r1, [s+4]; setp.eq.u32 %p2, %r1, 0; @%p2 bra WAIT;
            ld.shared.u32 %r2, [s]; st.global.u32 [%rd0], %r2; bra E;
            WRITE: setp.ne.u32 %p4, %r0, 32; @%p4 bra E;
            mov.u32 %r3, 7; st.shared.u32 [s], %r3; st.RELEASE.shared.u32 [s+4], %r3;
            E:
            """;
        // All lanes of warp 0 write the same word: that is another matter, and left out.
        bool Reads(Finding f) => f.What.Contains("shared", StringComparison.Ordinal);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FindingsOf(body.Replace("RELEASE", "release.cta", StringComparison.Ordinal), 64).Where(Reads), Is.Empty);
            Assert.That(FindingsOf(body.Replace("RELEASE", "relaxed.cta", StringComparison.Ordinal), 64).Where(Reads), Is.Not.Empty);
        }
    }
}
