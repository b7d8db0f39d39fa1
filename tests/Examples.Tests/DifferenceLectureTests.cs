using System.Text.Json;

namespace MiniDL.Examples.Tests;

/// <summary>The models of the progression side by side.</summary>
[TestFixture]
public sealed class DifferenceLectureTests
{
    [Test]
    public void After_120_steps_the_order_is_not_yet_that_of_the_progression()
    {
        using var folder = new LectureFolder();
        JsonElement figures = Lectures.Figures("difference", "--steps", "120", "--out", folder.Path);
        double Of(string key) => figures.GetProperty(key).GetDouble();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Of("modern_accuracy"), Is.GreaterThan(Of("logistic_accuracy") + 1), "RMSprop is under way at once");
            Assert.That(Of("logistic_accuracy"), Is.GreaterThan(Of("old_0_5_accuracy") + 3), "a hidden layer is slower at first");
            Assert.That(Of("old_0_5_accuracy"), Is.GreaterThan(Of("old_accuracy") + 20), "ten times the rate");
            Assert.That(Of("conv_cost"), Is.EqualTo(Math.Log(10)).Within(0.01), "the convnet is still guessing");
            Assert.That(Of("logistic_seconds_per_epoch"), Is.LessThan(Of("conv_seconds_per_epoch") / 10));
            foreach (string plot in new[] { "error", "cost", "time" })
            {
                string svg = folder.Text($"difference-{plot}.svg");
                Assert.That(svg.Split("<circle").Length - 1, Is.EqualTo(5), $"{plot}: a point for each model");
                Assert.That(svg, Does.Contain(">old-0.5<"));
            }
            Assert.That(folder.Text("difference.html"), Does.Contain("818,698").And.Contain("linear"));
        }
    }

    [Test]
    public void A_curve_has_a_point_for_each_epoch_and_for_the_steps_that_are_left()
    {
        Mnist data = Mnist.Load(Mnist.FindFolder(null));
        data = data with { TrainImages = data.TrainImages.Rows(0, 1000), TrainLabels = data.TrainLabels.Rows(0, 1000), TrainTargets = data.TrainTargets.Rows(0, 1000) };
        using var session = new Session(new Options(Steps: 25, Batch: 100), new Terminal(TextWriter.Null), data);
        DifferenceLecture.Curve curve = DifferenceLecture.Train(session, Progression.Mnist[0]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(curve.Points.Select(point => point.Epoch), Is.EqualTo(new[] { 1, 2, 2.5 }));
            Assert.That(curve.Points.Select(point => point.Cost), Is.Ordered.Descending);
            Assert.That(curve.Points.Select(point => point.Seconds), Is.Ordered.Ascending);
            Assert.That(curve.Points[0].Cost, Is.LessThan(Math.Log(10)), "the mean of an epoch, not its first step");
        }
    }

    [Test]
    public void Models_that_make_no_error_are_drawn_all_the_same()
    {
        // Every image is black and every label 0: one step of any model is enough.
        NDArray images = NDArray.Zeros([16, Mnist.Pixels]), labels = NDArray.Zeros([16], DType.Int32), targets = NDArray.Zeros([16, Mnist.Classes]);
        for (int i = 0; i < 16; i++) targets.Span<float>()[i * Mnist.Classes] = 1;
        using var folder = new LectureFolder();
        using var session = new Session(new Options(Steps: 1, Batch: 16, Out: folder.Path), new Terminal(TextWriter.Null), new Mnist(images, labels, targets, images, labels, targets));
        JsonElement figures = JsonDocument.Parse(DifferenceLecture.Run(session, null)).RootElement;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(figures.GetProperty("logistic_accuracy").GetDouble(), Is.EqualTo(100), "black tells nothing, and the first of equals is 0");
            Assert.That(folder.Text("difference-error.svg").Split("<circle").Length - 1, Is.EqualTo(5), "a point for each model, on an axis around half an error of 16");
        }
    }

    // Whole epochs: the order that the lesson tells, with the exception that it tells.
    [Test]
    [Category("Long")]
    public void After_three_epochs_each_step_of_the_progression_pays_but_the_old_net_as_printed()
    {
        JsonElement figures = Lectures.Figures("difference", "--epochs", "3");
        double[] accuracies = [.. new[] { "old", "logistic", "old_0_5", "modern", "conv" }.Select(name => figures.GetProperty($"{name}_accuracy").GetDouble())];
        Assert.That(accuracies, Is.Ordered.Ascending.And.Unique);
    }
}
