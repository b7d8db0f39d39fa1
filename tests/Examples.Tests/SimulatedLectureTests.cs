// Nets of layers on the simulated GPU, beside the CPU: batch normalisation with its running statistics, Adadelta, dropout, Nesterov's momentum, and the learner around them.
using MiniDL.Cuda;

namespace MiniDL.Examples.Tests;

[TestFixture]
[Category("Long")]
public sealed class SimulatedLectureTests
{
    private const int Images = 32, Steps = 3;
    private const double Tolerance = 1e-4;   // of the largest magnitude; rounding in another order comes to some 1e-6 in a step, and three steps build on each other

    private DataSet _data = null!;

    [OneTimeSetUp]
    public void Load()
    {
        if (!Libraries.Nvrtc().Found && Environment.GetEnvironmentVariable("CI") != "true") Assert.Ignore("NVRTC is missing; `examples -- doctor` tells how to install it");
        Mnist mnist = Mnist.Load(Mnist.FindFolder(null));
        _data = new DataSet(mnist.TrainImages.Rows(0, Images).Reshape([Images, 1, Mnist.Side, Mnist.Side]), mnist.TrainLabels.Rows(0, Images));
    }

    [Test]
    public void The_Keras_net_with_Adadelta_is_the_CPUs() => AssertAgree(() => Networks.KerasCnn(), (cost, parameters, rate) => T.Adadelta(cost, parameters, rate), rate: 1);

    [Test]
    public void A_residual_net_with_batch_normalisation_is_the_CPUs() => AssertAgree(() => ResNetLecture.Net, (cost, parameters, rate) => T.Nesterov(cost, parameters, rate, 0.9f), rate: 0.01f);

    private void AssertAgree(Func<Layer> net, Func<Tensor, IReadOnlyList<Shared>, Tensor, Update[]> optimiser, float rate)
    {
        using Device cpu = Device.Cpu();
        using Device simulated = Devices.Open(new Options(Device: "sim"));
        (Shared[] expected, float[] logits) = Trained(net(), optimiser, rate, cpu);
        (Shared[] actual, float[] simulatedLogits) = Trained(net(), optimiser, rate, simulated);
        using (Assert.EnterMultipleScope())
        {
            AssertClose(simulatedLogits, logits, "logits in use");
            for (int i = 0; i < expected.Length; i++) AssertClose(actual[i].Value.Span<float>().ToArray(), expected[i].Value.Span<float>().ToArray(), expected[i].Name!);
        }
    }

    private static void AssertClose(float[] actual, float[] expected, string name)
    {
        double largest = expected.Max(Math.Abs), difference = expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Aggregate(0.0, Math.Max);   // NaN stays NaN; Max() would pass over it
        TestContext.Out.WriteLine($"{name}: off by {difference / largest:E2} of the largest");
        Assert.That(!(difference <= Tolerance * largest), Is.False, $"{name} is off by {difference}, its largest is {largest}");
    }

    private (Shared[] Variables, float[] Logits) Trained(Layer net, Func<Tensor, IReadOnlyList<Shared>, Tensor, Update[]> optimiser, float rate, Device device)
    {
        var model = new Model(net, input: [1, Mnist.Side, Mnist.Side], new Init(seed: 2));
        using var learner = new Learner(model, T.Vector("labels", DType.Int32), (z, labels) => T.SparseCrossEntropy(z, labels), optimiser, device, seed: 1);
        learner.Fit(_data, new FitOptions { Epochs = Steps, Steps = Steps, Batch = 8, Schedule = Schedules.Constant(rate) });
        float[] logits = learner.Predict(_data.X).Span<float>().ToArray();
        Shared[] variables = [.. learner.Variables];
        foreach (Shared variable in variables) _ = variable.Value;   // brought home while the device is there
        return (variables, logits);
    }
}
