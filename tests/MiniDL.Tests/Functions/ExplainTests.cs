// Explain and Profile: what is printed, against a golden file, and that every stage has its row.
using System.Text.RegularExpressions;
using MiniDL.Tests.Golden;
using MiniDL.Tests.Lowering;
using static MiniDL.T;

namespace MiniDL.Tests.Functions;

[TestFixture]
internal sealed partial class ExplainTests
{
    // Times differ from run to run, line numbers from edit to edit.
    [GeneratedRegex(@"\d+\.\d+ ms")] private static partial Regex Times();

    [GeneratedRegex(@"(\w+\.cs):\d+")] private static partial Regex Lines();

    [Test]
    public void TheLogisticTrainingStepIsExplainedAsInTheGoldenFile()
    {
        TrainingStep step = Models.Logistic();
        using Device device = Device.Cpu(1);
        using Function train = step.Compile(device);
        train.Compile(step.XShape, step.YShape);
        string text = Lines().Replace(Times().Replace(train.Explain(), "T ms"), "$1");
        GoldenFile.Check("explain_logistic.txt", text);
    }

    [Test]
    public void EverythingPromisedIsThere()
    {
        TrainingStep step = Models.SmallByName("conv");
        using Device device = Device.Cpu(1);
        using Function train = step.Compile(device);
        train.Compile(step.XShape, step.YShape);
        string text = train.Explain();
        string[] sections = ["== as written", "== merge: ", "== stabilise: ", "== shapes: ", "== fold: ", "== simplify: ", "== blas: ", "== expand: ", "== program", "stage 0: ", "memory: "];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sections.Select(section => text.IndexOf(section, StringComparison.Ordinal)), Is.Ordered.And.All.GreaterThanOrEqualTo(0), string.Join(", ", sections));
            Assert.That(text, Does.Match(@"\n +1 x exp x / sum exp x -> softmax x\n"), "a rule that fired, and how often");
            Assert.That(text, Does.Match(@"stage \d+: conv2d   \d+\.\d\d MFLOP, \d+\.\d{3} MB   # Models\.cs:\d+\n    X \(3, 1, 12, 12\), F \(4, 1, 3, 3\), Y"));
            Assert.That(text, Does.Match(@"\n +\d+ \+ +\d+  \w+: float32"), "a row of the memory plan");
        }
    }

    [Test]
    public void ARuleThatNearlyFiredSaysWhyNot()
    {
        Tensor x = Matrix("x"), e = Exp(x);
        using Device device = Device.Cpu(1);
        using Function function = T.Function([x], e / Sum(e, axes: [0, 1], keepDims: true), device: device);
        function.Compile([4, 3]);
        Assert.That(function.Explain(), Does.Match(@"\n  nearly: softmax: the sum runs over more than one axis \(at ExplainTests\.cs:\d+\)"));
    }

    [Test]
    public void ExplainAndProfileNeedShapesFirst()
    {
        Tensor x = Matrix("x");
        using Device device = Device.Cpu(1);
        using Function function = T.Function([x], Exp(x), device: device);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => function.Explain(), Throws.InvalidOperationException.With.Message.StartsWith("Explain needs shapes"));
            Assert.That(() => function.Profile(), Throws.InvalidOperationException.With.Message.StartsWith("Profile needs shapes"));
        }
    }

    [Test]
    public void ProfileHasARowForEachStage([Values("logistic", "modern", "conv")] string model)
    {
        TrainingStep step = Models.SmallByName(model);
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        using Device device = Device.Cpu(2);
        using Function train = step.Compile(device);
        train.Run(x, y);
        train.StartProfile();
        for (int i = 0; i < 5; i++) train.Run(x, y);
        IReadOnlyList<StageTime> times = train.Profile();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(times.Select(time => time.Name), Is.EqualTo(train.Program!.Stages.Select(stage => stage.Name)));
            Assert.That(times.Select(time => time.Runs), Is.All.EqualTo(5));
            Assert.That(times.Select(time => time.Milliseconds), Is.All.GreaterThan(0));
            Assert.That(times.Select(time => time.Bytes), Is.All.GreaterThan(0));
            Assert.That(times.Where(time => time.Name == "gemm").Select(time => time.Flops), Is.All.GreaterThan(0));
            Assert.That(times.Select(time => time.Source.ToString()), Is.All.StartsWith("Models.cs:"), "each stage knows the line that asked for it");
        }
    }
}
