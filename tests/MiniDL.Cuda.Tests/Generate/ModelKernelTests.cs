// The generated kernels of the four models of the progression, and those of rows as long and as many as these models have not: they compile for every architecture, and nothing spills.
using MiniDL.Tests.Lowering;
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class ModelKernelTests
{
    [TestCase("sm_70", Category = "Long")]
    [TestCase("sm_80")]
    [TestCase("sm_86", Category = "Long")]
    [TestCase("sm_89", Category = "Long")]
    [TestCase("sm_90", Category = "Long")]
    public void Every_kernel_compiles_without_spills(string architecture)
    {
        NvrtcCompiler compiler = Nvrtc.Required();
        if (!compiler.Architectures.Contains(architecture)) Assert.Ignore($"NVRTC {compiler.Version} does not know {architecture}");
        using Device cpu = Device.Cpu(threads: 1);
        KernelSource[] sources = [.. new[] { "logistic", "old", "modern", "conv" }
            .SelectMany(model => EndFusion.Fuse(Models.ByName(model).Lower(cpu), Stages.Options).Stages)
            .Where(stage => stage is FusedStage or ReduceStage or StageWithEnds)
            .SelectMany(stage => StagePlanner.Plan(stage, Stages.Options)).Cast<KernelStep>().Select(step => step.Source)];
        AssertNoSpills(compiler, sources, architecture);
    }

    /// <summary>Where rows are many, a lane keeps up to 64 elements in registers.</summary>
    [TestCase("sm_70", Category = "Long")]
    [TestCase("sm_80")]
    [TestCase("sm_86", Category = "Long")]
    [TestCase("sm_89", Category = "Long")]
    [TestCase("sm_90", Category = "Long")]
    public void Kernels_of_many_long_rows_do_not_spill(string architecture)
    {
        NvrtcCompiler compiler = Nvrtc.Required();
        if (!compiler.Architectures.Contains(architecture)) Assert.Ignore($"NVRTC {compiler.Version} does not know {architecture}");
        (int, int)[] shapes = [(8000, 127), (4000, 1000), (4000, 1023), (1000, 4096)];
        AssertNoSpills(compiler, [.. shapes.SelectMany(shape => SourcesOfRows(shape.Item1, shape.Item2))], architecture);
    }

    /// <summary>Softmax; cross-entropy and its gradient; layer norm and its gradient.</summary>
    private static IEnumerable<KernelSource> SourcesOfRows(int rows, int columns)
    {
        Tensor x = Input([rows, columns], "x"), t = Input([rows, columns], "t"), gamma = Input([columns], "gamma");
        Tensor entropy = -Sum(t * LogSoftmax(x), -1), centred = x - Mean(x, -1, keepDims: true), normal = centred / Sqrt(Mean(Square(centred), -1, keepDims: true) + 1e-5f) * gamma;
        Tensor[][] programs = [[Softmax(x)], [entropy, Grad(Sum(entropy), x)], [normal], [Grad(Sum(normal * t), x)]];
        return programs.SelectMany(outputs => Lowered.StagesOf(outputs)).Where(stage => stage is FusedStage).SelectMany(stage => StagePlanner.Plan(stage, Stages.Options))
            .Cast<KernelStep>().Select(step => step.Source);
    }

    private static void AssertNoSpills(NvrtcCompiler compiler, KernelSource[] sources, string architecture)
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (CompiledKernel kernel in compiler.Compile(sources, architecture))
                Assert.That((kernel.Resources!.Value.SpillBytes, kernel.Resources.Value.LocalBytes), Is.EqualTo((0, 0)), $"{kernel.Source.Name}\n{kernel.Source.Text}");
        }
    }

    [Test]
    public void No_kernels_text_holds_a_folder_so_that_the_cache_serves_every_checkout()
    {
        using Device cpu = Device.Cpu(threads: 1);
        string folder = Path.GetDirectoryName(MiniDL.Tests.Repository.Root)!;
        foreach (KernelStep step in ProgramPlan.For(Models.ByName("conv").Lower(cpu), Stages.Options).Steps.OfType<KernelStep>())
            Assert.That(step.Source.Text, Does.Not.Contain(folder).And.Not.Contain("/home/"));
    }
}
