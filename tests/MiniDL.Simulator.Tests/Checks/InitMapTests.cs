// Bytes that were written, and those that were not; and lanes that are where they should not be.
using MiniDL.Gpu;
using MiniDL.Simulator.Checks;

namespace MiniDL.Simulator.Tests.Checks;

[TestFixture]
public sealed unsafe class InitMapTests
{
    [Test]
    public void Agrees_with_a_list_of_flags()
    {
        var random = new Random(6);
        InitMap map = new(1000);
        bool[] flags = new bool[1000];
        for (int i = 0; i < 500; i++)
        {
            int start = random.Next(1000), count = random.Next(1001 - start);
            if (i % 5 == 0)
            {
                count = Math.Min(count, 40);
                map.Mark(start, count);
                Array.Fill(flags, true, start, count);
            }
            int missing = Array.IndexOf(flags, false, start, count);
            Assert.That(map.FirstMissing(start, count), Is.EqualTo(missing));
        }
    }

    [Test]
    public void Lanes_that_read_an_unwritten_byte_are_told()
    {
        // Floats 0 to 9 are written, and 3 bytes of float 10.
        const ulong origin = 0x7000;
        InitMap map = new(256);
        map.Mark(0, 43);
        ulong* addresses = stackalloc ulong[32];
        for (int lane = 0; lane < 32; lane++) addresses[lane] = origin + 4 * (ulong)lane;
        Assert.That(map.MissingLanes(addresses, origin, uint.MaxValue, 4), Is.EqualTo(~0x3FFu), "lanes 0 to 9 are fine");
        Assert.That(map.MissingLanes(addresses, origin, 0x3FF, 4), Is.Zero);
        map.MarkLanes(addresses, origin, 0xFFFF0000, 4);
        Assert.That(map.MissingLanes(addresses, origin, uint.MaxValue, 4), Is.EqualTo(0x0000FC00u));
    }

    [Test]
    public void Sixteen_bytes_may_lie_across_words_of_the_map()
    {
        InitMap map = new(128);
        map.Mark(56, 15);
        ulong* addresses = stackalloc ulong[32];
        addresses[0] = 56;
        Assert.That(map.MissingLanes(addresses, 0, 1, 16), Is.EqualTo(1u), "byte 71 is missing");
        map.Mark(71, 1);
        Assert.That(map.MissingLanes(addresses, 0, 1, 16), Is.Zero);
        addresses[0] = 112;
        Assert.That(map.MissingLanes(addresses, 0, 1, 16), Is.EqualTo(1u), "the last 16 bytes");
    }

    [Test]
    public void A_copy_carries_over_what_is_written_and_what_is_not()
    {
        InitMap from = new(64), to = new(64);
        from.Mark(8, 4);
        to.Mark(0, 64);
        to.CopyFrom(from, sourceOffset: 4, offset: 20, count: 12);
        Assert.That(to.FirstMissing(0, 64), Is.EqualTo(20));
        Assert.That(to.FirstMissing(24, 4), Is.EqualTo(-1));
        Assert.That(to.FirstMissing(24, 40), Is.EqualTo(28));
        Assert.That(to.FirstMissing(32, 32), Is.EqualTo(-1));
    }

    [Test]
    public void Shuffles_from_lanes_that_are_not_there()
    {
        // Down by 1 among lanes 0 to 7: lane 7 reads lane 8.
        Span<int> sources = stackalloc int[32];
        for (int lane = 0; lane < 32; lane++) sources[lane] = Math.Min(lane + 1, 31);
        Assert.That(SyncCheck.ReadsAbsentLane(sources, 0xFF), Is.EqualTo(0x80u));
        Assert.That(SyncCheck.ReadsAbsentLane(sources, uint.MaxValue), Is.Zero);
        Assert.That(SyncCheck.NotNamed(executing: 0xFF, members: 0x0F), Is.EqualTo(0xF0u));
    }

    [Test]
    public void A_finding_tells_who_where_and_who_else()
    {
        var finding = new Finding(CheckKind.RaceCheck, "reduce", "race: read after write in shared memory", new Party("reduce.cu:12", new Dim3(3, 0, 0), new Dim3(40, 0, 0)), 0x40, 4, new Party("reduce.cu:10", new Dim3(3, 0, 0), new Dim3(1, 0, 0)), 31);
        Assert.That(finding.ToString(), Is.EqualTo("""
            racecheck: kernel reduce: race: read after write in shared memory, 4 bytes at 0x40
              by reduce.cu:12, block (3,0,0), thread (40,0,0)
              and reduce.cu:10, block (3,0,0), thread (1,0,0)
              31 times
            """.ReplaceLineEndings("\n")));
    }
}
