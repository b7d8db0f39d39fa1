// How long whole training steps are estimated to take on an A100, all kernels MiniDL's own, from the counters of the simulated GPU.
//
// The one thing to understand: an estimate of this kind is for comparing, so the test holds each program against what it was before. Whoever makes a step faster lowers its line here; the
// table that the test prints says which launches are worth looking at, and what limits each.
using System.Globalization;
using MiniDL.Gpu;
using MiniDL.Simulator;
using MiniDL.Simulator.Timing;
using MiniDL.Tests.Lowering;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class EstimatedStepTests
{
    [TestCase("modern", 16, 123)]
    [TestCase("conv", 28, 568, Category = "Long")]
    public void A_step_is_estimated_no_slower_than_it_was(string model, int launches, double microseconds)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.WithCaches });
        using var device = new CudaDevice(gpu, Nvrtc.Required(), new CudaOptions { Gemm = GemmChoice.Handwritten });
        TrainingStep step = Models.ByName(model);
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        using Function train = step.Compile(device);
        train.Run(x, y).Scalar();
        double sum = 0;
        foreach (LaunchReport report in gpu.Reports)
        {
            TimeEstimate estimate = report.Estimate(KnownGpus.A100);
            sum += estimate.Microseconds;
            TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{estimate.Microseconds,8:F1} us  {estimate.Waves,6:F2} waves  {estimate.Limiter,-20}  {report.Kernel}"));
        }
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sum,8:F1} us in {gpu.Reports.Count} launches"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(gpu.Reports, Has.Count.LessThanOrEqualTo(launches));
            Assert.That(!(sum <= microseconds), Is.False, $"{model}: {sum} us");
        }
    }
}
