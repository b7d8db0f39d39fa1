// Whole training steps on the simulated GPU with all its checks on: no access out of bounds, no race, nothing read that was not written, no lane missing.
using MiniDL.Simulator;
using MiniDL.Tests.Lowering;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class CheckedStepTests
{
    private static readonly string[] s_models = ["logistic", "old", "modern", "conv"];

    [Test]
    public void No_check_finds_anything([ValueSource(nameof(s_models))] string model, [Values] GemmChoice gemm)
    {
        var gpu = new SimulatedGpu(new SimulatorOptions { Checks = CheckKinds.All });
        using var device = new CudaDevice(gpu, Nvrtc.Required(), new CudaOptions { Gemm = gemm }, ownsGpu: true);
        TrainingStep step = Models.SmallByName(model);
        using Function train = step.Compile(device);
        for (int i = 0; i < 2; i++)
        {
            (NDArray x, NDArray y) = step.Batch(seed: i);
            Assert.That(float.IsFinite(train.Run(x, y).Scalar()), Is.True);
        }
        Assert.That(gpu.Findings.Select(finding => finding.ToString()), Is.Empty);
    }
}
