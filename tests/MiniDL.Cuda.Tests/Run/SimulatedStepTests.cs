// Whole training steps on the simulated GPU: planned, compiled by NVRTC, captured, executed as PTX, and compared with the reference.
using MiniDL.Simulator;
using MiniDL.Tests.Lowering;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class SimulatedStepTests
{
    private static readonly string[] s_models = ["linear", "logistic", "old", "modern", "conv"];

    private static CudaDevice Open(GemmChoice gemm = GemmChoice.CuBlas, int seed = 0, int threads = 2) =>
        new(new SimulatedGpu(new SimulatorOptions { Seed = seed, Threads = threads }), Nvrtc.Required(), new CudaOptions { Gemm = gemm }, ownsGpu: true);

    [Test]
    public void Steps_are_the_references_and_no_check_finds_anything([ValueSource(nameof(s_models))] string model, [Values] GemmChoice gemm)
    {
        using SimulatedGpu gpu = CheckedGpu.Make();
        using Device reference = Device.Reference();
        float[][] results;
        using (var device = new CudaDevice(gpu, Nvrtc.Required(), new CudaOptions { Gemm = gemm })) results = Trained(model, device);
        gpu.AssertClean();
        Assert.That(gpu.FindLeaks(), Is.Empty);
        foreach ((float[] expected, float[] actual) in Trained(model, reference).Zip(results))
        {
            double largest = expected.Max(value => Math.Abs((double)value));
            double difference = expected.Zip(actual, (e, a) => Math.Abs((double)e - a)).Aggregate(0.0, Math.Max);   // NaN stays NaN; Max() would pass over it
            Assert.That(!(difference <= 2e-6 * largest), Is.False, $"{difference} of {largest}");
        }
    }

    [Test]
    public void Every_stage_agrees_with_the_reference_on_what_it_read([ValueSource(nameof(s_models))] string model, [Values] GemmChoice gemm)
    {
        using CudaDevice device = Open(gemm);
        TrainingStep step = Models.SmallByName(model);
        using Function train = step.Compile(device, Mode.Debug);
        for (int i = 0; i < 3; i++)
        {
            (NDArray x, NDArray y) = step.Batch(seed: i);
            Assert.That(() => train.Run(x, y).Scalar(), Throws.Nothing, $"step {i}");
        }
    }

    [Test]
    public void The_order_of_blocks_and_the_number_of_threads_change_no_bit([ValueSource(nameof(s_models))] string model)
    {
        using CudaDevice one = Open(GemmChoice.Handwritten, seed: 0, threads: 1), other = Open(GemmChoice.Handwritten, seed: 7, threads: 3);
        Assert.That(Trained(model, other), Is.EqualTo(Trained(model, one)));
    }

    [Test]
    public void Dropout_draws_the_CPU_devices_masks()
    {
        Tensor x = T.Vector("x");
        NDArray ones = NDArray.From([.. Enumerable.Repeat(1f, 1000)], [1000]);
        using CudaDevice device = Open();
        using Device cpu = Device.Cpu(threads: 1);
        using Function onGpu = T.Function([x], T.Dropout(x, 0.3f), device: device, seed: 5), onCpu = T.Function([x], T.Dropout(x, 0.3f), device: cpu, seed: 5);
        for (int run = 0; run < 4; run++) Assert.That(onGpu.Eval(ones)[0].Bytes().SequenceEqual(onCpu.Eval(ones)[0].Bytes()), Is.True, $"run {run}");
    }

    [Test]
    public void A_data_set_on_the_device_is_sliced_by_an_index()
    {
        Tensor x = T.Matrix("X"), i = T.Scalar("i", DType.Int32);
        Shared data = T.Shared(NDArray.From([.. Enumerable.Range(0, 1000).Select(k => (float)k)], [100, 10]), "data");
        using CudaDevice device = Open();
        using Function f = T.Function([i], T.Sum(x), givens: [(x, T.Rows(data, i * 2, 2))], device: device);
        float[] sums = [.. Enumerable.Range(0, 50).Select(batch => f.Run(NDArray.Scalar(batch)).Scalar())];
        Assert.That(sums, Is.EqualTo(Enumerable.Range(0, 50).Select(batch => (float)Enumerable.Range(20 * batch, 20).Sum())));
    }

    [Test]
    public void A_row_that_does_not_exist_stops_the_kernel_and_the_error_names_the_function()
    {
        Tensor i = T.Scalar("i", DType.Int32);
        Shared data = T.Shared(NDArray.Zeros([8, 1]), "data");
        using CudaDevice device = Open();
        using Function f = T.Function([i], T.Rows(data, i * 2, 2), device: device);
        f.Run(NDArray.Scalar(3)).ToArray();
        Results results = f.Run(NDArray.Scalar(4));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => results.ToArray(), Throws.TypeOf<MiniDL.Gpu.GpuException>().With.Message.Contains("the function (i) -> ").And.Message.Contains("gather"));
            Assert.That(() => f.Run(NDArray.Scalar(0)), Throws.TypeOf<MiniDL.Gpu.GpuException>().With.Message.Contains("failed before"));
            Assert.That(() => data.Value, Throws.InvalidOperationException.With.Message.Contains("data was on a GPU that failed"));
        }
    }

    [Test]
    public void Explain_tells_what_each_launch_takes_of_a_multiprocessor()
    {
        using CudaDevice device = Open();
        TrainingStep step = Models.SmallByName("old");
        using Function train = step.Compile(device);
        train.Compile(step.XShape, step.YShape);
        string text = train.Explain();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.Contain("\n== launches on A100, sm_80: 9 a run, 5 of them by cuBLAS; "));
            Assert.That(text, Does.Match(@"map_sigmoid<<<\d+, \d+>>>\(dot\d+, sigmoid\d+\)   # \d+ registers, 0 bytes shared, 0 spilled; occupancy \d+ ?%, limited by \w+"));
            Assert.That(text, Does.Contain("\n== kernel map_sigmoid\n").And.Contain("__global__"));
        }
    }

    [Test]
    public void NanGuard_names_the_stage_and_the_op()
    {
        Tensor v = T.Vector("v");
        using CudaDevice device = Open();
        using Function f = T.Function([v], T.Sum(v * T.Log(v)), device: device, mode: Mode.NanGuard);
        f.Run(NDArray.From([1f, 2f], [2]));
        Assert.That(() => f.Run(NDArray.From([1f, 0f], [2])), Throws.TypeOf<StageException>().With.Message.Contains("stores NaN").And.Message.Contains("made by log"));
    }

    // The cost of each of five steps, then all variables.
    private static float[][] Trained(string model, Device device)
    {
        TrainingStep step = Models.SmallByName(model);
        using Function train = step.Compile(device);
        var costs = new List<float>();
        for (int i = 0; i < 5; i++)
        {
            (NDArray x, NDArray y) = step.Batch(seed: i);
            costs.Add(train.Run(x, y).Scalar());
        }
        return [[.. costs], .. step.Updates.Select(update => update.Variable.Value.Span<float>().ToArray())];
    }
}
