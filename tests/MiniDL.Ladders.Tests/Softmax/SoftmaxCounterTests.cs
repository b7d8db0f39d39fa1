// What the headers of the softmax rungs promise, in counters.
namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class SoftmaxCounterTests
{
    private const int Naive = 0, Tree = 1, Shuffle = 2, Online = 3, Warp = 4, Float4 = 5;

    private readonly Ladder _ladder = new SoftmaxLadder();
    private IReadOnlyList<CountedRows> _rungs = null!;

    [OneTimeSetUp]
    public void Run() => _rungs = CountedRows.All(_ladder, SoftmaxProblem.Even(512, 1024));

    [Test]
    public void A_thread_for_each_row_asks_for_32_sectors_a_request_and_a_block_for_4()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_rungs[Naive].Counters.GlobalLoads.SectorsPerRequest, Is.EqualTo(32));
            Assert.That(_rungs[Naive].Counters.GlobalStores.SectorsPerRequest, Is.EqualTo(32));
            foreach (int rung in new[] { Tree, Shuffle, Online, Warp }) Assert.That(_rungs[rung].Counters.GlobalLoads.SectorsPerRequest, Is.EqualTo(4), _ladder.Rungs[rung].Stem);
        }
    }

    /// <summary>Three reads and a write, two and a write, one and a write: 16, 12, 8 bytes for each element.</summary>
    [Test]
    public void Bytes_fall_to_the_minimum() => Assert.That(_rungs.Skip(Tree).Select(rung => rung.BytesOverMinimum), Is.EqualTo(new[] { 2, 2, 1.5, 1, 1 }));

    [Test]
    public void Exponentials_rise_from_two_to_three_online_and_fall_to_one_in_registers()
    {
        double[] expected = [2, 2, 2, 3, 1, 1];
        using (Assert.EnterMultipleScope())
        {
            for (int rung = 0; rung < expected.Length; rung++)
                Assert.That(_rungs[rung].SpecialPerElement, Is.InRange(expected[rung], expected[rung] + 0.3), _ladder.Rungs[rung].Stem);
        }
    }

    [Test]
    public void Shuffles_save_barriers_but_not_instructions()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_rungs.Select(rung => rung.BarriersPerWarp), Is.EqualTo(new[] { 0, 19, 2, 2, 0, 0 }));
            Assert.That(_rungs[Shuffle].Counters.WarpInstructions, Is.GreaterThan(_rungs[Tree].Counters.WarpInstructions), "all warps combine, where the tree lets most of them go idle");
            Assert.That(_rungs[Warp].Counters.SharedWavefronts + _rungs[Float4].Counters.SharedWavefronts, Is.Zero);
            Assert.That(_rungs.Sum(rung => rung.Counters.BankConflicts), Is.Zero);
        }
    }

    [Test]
    public void Float4_asks_for_the_same_sectors_in_a_quarter_of_the_requests()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_rungs[Float4].Sectors, Is.EqualTo(_rungs[Warp].Sectors));
            Assert.That(_rungs[Float4].Requests * 4, Is.EqualTo(_rungs[Warp].Requests));
            Assert.That(_rungs[Float4].Counters.WarpInstructions, Is.LessThan(_rungs[Warp].Counters.WarpInstructions));
        }
    }

    [Test]
    public void A_block_keeps_4096_columns_in_registers_where_a_warp_must_read_them_twice()
    {
        Problem problem = SoftmaxProblem.Even(32, 4096);
        Assert.That(new[] { Warp, Float4 }.Select(rung => CountedRows.Of(_ladder.Rungs[rung], problem).BytesOverMinimum), Is.EqualTo(new[] { 1.5, 1 }));
    }

    [Test]
    public void Ten_classes_share_a_warp_by_two_rows()
    {
        Problem problem = SoftmaxProblem.Even(1024, 10);
        CountedRows warp = CountedRows.Of(_ladder.Rungs[Warp], problem), float4 = CountedRows.Of(_ladder.Rungs[Float4], problem);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(float4.Requests * 2, Is.EqualTo(warp.Requests));
            Assert.That(float4.BytesOverMinimum, Is.EqualTo(1.2).Within(0.001), "two rows of 40 bytes touch three sectors");
            Assert.That(warp.BytesOverMinimum, Is.EqualTo(1.6).Within(0.001), "one touches two");
        }
    }

    /// <summary>The estimate knows bytes and instructions; it says that nothing is to be gained once the bytes are those that must move.</summary>
    [Test]
    public void The_estimate_is_bytes_from_the_second_rung_on()
    {
        Assert.That(_rungs[Naive].Microseconds, Is.GreaterThan(4 * _rungs[Float4].Microseconds));
        Assert.That(_rungs.Skip(Tree).Select(rung => rung.Microseconds), Is.All.GreaterThanOrEqualTo(_rungs[Float4].Microseconds));
    }
}
