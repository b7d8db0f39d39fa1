// How rows, reductions and large bodies are cut up; all of it from shapes alone.
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class LayoutTests
{
    [TestCase(128, 2, 2, 1, 64)]
    [TestCase(128, 4, 1, 4, 128)]
    [TestCase(128, 10, 16, 1, 8)]
    [TestCase(3, 10, 16, 1, 4)]
    [TestCase(128, 32, 8, 4, 16)]
    [TestCase(128, 33, 32, 2, 4)]
    [TestCase(128, 256, 32, 8, 4)]
    [TestCase(128, 257, 64, 5, 1)]
    [TestCase(128, 1000, 128, 8, 1)]
    [TestCase(128, 4096, 256, 16, 1)]
    [TestCase(2000, 257, 32, 9, 4)]
    [TestCase(2000, 1000, 32, 32, 4)]
    [TestCase(2000, 4096, 128, 32, 1)]
    public void A_lane_has_up_to_eight_elements_of_a_row_and_more_where_rows_are_many(int rows, int columns, int lanes, int each, int rowsPerBlock)
    {
        RowPlan plan = RowsOf(Softmax(Input([rows, columns], "x")));
        Assert.That((plan.Lanes, plan.Each, plan.RowsPerBlock), Is.EqualTo((lanes, each, rowsPerBlock)));
    }

    [Test]
    public void Softmax_makes_three_passes_over_registers()
    {
        RowPlan plan = RowsOf(Softmax(Input([128, 100], "x")));
        Assert.That(plan.Passes, Is.EqualTo(3), "maximum, sum, quotient");
        Assert.That(Enumerable.Range(0, 8).Count(plan.IsKept), Is.EqualTo(2), "the scores and their exponentials");
    }

    [Test]
    public void What_does_not_fit_into_registers_is_computed_again()
    {
        Tensor x = Input([4, 4096], "x");
        Tensor[] curves = [.. Enumerable.Range(1, 9).Select(i => Tanh(Mul(x, Constant(i * 0.1f))))];
        Tensor sum = curves.Aggregate((a, b) => Add(a, b)), largest = Max(sum, 1, keepDims: true);
        RowPlan plan = RowsOf(curves.Select(curve => Div(curve, largest)).Aggregate((a, b) => Add(a, Square(b))));
        Assert.That(Enumerable.Range(0, 60).Any(plan.IsKept), Is.False);
    }

    [TestCase(new[] { 1000, 1000 }, new[] { 0, 1 }, false, 245, TestName = "all of a million: parts")]
    [TestCase(new[] { 128, 625 }, new[] { 0 }, true, 1, TestName = "a bias gradient: one kernel")]
    [TestCase(new[] { 60_000, 10 }, new[] { 0 }, true, 150, TestName = "few long columns: parts")]
    [TestCase(new[] { 64, 32, 30, 30 }, new[] { 0, 2, 3 }, false, 8, TestName = "channels: parts")]
    [TestCase(new[] { 2000, 3, 5000 }, new[] { 2 }, false, 1, TestName = "many results: no parts")]
    public void Few_results_of_many_terms_are_cut_into_parts(int[] dims, int[] axes, bool columns, int parts)
    {
        var plan = new ReducePlan(Shape.Create(dims), Ints.Create(axes));
        Assert.That((plan.IsColumns, plan.Parts), Is.EqualTo((columns, parts)));
        Assert.That((long)plan.PartTerms * plan.Parts, Is.GreaterThanOrEqualTo(plan.Terms), "every term is in a part");
        Assert.That((long)plan.PartTerms * (plan.Parts - 1), Is.LessThan(plan.Terms), "no part is empty");
    }

    [Test]
    public void A_plan_does_not_depend_on_the_device()
    {
        var small = new PlanOptions(MiniDL.Gpu.KnownGpus.A100 with { Multiprocessors = 2, SharedBytesPerBlock = 16 << 10 });
        foreach (Stage stage in Lowered.StagesOf(Sum(Square(Input([1000, 1000], "x"))), Softmax(Input([64, 300], "y")), Sum(Input([5000, 7], "z"), 0)))
            Assert.That(Sources(StagePlanner.Plan(stage, small)), Is.EqualTo(Sources(StagePlanner.Plan(stage, Stages.Options))));

        static string[] Sources(IReadOnlyList<Step> steps) => [.. steps.Cast<KernelStep>().Select(step => step.Source.Text)];
    }

    [Test]
    public void A_sum_of_six_hundred_arrays_is_cut_and_passes_one_value_on()
    {
        Tensor[] xs = [.. Enumerable.Range(0, 600).Select(i => Input([50], $"x{i}"))];
        FusedBody body = ((FusedStage)Lowered.StagesOf(xs.Aggregate((a, b) => Add(a, b))).Single()).Bodies[0];
        (IReadOnlyList<FusedBody> parts, IReadOnlyDictionary<Buffer, long> scratch) = CutBody.Cut(body);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(parts, Has.Count.EqualTo(7));
            Assert.That(scratch, Has.Count.EqualTo(6), "a value between each two");
            Assert.That(parts.Select(part => part.Instructions.OfType<Load>().Select(load => load.View.Buffer).Concat(part.Stores.Select(store => store.View.Buffer)).Distinct().Count()),
                Is.All.LessThanOrEqualTo(CutBody.MostBuffers));
            Assert.That(parts.SelectMany(part => part.Instructions.OfType<Load>()).Select(load => load.View.Buffer).Except(scratch.Keys).Distinct().Count(), Is.EqualTo(600));
            Assert.That(parts[^1].Stores, Is.EquivalentTo(body.Stores.Select(store => store with { Value = parts[^1].Stores[0].Value })), "all is stored by the last part");
        }
    }

    [Test]
    public void A_body_that_stores_more_than_a_kernel_can_is_an_error_that_says_what_to_do()
    {
        var chain = new List<Tensor> { Exp(Input([50], "x")) };
        while (chain.Count < 120) chain.Add(Tanh(chain[^1]));
        var stage = (FusedStage)Lowered.StagesOf([.. chain])[^1];
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => FusedSteps.Plan(stage, Stages.Options))!;
        Assert.That(error.Message, Does.Contain("96").And.Contain("compute it in parts"));
    }

    [Test]
    public void Parameters_of_many_updates_are_shared_out_to_launches_of_at_most_4096_bytes()
    {
        FusedBody[] bodies = [.. Enumerable.Range(0, 400).Select(i => ((FusedStage)Lowered.StagesOf(Exp(Input([8], $"x{i}"))).Single()).Bodies[0])];
        KernelStep[] steps = [.. FusedSteps.Plan(new FusedStage("update", bodies), Stages.Options).Cast<KernelStep>()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(steps, Has.Length.EqualTo(2));
            Assert.That(steps.Select(step => step.Arguments.Count * 8), Is.All.LessThanOrEqualTo(MiniDL.Gpu.KernelArguments.MostBytes));
            Assert.That(steps.Sum(step => step.Arguments.Count), Is.EqualTo(800));
            Assert.That(steps[0].Source.Text.Split("__device__ __forceinline__ float update_").Length - 1, Is.EqualTo(1), "one function for all");
        }
    }

    [Test]
    public void Restrict_is_promised_only_where_no_bytes_are_shared()
    {
        Tensor x = Input([64], "x"), y = Exp(x);
        var stage = (FusedStage)Lowered.StagesOf(y).Single();
        Buffer read = stage.Reads.Single().Buffer, written = stage.Writes.Single().Buffer;
        Assert.That(new Parameters(stage.Bodies).Declarations, Does.Contain("const float* __restrict__ x").And.Contain("float* __restrict__ exp"));
        (read.Offset, written.Offset) = (128, 128);
        Assert.That(new Parameters(stage.Bodies).Declarations, Does.Not.Contain("__restrict__"), "the result takes the operand's place");
    }

    private static RowPlan RowsOf(Tensor y) => new(((FusedStage)Lowered.StagesOf(y)[^1]).Bodies[0]);
}
