// Whole training steps with the kernels they really have, compiled by NVRTC, on a GPU that records: each launch is held against the kernel's own parameter list, each
// address against what was allocated.
using MiniDL.Tests.Lowering;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class PlannedStepTests
{
    private static readonly string[] s_models = ["logistic", "old", "modern", "conv"];

    [Test]
    public void Every_launch_of_a_step_fits_its_kernel_and_its_memory([ValueSource(nameof(s_models))] string model, [Values] GemmChoice gemm)
    {
        NvrtcCompiler compiler = Nvrtc.Required();
        var gpu = new RecordingGpu();
        using (var device = new CudaDevice(gpu, compiler, new CudaOptions { Gemm = gemm }))
        {
            TrainingStep step = Models.SmallByName(model);
            using Function train = step.Compile(device), predict = T.Function([step.X], T.ArgMax(step.Predicted, axis: 1), device: device, seed: 1);
            (NDArray x, NDArray y) = step.Batch(seed: 1);
            for (int i = 0; i < 3; i++)
            {
                train.Run(x, y).Scalar();
                predict.Run(x).ToArray();
            }
            int launches = gpu.Log.Count(line => line.StartsWith("    ", StringComparison.Ordinal));
            Assert.That(launches, Is.EqualTo(train.Launches + predict.Launches), "captured");
        }
        Assert.That(gpu.Leaks, Is.Empty);
    }

    // Kernels and cuBLAS calls of a step: a fusion that is lost shows here.
    [TestCase("logistic", 6)]
    [TestCase("old", 10)]
    [TestCase("modern", 18)]
    [TestCase("conv", 34)]
    public void A_step_has_few_launches(string model, int most)
    {
        using Device cpu = Device.Cpu(threads: 1);
        ProgramPlan plan = ProgramPlan.For(Models.ByName(model).Lower(cpu), new PlanOptions(MiniDL.Gpu.KnownGpus.A100));
        Assert.That(plan.Launches, Is.LessThanOrEqualTo(most), string.Join('\n', plan.Steps.Select(PlanListing.Line)));
    }
}
