// What the headers of kernels/scan promise, read off the counters of the simulated GPU.
using MiniDL.Simulator.Counters;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class ScanRungTests
{
    private static readonly ScanLadder s_ladder = new();
    private IReadOnlyList<CountedRung> _rungs = [];

    private CountedRung this[int number] => _rungs[number - 1];

    [OneTimeSetUp]
    public void Count() => _rungs = CountedRungs.Of(s_ladder, s_ladder.OfSize(1 << 19));

    [Test]
    public void A_tree_adds_a_third_of_what_doubling_adds()
    {
        double doubling = Additions(this[1].Kernel("scan_hillis_steele")), tree = Additions(this[2].Kernel("scan_blelloch"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(doubling, Is.EqualTo(8).Within(2).Percent, "log2 of 256, an element");
            Assert.That(tree, Is.LessThan(doubling / 3), "2, if warps were always full");
        }

        static double Additions(KernelCounters counters) => 32.0 * counters.Of(InstructionClass.Float32) / (1 << 19);
    }

    [Test]
    public void Three_of_four_wavefronts_are_conflicts_until_rows_are_padded()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(this[2].Counters.BankConflicts, Is.GreaterThan(0.7 * this[2].Counters.SharedWavefronts));
            Assert.That(this[3].Counters.BankConflicts, Is.LessThan(0.055 * this[2].Counters.BankConflicts));
            Assert.That(new[] { this[1], this[4], this[5], this[6], this[7] }.Select(rung => rung.Counters.BankConflicts), Is.All.Zero);
        }
    }

    [Test]
    public void A_warp_arrives_at_eighteen_barriers_and_with_shuffles_at_two()
    {
        double[] barriers = [.. _rungs.Take(5).Select(rung => (double)rung.Launches[0].Counters.Barriers / (rung.Launches[0].Shape.Grid.X * 8))];
        Assert.That(barriers, Is.EqualTo(new double[] { 8, 18, 18, 2, 2 }));
    }

    [Test]
    public void Float4_takes_sixteen_sectors_a_load_and_a_store()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(this[4].Kernel("scan_shuffles").GlobalLoads.SectorsPerRequest, Is.EqualTo(4));
            Assert.That(this[5].Kernel("scan_many_elements").GlobalLoads.SectorsPerRequest, Is.EqualTo(16));
            Assert.That(this[7].Kernel("scan_look_back").GlobalStores.SectorsPerRequest, Is.GreaterThan(15), "but for a word of each block");
        }
    }

    [Test]
    public void Bytes_fall_from_sixteen_an_element_to_twelve_to_eight()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_rungs.Take(5).Select(rung => rung.Moved), Is.All.GreaterThan(2).And.All.LessThan(2.2));
            Assert.That(this[6].Moved, Is.EqualTo(1.5).Within(1).Percent);
            Assert.That(this[7].Moved, Is.EqualTo(1).Within(1).Percent);
            Assert.That(_rungs.Select(rung => rung.Launches.Count), Is.EqualTo(new[] { 5, 5, 5, 5, 3, 3, 2 }));
        }
    }

    /// <summary>Fractions, whose sums do depend on the order of additions.</summary>
    [Test]
    public void The_bits_are_the_same_in_whatever_order_blocks_and_warps_run()
    {
        Problem problem = CountedRungs.OfFractions(ScanLadder.Of(70 * 4096 + 3));
        int[][] natural = CountedRungs.Bits(s_ladder, problem, "y", seed: 0), other = CountedRungs.Bits(s_ladder, problem, "y", seed: 7);
        for (int i = 0; i < natural.Length; i++) Assert.That(other[i].AsSpan().SequenceEqual(natural[i]), $"rung {i + 1}");
        Assert.That(natural.Select(bits => bits[^1]).Distinct().Count(), Is.GreaterThan(1), "rungs add in different orders");
    }
}
