// The generated kernels of the four models of the progression: they compile for every architecture, and nothing spills.
using MiniDL.Tests.Lowering;

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
