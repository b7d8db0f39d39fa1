// Random programs on the simulated GPU: outputs, views, updates of variables from each other, every stage compared with the reference on what it read.
using MiniDL.Simulator;
using MiniDL.Tests.Lowering;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class RandomProgramTests
{
    [Test]
    public void Every_stage_agrees_with_the_reference([Range(0, 11)] int seed) => Check(seed);

    [Test]
    [Category("Long")]
    public void Every_stage_of_many_more_agrees_with_the_reference()
    {
        for (int seed = 12; seed < 300; seed++) Check(seed);
    }

    private static void Check(int seed)
    {
        // Two sides: less than a block, and more than one. Both who multiply.
        int side = seed % 3 == 0 ? 40 : 6;
        var options = new CudaOptions { Gemm = seed % 2 == 0 ? GemmChoice.CuBlas : GemmChoice.Handwritten };
        using SimulatedGpu gpu = CheckedGpu.Make(seed);
        using var device = new CudaDevice(gpu, Nvrtc.Required(), options);
        Tensor x = T.Input([side, side], "x");
        (Tensor[] outputs, Update[] updates) = Programs.Random(seed, nodes: 5 + seed % 40, x);
        using Function f = T.Function([x], outputs, updates, device: device, mode: Mode.Debug);
        f.Compile([side, side]);
        NDArray input = new Init((ulong)seed).Uniform([side, side], -1, 1);
        f.Compile(input.Shape);
        for (int run = 0; run < 3; run++) Assert.That(() => f.Run(input), Throws.Nothing, $"seed {seed}, run {run}\n{f.Program}");
        gpu.AssertClean();
    }
}
