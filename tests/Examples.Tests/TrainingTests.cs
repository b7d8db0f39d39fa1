namespace MiniDL.Examples.Tests;

/// <summary>The programs learn as well as they should on the CPU device, with the default seed; the figures are those of an independent
/// implementation with slack for one seed.</summary>
[TestFixture]
[Category("Long")]
public sealed class TrainingTests
{
    private Mnist _data = null!;

    [OneTimeSetUp]
    public void Load() => _data = Mnist.Load(Mnist.FindFolder(null));

    // Each gate: after so many epochs, at least so many percent.
    [TestCase("logistic", "5: 90.5")]
    [TestCase("old", "10: 90.0")]
    [TestCase("modern", "5: 97.0")]
    [TestCase("conv", "2: 96.0, 5: 98.8")]
    public void Test_accuracy_passes_its_gates(string name, string gates)
    {
        using Device device = Device.Cpu();
        using Trainer trainer = new(Build(name), _data, device, batch: 128, seed: 1);
        int step = 0;
        foreach (string gate in gates.Split(", "))
        {
            (int epochs, double percent) = (int.Parse(gate.Split(": ")[0]), double.Parse(gate.Split(": ")[1]));
            for (; step < epochs * trainer.BatchesPerEpoch; step++) trainer.Train(step);
            Assert.That(trainer.Accuracy(), Is.GreaterThanOrEqualTo(percent), $"after {epochs} epochs");
        }
    }

    [TestCase("logistic")]
    [TestCase("old")]
    [TestCase("modern")]
    [TestCase("conv")]
    public void Fifty_steps_give_the_same_bits_with_any_number_of_threads_and_again(string name)
    {
        byte[] expected = ParametersAfterFiftySteps(name, threads: 1);
        foreach (int threads in new[] { 1, 2, 3 })
            Assert.That(ParametersAfterFiftySteps(name, threads).AsSpan().SequenceEqual(expected), Is.True, $"{threads} threads");
    }

    private byte[] ParametersAfterFiftySteps(string name, int threads)
    {
        MnistProgram program = Build(name);
        using Device device = Device.Cpu(threads);
        using var trainer = new Trainer(program, _data, device, batch: 128, seed: 1);
        for (int step = 0; step < 50; step++) trainer.Train(step);
        return [.. program.Parameters.SelectMany(parameter => parameter.Value.Bytes().ToArray())];
    }

    private static MnistProgram Build(string name) => Progression.Mnist.Single(chapter => chapter.Name == name).Build(new Init(seed: 1));
}
