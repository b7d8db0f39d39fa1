// A warm step allocates nothing on the managed heap, captured or not.
using MiniDL.Bench.Gpus;
using MiniDL.Gpu;
using MiniDL.Tests.Lowering;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class WarmStepTests
{
    private sealed class NoCompiler : IKernelCompiler
    {
        public IReadOnlyList<CompiledKernel> Compile(IReadOnlyList<KernelSource> sources, string architecture) => [.. sources.Select(source => new CompiledKernel(source, architecture, [], [], null))];
    }

    [Test]
    public void A_replayed_step_and_reading_its_cost_allocate_nothing([Values("logistic", "modern", "conv")] string model)
    {
        TrainingStep step = Models.SmallByName(model);
        using var gpu = new NullGpu();
        using CudaDevice device = Open(gpu);
        using Function train = step.Compile(device);
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        Assert.That(Allocated(() => train.Run(x, y).Scalar()), Is.Zero);
    }

    [Test]
    public void Nor_does_a_step_that_is_launched_stage_by_stage()
    {
        TrainingStep step = Models.SmallByName("conv");
        using var gpu = new NullGpu();
        using CudaDevice device = Open(gpu);
        using Function train = step.Compile(device);
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        train.Run(x, y);
        train.StartProfile();
        Assert.That(Allocated(() => train.Run(x, y)), Is.Zero);
    }

    private static CudaDevice Open(IGpu gpu) => new(gpu, new NoCompiler())
    {
        Planner = (stage, _) => [new KernelStep(stage, new KernelSource(stage.Name, stage.Name), new(new(1), new(32)), [.. stage.Reads.Concat(stage.Writes).Select(KernelArgument.Of)])],
    };

    private static long Allocated(Action action)
    {
        for (int i = 0; i < 10; i++) action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
