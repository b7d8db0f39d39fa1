// Sectors, wavefronts and their sums, each worked out by hand.
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Tests.Counters;

[TestFixture]
public sealed unsafe class AccessTests
{
    private const ulong Base = 0x7_0000_0000;

    // Of 32 lanes with 4 bytes each: addresses start + stride * lane.
    [TestCase(0, 4, 4, ExpectedResult = "4 128", Description = "coalesced: 128 bytes are 4 sectors of 32")]
    [TestCase(0, 8, 4, ExpectedResult = "8 128", Description = "every second float: 4 lanes a sector")]
    [TestCase(0, 32, 4, ExpectedResult = "32 128", Description = "every eighth float: a sector for each lane")]
    [TestCase(0, 128, 4, ExpectedResult = "32 128", Description = "every 32nd float: no worse, each lane had a sector already")]
    [TestCase(4, 4, 4, ExpectedResult = "5 128", Description = "misaligned by one float: the last one lies in a fifth sector")]
    [TestCase(28, 4, 4, ExpectedResult = "5 128")]
    [TestCase(0, 0, 4, ExpectedResult = "1 4", Description = "broadcast: all lanes want the same 4 bytes")]
    [TestCase(0, 16, 16, ExpectedResult = "16 512", Description = "float4: 512 bytes are 16 sectors")]
    [TestCase(0, 8, 8, ExpectedResult = "8 256", Description = "float2")]
    [TestCase(0, 1, 1, ExpectedResult = "1 32", Description = "bytes")]
    [TestCase(0, -4, 4, ExpectedResult = "5 128", Description = "backwards from the first float of a sector: 31 floats lie below it, in four more sectors")]
    [TestCase(30, 0, 4, ExpectedResult = "2 4", Description = "across two sectors")]
    public string Global(int start, int stride, int bytes)
    {
        ulong* addresses = stackalloc ulong[32];
        Fill(addresses, Base + (ulong)start, stride);
        (int sectors, int unique) = GlobalAccess.Count(addresses, uint.MaxValue, bytes);
        return $"{sectors} {unique}";
    }

    [Test]
    public void Lanes_that_are_off_do_not_count()
    {
        ulong* addresses = stackalloc ulong[32];
        Fill(addresses, Base, 4);
        for (int lane = 8; lane < 32; lane++) addresses[lane] = ulong.MaxValue;
        Assert.That(GlobalAccess.Count(addresses, 0xFF, 4), Is.EqualTo((1, 32)), "8 floats are one sector");
        Assert.That(GlobalAccess.Count(addresses, 0x11, 4), Is.EqualTo((1, 8)), "two floats of it");
    }

    [Test]
    public void The_order_of_lanes_does_not_matter()
    {
        ulong* addresses = stackalloc ulong[32];
        for (int lane = 0; lane < 32; lane++) addresses[lane] = Base + 4 * (ulong)(lane * 5 % 32);
        Assert.That(GlobalAccess.Count(addresses, uint.MaxValue, 4), Is.EqualTo((4, 128)));
    }

    // Of 32 lanes: offsets stride * lane in shared memory; wavefronts and the fewest there could be.
    [TestCase(4, 4, ExpectedResult = "1 1", Description = "consecutive words: every bank once")]
    [TestCase(8, 4, ExpectedResult = "2 1", Description = "every second word: 16 banks, two words each")]
    [TestCase(128, 4, ExpectedResult = "32 1", Description = "every 32nd word: all in one bank")]
    [TestCase(132, 4, ExpectedResult = "1 1", Description = "rows padded to 33 words: banks 0, 1, 2, ...")]
    [TestCase(12, 4, ExpectedResult = "1 1", Description = "3 and 32 have no common divisor")]
    [TestCase(0, 4, ExpectedResult = "1 1", Description = "broadcast")]
    [TestCase(1, 1, ExpectedResult = "1 1", Description = "bytes: four lanes share a word")]
    [TestCase(8, 8, ExpectedResult = "2 2", Description = "float2: 16 lanes a phase, 32 words, every bank once")]
    [TestCase(16, 16, ExpectedResult = "4 4", Description = "float4, LDS.128: 8 lanes a phase, 32 words")]
    [TestCase(32, 16, ExpectedResult = "8 4", Description = "every second float4: 8 lanes of a phase use banks 0-3, 8-11, 16-19, 24-27, twice each")]
    [TestCase(256, 8, ExpectedResult = "32 2", Description = "double-words 64 words apart: 16 lanes of a phase on the same two banks")]
    public string Shared(int stride, int bytes)
    {
        ulong* offsets = stackalloc ulong[32];
        Fill(offsets, 0, stride);
        (int wavefronts, int ideal) = SharedAccess.Count(offsets, uint.MaxValue, bytes, isLoad: false);
        return $"{wavefronts} {ideal}";
    }

