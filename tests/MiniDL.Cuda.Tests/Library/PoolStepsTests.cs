// Which share of a pooling a block gets, and which windows an unpooling looks at.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class PoolStepsTests
{
    [TestCase(128, 32, 30, 30, 2, 2, 15, 1800)]
    [TestCase(128, 64, 13, 13, 12, 12, 7, 2028)]
    [TestCase(128, 128, 5, 5, 81, 81, 3, 2025)]
    [TestCase(1, 2, 13, 13, 2, 2, 7, 338)]
    public void Small_planes_are_shared_out_whole(int b, int c, int h, int w, int planes, int inTile, int band, int tile)
    {
        PoolShare share = ShareOf(b, c, h, w, new PoolGeometry(2, 2, 2, 2, 0, 0, true));
        Assert.That(share, Is.EqualTo(new PoolShare(planes, band, tile, (b * c + planes - 1) / planes)));
        Assert.That(inTile * h * w, Is.EqualTo(tile));
    }

    [Test]
    public void Large_planes_are_cut_into_bands_that_fit()
    {
        // 224 x 224, 2 x 2: 16 KB hold 18 rows, which are 9 rows of windows.
        Assert.That(ShareOf(1, 3, 224, 224, new PoolGeometry(2, 2, 2, 2, 0, 0, false)), Is.EqualTo(new PoolShare(1, 9, 18 * 224, 3 * 13)));
    }

    [Test]
    public void Bands_of_overlapping_windows_are_high_so_that_little_is_read_twice()
    {
        // 3 x 3 with stride 2, 500 columns: 16 KB hold 8 rows, of which one in 6 would be read twice; 48,000 bytes hold 24, 11 rows of windows.
        Assert.That(ShareOf(1, 1, 500, 500, new PoolGeometry(3, 3, 2, 2, 0, 0, false)), Is.EqualTo(new PoolShare(1, 11, 23 * 500, 23)));
    }

    [Test]
    public void Rows_that_no_block_can_hold_are_read_in_place()
    {
        PoolShare share = ShareOf(1, 1, 4, 20_000, new PoolGeometry(2, 2, 2, 2, 0, 0, false));
        Assert.That(share, Is.EqualTo(new PoolShare(1, 1, 0, 2)));
    }

    [Test]
    public void Indices_of_a_max_pooling_tell_an_unpooling_its_windows()
    {
        var windows = new PoolGeometry(3, 2, 2, 2, 1, 0, true);
        Tensor x = T.Input([2, 3, 9, 7], "x");
        PoolStage stage = Unpooling(x, windows);
        Assert.That(stage.Geometry, Is.EqualTo(windows));
        Assert.That(Stages.Define(Stages.OnlyStep(PoolSteps.Plan(stage, null, Stages.Options)), "ANY_WINDOW"), Is.EqualTo("0"));
    }

    [Test]
    public void Indices_from_anywhere_may_name_any_pixel()
    {
        Tensor index = T.Input([2, 3, 4, 4], "index", DType.Int32), g = T.Input([2, 3, 4, 4], "g");
        PoolStage stage = Stages.Only<PoolStage>(Tensor.Apply(new MaxUnpool(9, 7), index, g));
        Assert.That(stage.Geometry, Is.Null);
        Assert.That(Stages.Define(Stages.OnlyStep(PoolSteps.Plan(stage, null, Stages.Options)), "ANY_WINDOW"), Is.EqualTo("1"));
    }

    [Test]
    public void Indices_for_planes_of_another_size_tell_nothing()
    {
        Tensor x = T.Input([2, 3, 9, 7], "x"), index = Tensor.Apply(new MaxPoolIndex(new PoolGeometry(2, 2, 2, 2, 0, 0, false)), x), g = T.Input(index.Shape, "g");
        Assert.That(Stages.Of(Tensor.Apply(new MaxUnpool(7, 9), index, g)).OfType<PoolStage>().Single(stage => stage.Kind == PoolKind.MaxUnpool).Geometry, Is.Null);
    }

    [Test]
    public void A_max_pooling_passes_only_what_is_asked_for()
    {
        Tensor x = T.Input([1, 1, 4, 4], "x"), y = T.MaxPool2D(x, (2, 2)), index = Tensor.Apply(new MaxPoolIndex(((MaxPool)y.Op).Geometry), x);
        using (Assert.EnterMultipleScope())
        {
            foreach ((Tensor[] outputs, int arguments, string value, string position) in new[] { (new[] { y }, 2, "1", "0"), ([index], 2, "0", "1"), ([y, index], 3, "1", "1") })
            {
                KernelStep step = Stages.OnlyStep(PoolSteps.Plan(Stages.Only<PoolStage>(outputs), null, Stages.Options));
                Assert.That(step.Arguments, Has.Count.EqualTo(arguments));
                Assert.That((Stages.Define(step, "WITH_VALUE"), Stages.Define(step, "WITH_INDEX")), Is.EqualTo((value, position)));
            }
        }
    }

    [Test]
    public void An_empty_batch_launches_nothing()
    {
        Tensor x = T.Input([0, 3, 8, 8], "x");
        Assert.That(PoolSteps.Plan(Stages.Only<PoolStage>(T.MaxPool2D(x, (2, 2))), null, Stages.Options), Is.Empty);
    }

    [Test]
    public void Ends_stand_in_front_and_their_arguments_behind()
    {
        PoolStage stage = Stages.Only<PoolStage>(T.AvgPool2D(T.Input([1, 1, 4, 4], "x"), (2, 2)));
        KernelStep step = Stages.OnlyStep(PoolSteps.Plan(stage, new Ends("#define STORE_Y(i, v) y[i] = 2 * (v)\n", [new IntArgument(7)]), Stages.Options));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(step.Arguments[^1], Is.EqualTo(new IntArgument(7)));
            Assert.That(step.Source.Text.IndexOf("2 * (v)", StringComparison.Ordinal), Is.InRange(0, step.Source.Text.IndexOf("void __launch_bounds__", StringComparison.Ordinal)));
        }
    }

    private static PoolShare ShareOf(int b, int c, int h, int w, PoolGeometry windows)
    {
        PoolStage stage = Stages.Only<PoolStage>(Tensor.Apply(new MaxPool(windows), T.Input([b, c, h, w], "x")));
        return PoolShare.Of(stage, stage.Inputs[0].Map.Shape, stage.Value!.Map.Shape);
    }

    private static PoolStage Unpooling(Tensor x, PoolGeometry windows)
    {
        Tensor index = Tensor.Apply(new MaxPoolIndex(windows), x), g = T.Input(index.Shape, "g");
        return Stages.Of(MaxUnpool.Of(index, g, x)).OfType<PoolStage>().Single(stage => stage.Kind == PoolKind.MaxUnpool);
    }
}
