// Which copies are transposes, and of which sizes.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class TransposeStepsTests
{
    [TestCase(new[] { 5, 7 }, new[] { 1, 0 }, "1 7 5 0 7")]              // BATCH ROWS COLUMNS BATCH_STEP STEP
    [TestCase(new[] { 4, 5, 7 }, new[] { 0, 2, 1 }, "4 7 5 35 7")]
    [TestCase(new[] { 2, 3, 5, 7 }, new[] { 0, 2, 3, 1 }, "2 35 3 105 35")]   // channels last
    [TestCase(new[] { 2, 5, 7, 3 }, new[] { 0, 3, 1, 2 }, "2 3 35 105 3")]    // and back
    [TestCase(new[] { 3, 5, 7 }, new[] { 2, 0, 1 }, "1 7 15 0 7")]
    [TestCase(new[] { 3, 5, 7 }, new[] { 1, 2, 0 }, "1 35 3 0 35")]
    public void A_permutation_that_moves_the_last_axis_is_a_batch_of_transposes(int[] shape, int[] axes, string sizes)
    {
        KernelStep? step = TransposeSteps.TryPlan(CopyOf(T.Transpose(T.Input(Shape.Create(shape), "x"), axes)), Stages.Options)?.OfType<KernelStep>().Single();
        Assert.That(step, Is.Not.Null);
        Assert.That(string.Join(' ', new[] { "BATCH", "ROWS", "COLUMNS", "BATCH_STEP", "STEP" }.Select(name => Stages.Define(step!, name))), Is.EqualTo(sizes));
    }

    [Test]
    public void A_slice_of_a_matrix_keeps_the_whole_matrix_step()
    {
        Tensor x = T.Input([5, 7], "x");
        KernelStep step = Stages.OnlyStep(TransposeSteps.TryPlan(CopyOf(T.Transpose(T.Slice(x, (1, 4), (2, 6)))), Stages.Options)!);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((Stages.Define(step, "ROWS"), Stages.Define(step, "COLUMNS"), Stages.Define(step, "STEP")), Is.EqualTo(("4", "3", "7")));
            Assert.That(Stages.Define(step, "VECTOR"), Is.EqualTo("uint"));
            Assert.That(step.Arguments[0], Is.TypeOf<BufferArgument>().With.Property(nameof(BufferArgument.Offset)).EqualTo(9));
        }
    }

    [TestCase(784, 10, 96, 10, "uint")]
    [TestCase(10, 784, 10, 96, "uint")]
    [TestCase(784, 625, 32, 32, "uint")]
    [TestCase(784, 128, 64, 64, "uint4")]
    [TestCase(784, 60, 32, 32, "uint")]
    [TestCase(5, 7, 5, 7, "uint")]
    public void A_narrow_matrix_has_a_tile_of_its_own_width_and_a_wide_one_vectors(int rows, int columns, int tileRows, int tileColumns, string vector)
    {
        KernelStep step = Stages.OnlyStep(TransposeSteps.TryPlan(CopyOf(T.Transpose(T.Input([columns, rows], "x"))), Stages.Options)!);
        Assert.That((Stages.Define(step, "TILE_ROWS"), Stages.Define(step, "TILE_COLUMNS"), Stages.Define(step, "VECTOR")), Is.EqualTo(($"{tileRows}", $"{tileColumns}", vector)));
    }

    /// <summary>A grid counts further along x than along y and z: a batch of 100,000 small matrices must fit.</summary>
    [Test]
    public void A_batch_may_be_longer_than_a_grid_is_high()
    {
        KernelStep step = Stages.OnlyStep(TransposeSteps.TryPlan(CopyOf(T.Transpose(T.Input([100_000, 5, 7], "x"), [0, 2, 1])), Stages.Options)!);
        Assert.That(step.Shape.Grid, Is.EqualTo(new Dim3(100_000)));
    }

    [Test]
    public void What_keeps_rows_whole_or_computes_is_left_to_code_generation()
    {
        Tensor x = T.Input([4, 5, 7], "x"), flags = T.Greater(T.Transpose(T.Input([5, 7], "m")), 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(TransposeSteps.TryPlan(CopyOf(T.Transpose(x, [1, 0, 2])), Stages.Options), Is.Null, "rows stay rows");
            Assert.That(TransposeSteps.TryPlan(CopyOf(T.Transpose(x, [2, 1, 0])), Stages.Options), Is.Null, "three axes in reverse");
            Assert.That(TransposeSteps.TryPlan(Stages.Only<FusedStage>(flags), Stages.Options), Is.Null, "a comparison");
        }
    }

    /// <summary>The stage that makes an output of a view.</summary>
    private static FusedStage CopyOf(Tensor view) => Stages.Only<FusedStage>(view);
}