    [Test]
    public void Two_rows_of_half_a_warp_each_are_a_conflict_unless_their_banks_differ()
    {
        ulong* offsets = stackalloc ulong[32];
        // Lanes 0-15 read one word, 16-31 another: of the same bank, 32 words apart, then of the next bank.
        for (int lane = 0; lane < 32; lane++) offsets[lane] = lane < 16 ? 0UL : 128;
        Assert.That(SharedAccess.Count(offsets, uint.MaxValue, 4, isLoad: true), Is.EqualTo((2, 1)));
        for (int lane = 0; lane < 32; lane++) offsets[lane] = lane < 16 ? 0UL : 132;
        Assert.That(SharedAccess.Count(offsets, uint.MaxValue, 4, isLoad: true), Is.EqualTo((1, 1)));
    }

    /// <summary>float4s by lane: as neighbours alike, lanes two away alike, four different ones in turn, all alike; then neighbours alike with two of a half warp in one bank.</summary>
    [TestCase(1, 2, 2)]
    [TestCase(2, 2, 2)]
    [TestCase(4, 4, 4)]
    [TestCase(32, 2, 2)]
    [TestCase(-1, 4, 2)]
    public void A_wide_load_takes_half_the_wavefronts_if_lanes_in_pairs_read_alike(int pattern, int wavefronts, int ideal)
    {
        ulong* offsets = stackalloc ulong[32];
        for (int lane = 0; lane < 32; lane++)
            offsets[lane] = 16 * (ulong)(pattern switch { 1 => lane / 2, 2 => lane / 4 * 2 + lane % 2, 4 => lane % 4, 32 => 0, _ => lane / 2 * 2 });
        Assert.That(SharedAccess.Count(offsets, uint.MaxValue, 16, isLoad: true), Is.EqualTo((wavefronts, ideal)));
        Assert.That(SharedAccess.Count(offsets, uint.MaxValue, 16, isLoad: false).Wavefronts, Is.EqualTo(4), "a store has no such way");
    }

    [Test]
    public void A_phase_without_lanes_takes_no_wavefront()
    {
        ulong* offsets = stackalloc ulong[32];
        Fill(offsets, 0, 16);
        Assert.That(SharedAccess.Count(offsets, 0xFF, 16, isLoad: true), Is.EqualTo((1, 1)), "lanes 0 to 7 are the first of four phases");
        Assert.That(SharedAccess.Count(offsets, 0, 16, isLoad: true), Is.EqualTo((0, 0)));
    }

    [Test]
    public void Remembered_patterns_count_as_new_ones_do()
    {
        var random = new Random(4);
        ulong* addresses = stackalloc ulong[32];
        AccessPattern global = new(), shared = new();
        for (int i = 0; i < 20_000; i++)
        {
            // Often the same pattern at another place, sometimes with other lanes, sometimes another pattern.
            int stride = 4 * (i / 40 % 5), bytes = i / 200 % 2 == 0 ? 4 : 8;
            Fill(addresses, Base + 4 * (ulong)random.Next(1000), stride);
            if (random.Next(5) == 0) addresses[random.Next(32)] += 4 * (ulong)random.Next(100);
            uint mask = random.Next(3) == 0 ? (uint)random.NextInt64(1, 1L << 32) : uint.MaxValue;
            Assert.That(global.Count(addresses, mask, bytes, isShared: false, isLoad: true), Is.EqualTo(GlobalAccess.Count(addresses, mask, bytes)));
            Assert.That(shared.Count(addresses, mask, bytes, isShared: true, isLoad: true), Is.EqualTo(SharedAccess.Count(addresses, mask, bytes, isLoad: true)));
        }
    }

    [Test]
    public void Counts_are_kept_by_instruction_and_added_over_workers()
    {
        ulong* addresses = stackalloc ulong[32];
        Fill(addresses, Base, 8);
        InstructionCounters one = new(10), two = new(10);
        one.Access(3, AccessKind.GlobalLoad, addresses, uint.MaxValue, 4);
        one.Access(3, AccessKind.GlobalLoad, addresses, 0, 4);
        two.Access(3, AccessKind.GlobalLoad, addresses, uint.MaxValue, 4);
        two.Access(7, AccessKind.SharedStore, addresses, uint.MaxValue, 4);
        one.Add(two);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(one.Counts[3], Is.EqualTo(new AccessCounts { Requests = 2, Sectors = 16, UniqueBytes = 256 }), "a request without lanes is none");
            Assert.That(one.Counts[3].SectorsPerRequest, Is.EqualTo(8));
            Assert.That(one.Counts[3].Efficiency, Is.EqualTo(0.5));
            Assert.That(one.Counts[7], Is.EqualTo(new AccessCounts { Requests = 1, Wavefronts = 2, IdealWavefronts = 1 }));
            Assert.That(one.Kinds[7], Is.EqualTo(AccessKind.SharedStore));
        }
    }

    private static void Fill(ulong* addresses, ulong start, int stride)
    {
        for (int lane = 0; lane < 32; lane++) addresses[lane] = start + (ulong)(long)(stride * lane);
    }
}
