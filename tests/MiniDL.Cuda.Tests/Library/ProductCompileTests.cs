// Products and convolutions of the progression, and every tile, compile for every architecture without a spilled register.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class ProductCompileTests
{
    [TestCase("sm_70")]
    [TestCase("sm_80")]
    [TestCase("sm_86")]
    [TestCase("sm_89")]
    [TestCase("sm_90")]
    public void No_step_of_the_progression_spills(string architecture) => Check(Progression(), architecture);

    [TestCase("sm_70"), Category("Long")]
    [TestCase("sm_80")]
    [TestCase("sm_86")]
    [TestCase("sm_89")]
    [TestCase("sm_90")]
    public void No_tile_spills(string architecture) => Check(Tiles(), architecture);

    private static void Check(IEnumerable<Step> all, string architecture)
    {
        NvrtcCompiler compiler = Nvrtc.Required();
        if (!compiler.Architectures.Contains(architecture)) Assert.Ignore($"NVRTC {compiler.Version} does not know {architecture}");
        KernelStep[] steps = [.. all.OfType<KernelStep>().DistinctBy(step => step.Source)];
        IReadOnlyList<CompiledKernel> kernels = compiler.Compile([.. steps.Select(step => step.Source)], architecture);
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < steps.Length; i++)
            {
                KernelResources resources = kernels[i].Resources!.Value;
                string name = $"{steps[i].Source.Name}, {string.Join("; ", steps[i].Stage.Details)}, {steps[i].Shape.Grid} blocks of {steps[i].Shape.Block}";
                TestContext.Out.WriteLine($"{architecture}: {resources.Registers} registers, {resources.SharedBytes} bytes shared: {name}");
                Assert.That((resources.SpillBytes, resources.LocalBytes), Is.EqualTo((0, 0)), name);
            }
        }
    }

    private static IEnumerable<Step> Progression() => Layers().SelectMany(stage => ConvSteps.Plan(stage, null, Stages.Options))
        .Concat(Dense().SelectMany(stage => GemmSteps.Plan(stage, null, Stages.Options with { Gemm = GemmChoice.Handwritten })))
        .Concat(GemmSteps.Plan(Products.Stage(new IndexMap([1, 64, 64], [0, 128, 2], 0), IndexMap.Contiguous([1, 64, 64])), null, Stages.Options));

    /// <summary>The convnet's three layers and one with strides, in all directions.</summary>
    private static IEnumerable<ConvStage> Layers()
    {
        foreach (ConvDirection direction in Enum.GetValues<ConvDirection>())
        {
            yield return Convolutions.Stage(direction, [128, 1, 28, 28], [32, 1, 3, 3], new(1, 1, 2, 2, 2, 2));
            yield return Convolutions.Stage(direction, [128, 32, 15, 15], [64, 32, 3, 3]);
            yield return Convolutions.Stage(direction, [128, 64, 7, 7], [128, 64, 3, 3]);
            yield return Convolutions.Stage(direction, [64, 3, 57, 55], [64, 3, 7, 5], new(2, 2, 3, 3, 1, 2));
        }
    }

    /// <summary>The products of the four training steps, by M, N, K, and which operand is read transposed.</summary>
    private static IEnumerable<GemmStage> Dense()
    {
        (int M, int N, int K, bool A, bool B)[] products =
        [
            (128, 10, 784, false, false), (784, 10, 128, true, false), (128, 625, 784, false, false), (128, 10, 625, false, false), (128, 625, 10, false, true),
            (784, 625, 128, true, false), (625, 10, 128, true, false), (128, 625, 625, false, false), (128, 625, 625, false, true), (625, 625, 128, true, false),
            (128, 625, 1152, false, false), (128, 1152, 625, false, true), (1152, 625, 128, true, false), (4096, 4096, 4096, false, false),
        ];
        return products.Select(p => Products.Stage(Matrix(p.M, p.K, p.A), Matrix(p.K, p.N, p.B)));
    }

    /// <summary>Every tile for operands in every layout, whose rows are and are not float4s, and sizes that are no multiple of anything.</summary>
    private static IEnumerable<Step> Tiles() =>
        from tile in BlockTile.All
        from size in new[] { 625, 1000 }
        from transposeA in new[] { false, true }
        from transposeB in new[] { false, true }
        let stage = Products.Stage(Matrix(size, size, transposeA), Matrix(size, size, transposeB), alpha: -0.05f, beta: 1)
        from step in GemmSteps.Kernels(stage, SgemmProblem.Of(stage), tile, tile.SplitInto(1, size), KernelArgument.Of(stage.A), KernelArgument.Of(stage.B), KernelArgument.Of(stage.C), null)
        select step;

    private static IndexMap Matrix(int rows, int columns, bool transposed) =>
        transposed ? new IndexMap([1, rows, columns], [0, 1, rows], 0) : IndexMap.Contiguous([1, rows, columns]);
}
