// What is computed together: the stages of the progression's training steps.
using static MiniDL.T;

namespace MiniDL.Tests.Lowering;

[TestFixture]
internal sealed class FusionTests
{
    private static Device? s_device;

    private static Program LowerStep(string model) => Models.ByName(model).Lower(s_device!);

    [OneTimeSetUp]
    public void StartDevice() => s_device = Device.Cpu(1);

    [OneTimeTearDown]
    public void StopDevice() => s_device!.Dispose();

    [TestCase("logistic", 6)]
    [TestCase("old", 10)]
    [TestCase("modern", 18)]
    [TestCase("conv", 34)]
    public void ATrainingStepIsAFewStages(string model, int atMost)
    {
        Program program = LowerStep(model);
        TestContext.Out.WriteLine($"{model}: {program.Stages.Count} stages: {string.Join(", ", program.Stages.Select(stage => stage.Name))}");
        Assert.That(program.Stages, Has.Count.LessThanOrEqualTo(atMost));
    }

    [TestCase("logistic", 1)]
    [TestCase("old", 2)]
    public void GradientDescentIsAProductThatAccumulatesIntoEachParameter(string model, int parameters)
    {
        GemmStage[] updates = [.. LowerStep(model).Stages.OfType<GemmStage>().Where(gemm => gemm.C.Buffer.Kind == BufferKind.Shared)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(updates, Has.Length.EqualTo(parameters));
            Assert.That(updates.Select(gemm => gemm.Beta), Is.All.EqualTo(1));
            Assert.That(updates.Select(gemm => gemm.Alpha), Is.All.EqualTo(-0.05f));
        }
    }

    /// <summary>The distance from the mean has two readers, the variance and the result; each computes it anew, since a mean is no load to speak of.</summary>
    [TestCase(128, 6, 28, 28)]
    [TestCase(512, 700)]
    public void BatchNormalisationStoresNothingOfTheSizeOfItsInputButItsResult(params int[] dims)
    {
        var model = new Model(Layer.BatchNorm(), Shape.Create([.. dims.Skip(1)]), new Init(seed: 1));
        Tensor x = Input(Shape.Create(dims), "x");
        (Tensor y, IReadOnlyList<Update> running) = model.Train(x);
        using Function forward = Function([x], [y], [.. running], device: s_device!);
        forward.Compile(x.Shape);
        Buffer[] large = [.. forward.Program!.Stages.SelectMany(stage => stage.Writes).Select(view => view.Buffer).Distinct().Where(buffer => buffer.Count == x.Shape.Count)];
        Assert.That(large, Is.EqualTo(forward.Program.Outputs));
    }

    [TestCase("modern", 3)]
    [TestCase("conv", 5)]
    public void RmsPropOfAllParametersIsOneStageInPlace(string model, int parameters)
    {
        Program program = LowerStep(model);
        Stage[] writers = [.. program.Stages.Where(stage => stage.Writes.Any(view => view.Buffer.Kind == BufferKind.Shared))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(writers, Has.Length.EqualTo(1));
            Assert.That(writers[0].Writes.Count(view => view.Buffer.Kind == BufferKind.Shared), Is.EqualTo(2 * parameters));
            Assert.That(((FusedStage)writers[0]).Bodies, Has.Count.EqualTo(parameters));
        }
    }

    [Test]
    public void SoftmaxCrossEntropyAndGradientAreOneStage([Values("logistic", "old", "modern", "conv")] string model)
    {
        FusedStage[] withMaximum = [.. LowerStep(model).Stages.OfType<FusedStage>().Where(stage => stage.Bodies.Any(body => body.Instructions.OfType<RowReduce>().Any(reduce => reduce.Kind == ReduceKind.Max)))];
        Assert.That(withMaximum, Has.Length.EqualTo(1));
        FusedBody body = withMaximum[0].Bodies.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That((body.Rows, body.Columns), Is.EqualTo((128, 10)));
            Assert.That(body.Stores, Has.Count.EqualTo(2), "the cross-entropy of each row, and the gradient of the scores");
        }
    }

    [Test]
    public void NothingIsStoredThatNobodyReads()
    {
        IEnumerable<Program> random = Enumerable.Range(0, 100).Select(seed =>
        {
            Tensor x = T.Input([6, 6], "x");
            (Tensor[] outputs, Update[] updates) = Programs.Random(seed, nodes: 30, x);
            using Function function = T.Function([x], outputs, updates, device: s_device);
            function.Compile([6, 6]);
            return function.Program!;
        });
        foreach (Program program in random.Concat(new[] { "logistic", "old", "modern", "conv" }.Select(LowerStep)))
        {
            var read = program.Stages.SelectMany(stage => stage.Reads).Select(view => view.Buffer).ToHashSet();
            Assert.That(program.Stages.SelectMany(stage => stage.Writes).Select(view => view.Buffer).Where(buffer => buffer.Kind == BufferKind.Temporary && !read.Contains(buffer)), Is.Empty, $"{program}");
        }
    }

    [Test]
    public void ADropoutMaskIsComputedAgainNotStored()
    {
        Program program = LowerStep("modern");
        Assert.That(program.Buffers.Select(buffer => buffer.Node.Op), Has.None.InstanceOf<RandomOp>());
    }
}
