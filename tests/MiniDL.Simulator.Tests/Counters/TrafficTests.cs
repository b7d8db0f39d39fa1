// Sectors on their way through the caches, and the totals of a launch.
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Tests.Counters;

[TestFixture]
public sealed unsafe class TrafficTests
{
    [Test]
    public void The_first_level_keeps_what_a_block_reads_again_until_the_next_block()
    {
        Traffic traffic = new(firstLevelBytes: 16 * 1024);
        Read(traffic, 0);
        Read(traffic, 0);
        Assert.That(traffic.Reads.All, Is.EqualTo(4), "the second time all 4 sectors hit");
        traffic.BeginBlock(wave: 0);
        Read(traffic, 0);
        Assert.That(traffic.Reads, Is.EqualTo(new SecondLevelCounts(All: 8, OfBlocks: 8, OfWaves: 4, Different: 4)), "but they are the same sectors");
    }

    [Test]
    public void Stores_go_through()
    {
        Traffic traffic = new(16 * 1024);
        ulong* addresses = stackalloc ulong[32];
        for (int lane = 0; lane < 32; lane++) addresses[lane] = 4 * (ulong)lane;
        traffic.Request(AccessKind.GlobalStore, addresses, uint.MaxValue, 4, sectors: 4);
        traffic.Request(AccessKind.GlobalStore, addresses, uint.MaxValue, 4, sectors: 4);
        Assert.That(traffic.Writes, Is.EqualTo(new SecondLevelCounts(All: 8, OfBlocks: 4, OfWaves: 4, Different: 4)));
    }

    [Test]
    public void The_line_not_used_for_longest_makes_room()
    {
        // 512 bytes are one set of four lines of 128 bytes: sectors 0, 4, 8, 12, 16 lie in five different lines.
        SectorCache cache = new(512);
        foreach (ulong sector in (ulong[])[0, 4, 8, 12]) Assert.That(cache.Touch(sector), Is.False);
        Assert.That(cache.Touch(0), "still there");
        Assert.That(cache.Touch(16), Is.False, "takes the place of sector 4's line");
        Assert.That(cache.Touch(0));
        Assert.That(cache.Touch(4), Is.False);
        Assert.That(cache.Touch(5), Is.False, "another sector of a line that is there");
        Assert.That(cache.Touch(5));
    }

    [Test]
    public void Sets_count_each_sector_once_over_all_workers()
    {
        SectorSet one = new(), two = new();
        for (ulong i = 0; i < 1000; i++) one.Add(i * 977);
        for (ulong i = 500; i < 1500; i++) two.Add(i * 977);
        Assert.That((one.Count, two.Count), Is.EqualTo((1000, 1000)));
        one.Add(two);
        Assert.That(one.Count, Is.EqualTo(1500));
        Assert.That(one.CountBetween(977, 10 * 977), Is.EqualTo(9), "the first is in, the last is not");
        one.Clear();
        Assert.That((one.Count, one.CountBetween(0, ulong.MaxValue)), Is.EqualTo((0, 0)));
    }

    /// <summary>Two waves of two blocks each. All blocks read sectors 0 to 3, the blocks of a wave 8 to 11 or 16 to 19.</summary>
    [Test]
    public void What_is_wanted_again_is_told_apart_by_who_wants_it()
    {
        Traffic one = new(0), two = new(0);
        foreach ((Traffic worker, long wave) in new[] { (one, 0L), (two, 0), (one, 1), (two, 1) })
        {
            worker.BeginBlock(wave);
            Read(worker, 0);
            Read(worker, 256 * ((ulong)wave + 1));
        }
        one.Add(two);
        Assert.That(one.Reads, Is.EqualTo(new SecondLevelCounts(All: 32, OfBlocks: 32, OfWaves: 16, Different: 12)));
        Assert.That(one.Waves, Is.EqualTo(2));
    }

    /// <summary>Half of a launch ran and touched 4 of 6 sectors of one allocation, which all blocks may share, and 4 of 100 of another.</summary>
    [Test]
    public void A_sampled_footprint_is_no_larger_than_what_was_allocated()
    {
        Traffic traffic = new(0);
        Read(traffic, 0);
        Read(traffic, 32 * 64);
        Assert.That(traffic.Extrapolate(2, [(0, 6), (64, 164)]), Is.EqualTo((6 + 8, 0, 6 + 8)));
    }

    [Test]
    public void Totals_of_a_launch()
    {
        // A warp with 32 lanes executes 10 fma, 5 integer instructions and 2 branches, one of which parts.
        KernelCounters counters = new();
        counters.AddInstruction(InstructionClass.Float32, warps: 10, lanes: 320, flopsPerLane: 2);
        counters.AddInstruction(InstructionClass.Integer, warps: 5, lanes: 80, flopsPerLane: 0);
        counters.AddBranches(2, 1);
        counters.AddAccesses(AccessKind.GlobalLoad, new AccessCounts { Requests = 2, Sectors = 8, UniqueBytes = 256 });
        counters.AddAccesses(AccessKind.SharedStore, new AccessCounts { Requests = 1, Wavefronts = 4, IdealWavefronts = 1 });
        KernelCounters twice = new();
        twice.Add(counters);
        twice.Add(counters);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((counters.WarpInstructions, counters.ThreadInstructions, counters.Flops), Is.EqualTo((15, 400, 640)));
            Assert.That(counters.ThreadsPerInstruction, Is.EqualTo(400.0 / 15));
            Assert.That(counters.BranchUniformity, Is.EqualTo(0.5));
            Assert.That(counters.GlobalBytes, Is.EqualTo(256));
            Assert.That(counters.ArithmeticIntensity, Is.EqualTo(2.5), "640 FLOPs over 256 bytes");
            Assert.That(counters.BankConflicts, Is.EqualTo(3));
            Assert.That(twice.Of(InstructionClass.Float32), Is.EqualTo(20));
            Assert.That(twice.GlobalLoads.Sectors, Is.EqualTo(16));
            Assert.That(twice.FootprintSectors, Is.EqualTo(-1), "nobody followed the sectors");
        }
    }

    [Test]
    public void A_sample_is_scaled_up_and_says_so()
    {
        KernelCounters counters = new();
        counters.AddInstruction(InstructionClass.Float32, 10, 320, 2);
        counters.AddAccesses(AccessKind.GlobalStore, new AccessCounts { Requests = 3, Sectors = 12, UniqueBytes = 384 });
        counters.Sampled(0.25);
        Assert.That((counters.WarpInstructions, counters.Flops, counters.GlobalStores.Sectors), Is.EqualTo((40, 2560, 48)));
        Assert.That((counters.IsSampled, counters.SampledFraction), Is.EqualTo((true, 0.25)));
    }

    private static void Read(Traffic traffic, ulong start)
    {
        ulong* addresses = stackalloc ulong[32];
        for (int lane = 0; lane < 32; lane++) addresses[lane] = start + 4 * (ulong)lane;
        traffic.Request(AccessKind.GlobalLoad, addresses, uint.MaxValue, 4, sectors: 4);
    }
}
