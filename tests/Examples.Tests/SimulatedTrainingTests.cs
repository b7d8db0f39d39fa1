// The programs of the progression at full size on the simulated GPU, beside the CPU: same data, same seed, same masks, so the same numbers as far as rounding goes.
using MiniDL.Cuda;

namespace MiniDL.Examples.Tests;

[TestFixture]
[Category("Long")]
public sealed class SimulatedTrainingTests
{
    private const double Tolerance = 1e-4;   // of the largest magnitude of each tensor

    private Mnist _data = null!;

    [OneTimeSetUp]
    public void Load()
    {
        if (!Libraries.Nvrtc().Found && Environment.GetEnvironmentVariable("CI") != "true") Assert.Ignore("NVRTC is missing; `examples -- doctor` tells how to install it");
        _data = Mnist.Load(Mnist.FindFolder(null));
    }

    // The convnet from He's initialisation: from its own the cost stays at ln 10 at first, whatever the backward pass does.
    [TestCase("old", 20, false)]
    [TestCase("modern", 2, false)]
    [TestCase("conv", 2, true)]
    public void Parameters_and_accumulators_are_the_CPUs(string name, int steps, bool he)
    {
        using Device cpu = Device.Cpu();
        using Device simulated = Devices.Open(new Options(Device: "sim"));
        Shared[] expected = Trained(name, steps, he, cpu), actual = Trained(name, steps, he, simulated);
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < expected.Length; i++)
            {
                float[] want = expected[i].Value.Span<float>().ToArray(), got = actual[i].Value.Span<float>().ToArray();
                double largest = want.Max(Math.Abs), difference = want.Zip(got, (a, b) => Math.Abs((double)a - b)).Aggregate(0.0, Math.Max);   // NaN stays NaN; Max() would pass over it
                TestContext.Out.WriteLine($"{name}, {expected[i].Name}: off by {difference / largest:E2} of the largest");
                Assert.That(largest, Is.GreaterThan(0), expected[i].Name);
                Assert.That(!(difference <= Tolerance * largest), Is.False, $"{expected[i].Name} is off by {difference}, its largest is {largest}");
            }
        }
    }

    [Test]
    public void An_epoch_of_logistic_regression_learns_to_tell_digits()
    {
        using Device simulated = Devices.Open(new Options(Device: "sim"));
        using var trainer = new Trainer(Build("logistic"), _data, simulated, batch: 128, seed: 1);
        for (int step = 0; step < trainer.BatchesPerEpoch; step++) trainer.Train(step);
        Assert.That(trainer.Accuracy(), Is.GreaterThanOrEqualTo(88));
    }

    private Shared[] Trained(string name, int steps, bool he, Device device)
    {
        MnistProgram program = Build(name);
        var init = new Init(seed: 2);
        if (he)
            foreach (Shared parameter in program.Parameters) parameter.Value = init.HeNormal(parameter.Shape);
        using var trainer = new Trainer(program, _data, device, batch: 128, seed: 1);
        for (int step = 0; step < steps; step++) trainer.Train(step);
        Shared[] variables = [.. program.Updates.Select(update => update.Variable)];
        foreach (Shared variable in variables) _ = variable.Value;   // brought home while the device is there
        return variables;
    }

    private static MnistProgram Build(string name) => Progression.Mnist.Single(chapter => chapter.Name == name).Build(new Init(seed: 1));
}
