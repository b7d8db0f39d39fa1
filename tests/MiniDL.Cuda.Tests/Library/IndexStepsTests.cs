// How many threads share a row, and in which units rows are moved.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class IndexStepsTests
{
    [TestCase(10, 1, 1)]
    [TestCase(16, 1, 1)]
    [TestCase(17, 2, 1)]
    [TestCase(256, 16, 1)]
    [TestCase(257, 32, 0)]
    [TestCase(4096, 32, 0)]
    [TestCase(4097, 256, 0)]
    public void More_threads_share_a_longer_row(int length, int lanes, int tile)
    {
        KernelStep step = Plan(T.ArgMax(T.Input([100, length], "x"), 1));
        using (Assert.EnterMultipleScope())
        {
            Assert.That((Stages.Define(step, "LANES"), Stages.Define(step, "TILE")), Is.EqualTo(($"{lanes}", $"{tile}")));
            Assert.That(step.Shape.Grid.Count * step.Shape.Block.Count, Is.InRange(100L * lanes, 100L * lanes + step.Shape.Block.Count - 1));
        }
    }

    [Test]
    public void Another_axis_than_the_last_has_a_thread_for_each_result()
    {
        KernelStep step = Plan(T.ArgMax(T.Input([3, 50, 200], "x", DType.Int32), 1));
        Assert.That((step.Source.Name, Stages.Define(step, "VALUE"), Stages.Define(step, "INNER"), step.Shape.Grid.X), Is.EqualTo(("argmax_columns", "int", "200", 3)));
    }

    [TestCase(784, DType.Float32, "uint4", 196)]
    [TestCase(10, DType.Float32, "uint2", 5)]
    [TestCase(625, DType.Int32, "uint", 625)]
    [TestCase(5, DType.Bool, "unsigned char", 5)]
    [TestCase(32, DType.Bool, "uint4", 2)]
    public void Rows_are_moved_in_the_widest_unit_that_divides_them(int columns, DType type, string unit, int units)
    {
        KernelStep step = Plan(T.GatherRows(T.Input([1000, columns], "table", type), T.Input([64], "index", DType.Int32)));
        Assert.That((Stages.Define(step, "UNIT"), Stages.Define(step, "UNITS")), Is.EqualTo((unit, $"{units}")));
    }

    [Test]
    public void A_table_that_starts_inside_a_unit_is_moved_in_smaller_ones()
    {
        Tensor slice = T.Slice(T.Input([1001 * 8], "x"), (2, 2 + 8000));
        KernelStep step = Plan(T.GatherRows(T.Reshape(slice, [1000, 8]), T.Input([64], "index", DType.Int32)));
        Assert.That((Stages.Define(step, "UNIT"), Stages.Define(step, "UNITS")), Is.EqualTo(("uint2", "4")));
    }

    [TestCase(10, 1, 50)]
    [TestCase(100, 4, 50)]
    [TestCase(625, 4, 50 * 5)]
    public void A_warp_adds_up_a_row_of_the_table_or_a_part_of_it(int length, int perLane, int warps)
    {
        Tensor index = T.Input([64], "index", DType.Int32), rows = T.Input([64, length], "rows");
        KernelStep step = Plan(Tensor.Apply(new ScatterAdd(50), index, rows));
        Assert.That((Stages.Define(step, "PER_LANE"), step.Shape.Grid.X), Is.EqualTo(($"{perLane}", (warps + 7) / 8)));
    }

    [Test]
    public void Nothing_to_compute_launches_nothing()
    {
        IndexStage stage = Stages.Only<IndexStage>(T.GatherRows(T.Input([10, 4], "table"), T.Input([0], "index", DType.Int32)));
        Assert.That(IndexSteps.Plan(stage, Stages.Options), Is.Empty);
    }

    private static KernelStep Plan(Tensor output) => Stages.OnlyStep(IndexSteps.Plan(Stages.Only<IndexStage>(output), Stages.Options));
}
