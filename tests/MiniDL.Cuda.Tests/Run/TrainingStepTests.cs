// Whole training steps: with stages computed on the host, what the executor does with memory, order and shared variables must give the CPU device's bits.
using MiniDL.Tests.Lowering;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class TrainingStepTests : RunFixture
{
    private static readonly string[] s_models = ["logistic", "old", "modern", "conv"];

    [TestCaseSource(nameof(s_models))]
    public void Steps_have_the_CPU_devices_bits(string model)
    {
        using var cpu = MiniDL.Device.Cpu(threads: 1);
        TrainingStep onCpu = Models.SmallByName(model), onGpu = Models.SmallByName(model);
        using Function cpuTrain = onCpu.Compile(cpu), gpuTrain = Host.Ready(onGpu.Compile(Device), onGpu.XShape, onGpu.YShape);
        for (int step = 0; step < 5; step++)
        {
            (NDArray x, NDArray y) = onCpu.Batch(seed: step);
            float expected = cpuTrain.Run(x, y).Scalar();
            Results results = gpuTrain.Run(x, y);
            if (step % 2 == 0) Assert.That(results.Scalar(), Is.EqualTo(expected), $"cost of step {step}");
        }
        foreach ((Update ours, Update theirs) in onGpu.Updates.Zip(onCpu.Updates))
            Assert.That(ours.Variable.Value.Bytes().SequenceEqual(theirs.Variable.Value.Bytes()), Is.True, ours.Variable.Label);
    }

    [TestCaseSource(nameof(s_models))]
    public void The_arena_may_hold_anything_before(string model)
    {
        // The recording GPU's memory starts as NaN; a second function's is dirty with the first one's numbers.
        TrainingStep step = Models.SmallByName(model);
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        float Cost()
        {
            using Function train = Host.Ready(Models.SmallByName(model).Compile(Device), step.XShape, step.YShape);
            return train.Run(x, y).Scalar();
        }
        float first = Cost();
        Assert.That(Cost(), Is.EqualTo(first).And.Not.NaN);
    }

    [TestCaseSource(nameof(s_models))]
    public void Debug_mode_finds_nothing_wrong_with_what_is_right(string model)
    {
        TrainingStep step = Models.SmallByName(model);
        using Function train = Host.Ready(step.Compile(Device, Mode.Debug), step.XShape, step.YShape);
        for (int i = 0; i < 3; i++)
        {
            (NDArray x, NDArray y) = step.Batch(seed: i);
            Assert.That(() => train.Run(x, y).Scalar(), Throws.Nothing, $"step {i}");
        }
    }

    [Test]
    public void Training_and_prediction_share_the_parameters_on_the_device()
    {
        TrainingStep step = Models.SmallByName("modern");
        using Function train = Host.Ready(step.Compile(Device), step.XShape, step.YShape);
        using Function predict = Host.Ready(T.Function([step.X], step.Predicted, device: Device, seed: 1), step.XShape);
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        for (int i = 0; i < 3; i++) train.Run(x, y);
        predict.Run(x);
        int start = Gpu.Log.Count;
        train.Run(x, y);
        predict.Run(x);
        train.Run(x, y);
        Assert.That(CountSince(start, "download") + CountSince(start, "synchronize"), Is.Zero, "nothing goes home in between");
    }

    [Test]
    public void A_data_set_given_as_a_shared_variable_stays_on_the_device_and_a_step_uploads_the_index()
    {
        Tensor x = T.Matrix("X"), i = T.Scalar("i", DType.Int32);
        Shared data = T.Shared(NDArray.From([.. Enumerable.Range(0, 1000).Select(k => (float)k)], [100, 10]), "data");
        using Function f = Host.Ready(T.Function([i], T.Sum(x), givens: [(x, T.Rows(data, i * 2, 2))], device: Device), Shape.Scalar);
        f.Run(NDArray.Scalar(0));
        int start = Gpu.Log.Count;
        float sum = f.Run(NDArray.Scalar(49)).Scalar();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sum, Is.EqualTo(Enumerable.Range(980, 20).Sum()));
            Assert.That(Gpu.Log.Skip(start).Single(line => line.StartsWith("upload", StringComparison.Ordinal)), Does.Contain(", 68 bytes"), "run state, and 4 bytes at 64");
        }
    }

    [Test]
    public void Each_set_of_shapes_has_a_graph_of_its_own()
    {
        Tensor x = T.Vector("x");
        using Function f = T.Function([x], T.Sum(x * x), device: Device);
        Host.Ready(f, [3]);
        Host.Ready(f, [2]);
        float Run(params float[] values) => f.Run(NDArray.From(values, [values.Length])).Scalar();
        float[] results = [Run(1, 2, 3), Run(4, 5), Run(1, 1, 1), Run(2, 2), Run(0, 3, 4), Run(1, 0)];
        Assert.That(results, Is.EqualTo(new float[] { 14, 41, 3, 8, 25, 1 }));
    }

    [Test]
    public void Random_numbers_are_those_of_the_seed_and_the_counter()
    {
        Tensor x = T.Vector("x");
        using var cpu = MiniDL.Device.Cpu(threads: 1);
        using Function onCpu = T.Function([x], T.Dropout(x, 0.5f), device: cpu, seed: 7), onGpu = Host.Ready(T.Function([x], T.Dropout(x, 0.5f), device: Device, seed: 7), [64]);
        NDArray ones = NDArray.From([.. Enumerable.Repeat(1f, 64)], [64]);
        for (int run = 0; run < 4; run++)
        {
            if (run == 3) onCpu.Counter = onGpu.Counter = 1UL << 40;
            Assert.That(onGpu.Eval(ones)[0].Span<float>().ToArray(), Is.EqualTo(onCpu.Eval(ones)[0].Span<float>().ToArray()), $"run {run}");
        }
    }
}
