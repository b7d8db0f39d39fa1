// The hand-written kernels of pooling, indices, transposes and softmax compile for every architecture, and nothing spills.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class LibraryCompileTests
{
    [TestCase("sm_70")]
    [TestCase("sm_80")]
    [TestCase("sm_86")]
    [TestCase("sm_89")]
    [TestCase("sm_90")]
    public void Every_kernel_compiles_without_spills(string architecture)
    {
        NvrtcCompiler compiler = Nvrtc.Required();
        if (!compiler.Architectures.Contains(architecture)) Assert.Ignore($"NVRTC {compiler.Version} does not know {architecture}");
        IReadOnlyList<CompiledKernel> kernels = compiler.Compile([.. Sources()], architecture);
        using (Assert.EnterMultipleScope())
        {
            foreach (CompiledKernel kernel in kernels)
            {
                KernelResources resources = kernel.Resources!.Value;
                TestContext.Out.WriteLine($"{architecture} {kernel.Source.Name}: {resources.Registers} registers, {resources.SharedBytes} bytes shared");
                Assert.That((resources.SpillBytes, resources.LocalBytes), Is.EqualTo((0, 0)), $"{kernel.Source.Name}\n{kernel.Source.Text}");
            }
        }
    }

    private static IEnumerable<KernelSource> Sources() =>
        PoolStages().SelectMany(stage => PoolSteps.Plan(stage, null, Stages.Options))
            .Concat(IndexStages().SelectMany(stage => IndexSteps.Plan(stage, Stages.Options)))
            .Concat(Transposes().SelectMany(stage => TransposeSteps.TryPlan(stage, Stages.Options)!))
            .Select(step => ((KernelStep)step).Source)
            .Concat(SoftmaxKernels.Names.SelectMany(name => new[] { (128, 10), (64, 511), (64, 1000), (64, 1023), (8, 5001) }.Select(shape => SoftmaxKernels.Of(name, shape.Item1, shape.Item2).Source)));

    /// <summary>The convolutional net's, in both directions; windows that overlap and are padded; planes in bands and in place; any window.</summary>
    private static IEnumerable<PoolStage> PoolStages()
    {
        var halves = new PoolGeometry(2, 2, 2, 2, 0, 0, true);
        foreach (Shape shape in new Shape[] { [128, 32, 30, 30], [128, 64, 13, 13], [128, 128, 5, 5] })
            foreach (PoolStage stage in BothDirections(shape, halves)) yield return stage;
        foreach (PoolStage stage in BothDirections([2, 3, 20, 20], new PoolGeometry(3, 5, 1, 2, 1, 2, true))) yield return stage;
        foreach (PoolStage stage in BothDirections([1, 3, 224, 224], new PoolGeometry(3, 3, 2, 2, 1, 1, false))) yield return stage;
        foreach (PoolStage stage in BothDirections([1, 1, 4, 20_000], new PoolGeometry(2, 2, 2, 2, 0, 0, false))) yield return stage;
        yield return Stages.Only<PoolStage>(Tensor.Apply(new MaxUnpool(8, 8), T.Input([2, 3, 4, 4], "index", DType.Int32), T.Input([2, 3, 4, 4], "g")));
    }

    private static IEnumerable<PoolStage> BothDirections(Shape shape, PoolGeometry windows)
    {
        Tensor x = T.Input(shape, "x"), y = Tensor.Apply(new MaxPool(windows), x), index = Tensor.Apply(new MaxPoolIndex(windows), x), g = T.Input(y.Shape, "g");
        var mean = new AvgPool(windows, CountPadding: false);
        return Stages.Of(y, MaxUnpool.Of(index, g, x), Tensor.Apply(new PoolGather(), index, T.Input(shape, "u")), Tensor.Apply(mean, x), AvgUnpool.Of(mean, g, x)).OfType<PoolStage>();
    }

    private static IEnumerable<IndexStage> IndexStages()
    {
        Tensor index = T.Input([128], "index", DType.Int32);
        foreach (int length in new[] { 10, 100, 1000, 5000 }) yield return Stages.Only<IndexStage>(T.ArgMax(T.Input([128, length], "x"), 1));
        yield return Stages.Only<IndexStage>(T.ArgMax(T.Input([128, 100], "x", DType.Int32), 1));
        yield return Stages.Only<IndexStage>(T.ArgMax(T.Input([8, 100, 33], "x"), 1));
        yield return Stages.Only<IndexStage>(T.GatherRows(T.Input([60_000, 784], "table"), index));
        yield return Stages.Only<IndexStage>(T.GatherRows(T.Input([60_000, 5], "table", DType.Bool), index));
        yield return Stages.Only<IndexStage>(Tensor.Apply(new ScatterAdd(1000), index, T.Input([128, 625], "rows")));
        yield return Stages.Only<IndexStage>(Tensor.Apply(new ScatterAdd(1000), index, T.Input([128, 3], "rows")));
    }

    private static IEnumerable<FusedStage> Transposes() =>
        new (int, int)[] { (784, 625), (784, 10), (10, 784), (784, 128) }.Select(shape => Stages.Only<FusedStage>(T.Transpose(T.Input([shape.Item1, shape.Item2], "x"))));
}
