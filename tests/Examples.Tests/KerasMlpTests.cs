namespace MiniDL.Examples.Tests;

/// <summary>Keras' multilayer perceptron as its lecture has it: one-hot targets, a summary, epochs, accuracy in training and on validation data.</summary>
[TestFixture]
public sealed class KerasMlpTests
{
    [Test]
    public void It_learns_from_one_hot_targets_and_tells_of_every_epoch()
    {
        Mnist data = Mnist.Load(Mnist.FindFolder(null));
        var model = new Model(Networks.KerasMlp(), input: [Mnist.Pixels], new Init(seed: 1));
        using Device device = Device.Cpu();
        using var learner = new Learner(model, T.Matrix("one-hot"), (z, oneHot) => T.CategoricalCrossEntropyFromLogits(z, oneHot), (cost, parameters, rate) => T.RmsProp(cost, parameters, rate),
            device, seed: 1, isRight: (z, oneHot) => T.Equal(T.ArgMax(z, axis: 1), T.ArgMax(oneHot, axis: 1)));
        var told = new List<EpochReport>();
        History history = learner.Fit(new DataSet(data.TrainImages.Rows(0, 2560), data.TrainTargets.Rows(0, 2560)), new FitOptions
        {
            Epochs = 3,
            Batch = 128,
            Validation = new DataSet(data.TestImages.Rows(0, 1000), data.TestTargets.Rows(0, 1000)),
            Progress = new Told(told.Add),
        });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(model.Summary().ToString(), Does.Contain("dense_2").And.Contain("(?, 512)").And.Contain("669,706"));
            Assert.That(told, Is.EqualTo(history.Epochs));
            Assert.That(told.Select(report => (report.Epoch, report.Steps)), Is.EqualTo(new[] { (1, 20), (2, 40), (3, 60) }));
            Assert.That(told.Select(report => report.Cost), Is.Ordered.Descending);
            Assert.That(told[^1].Accuracy, Is.GreaterThan(0.85));
            Assert.That(told[^1].ValidationAccuracy, Is.GreaterThan(0.8));
        }
    }

    private sealed class Told(Action<EpochReport> tell) : IProgress<EpochReport>
    {
        public void Report(EpochReport value) => tell(value);
    }
}
