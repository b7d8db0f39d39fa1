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
        Assert.That(traffic.ReadSectors, Is.EqualTo(4), "the second time all 4 sectors hit");
        traffic.BeginBlock();
        Read(traffic, 0);
        Assert.That(traffic.ReadSectors, Is.EqualTo(8));
        Assert.That(traffic.Read.Count, Is.EqualTo(4), "but they are the same sectors");
    }

    [Test]
    public void Stores_go_through()
    {
        Traffic traffic = new(16 * 1024);
        ulong* addresses = stackalloc ulong[32];
        for (int lane = 0; lane < 32; lane++) addresses[lane] = 4 * (ulong)lane;
        traffic.Request(AccessKind.GlobalStore, addresses, uint.MaxValue, 4, sectors: 4);
        traffic.Request(AccessKind.GlobalStore, addresses, uint.MaxValue, 4, sectors: 4);
        Assert.That((traffic.WrittenSectors, traffic.Written.Count), Is.EqualTo((8, 4)));
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
        Assert.That((one.Count, two.Count, one.CountWith(two)), Is.EqualTo((1000, 1000, 1500)));
        one.Add(two);
        Assert.That(one.Count, Is.EqualTo(1500));
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
