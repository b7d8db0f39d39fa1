using System.Text.Json;
using MiniDL.Pictures.Tests;

namespace MiniDL.Examples.Tests;

/// <summary>What is frozen stays as it is, what does not change may be computed before, and with few examples borrowed features are better than new ones.</summary>
[TestFixture]
public sealed class TransferLectureTests
{
    private Mnist _all = null!, _some = null!;

    [OneTimeSetUp]
    public void Load()
    {
        Mnist all = _all = Mnist.Load(Mnist.FindFolder(null));
        _some = new Mnist(all.TrainImages.Rows(0, 2500), all.TrainLabels.Rows(0, 2500), all.TrainTargets.Rows(0, 2500), all.TestImages.Rows(0, 1000), all.TestLabels.Rows(0, 1000), all.TestTargets.Rows(0, 1000));
    }

    private static Session Open(Options options, Mnist data) => new(options with { Name = "transfer", Json = true }, new Terminal(TextWriter.Null), data);

    /// <summary>A source, and three times ten examples of each digit: which ten makes a difference of several points. With seeds 1 to 7 the mean gain of the three was 1.9 to 3.7 points.</summary>
    [Test]
    public void With_ten_examples_of_a_digit_borrowed_features_win()
    {
        const ulong Seed = 1;
        using Session session = Open(new Options(Seed: Seed), _all);
        DataSet known = TransferLecture.Half(session.TrainingImages, firstDigit: 0), knownTest = TransferLecture.Half(session.TestImages, firstDigit: 0), test = TransferLecture.Half(session.TestImages, firstDigit: 5);
        Model source = TransferLecture.Whole(Seed);
        double learned = TransferLecture.Fit(session, source, source.Parameters, known, knownTest, steps: 3 * 239).Accuracy;
        var gains = new List<double>();
        for (int draw = 0; draw < 3; draw++)
        {
            DataSet few = TransferLecture.Half(session.TrainingImages.Rows(10_000 * draw, 10_000), firstDigit: 5, perDigit: 10);
            ulong fresh = Seed + 100 + (ulong)draw;
            Model scratch = TransferLecture.Whole(fresh), frozen = TransferLecture.Whole(fresh);
            TransferLecture.Copy(from: source, to: frozen, word: "conv2d");
            double own = TransferLecture.Fit(session, scratch, scratch.Parameters, few, test, steps: 400).Accuracy;
            gains.Add(100 * (TransferLecture.Fit(session, frozen, frozen.ParametersOf("dense"), few, test, steps: 400).Accuracy - own));
            Assert.That(own, Is.GreaterThan(0.7), "the other is no straw man");
        }
        using (Assert.EnterMultipleScope())
        {
            Assert.That(learned, Is.GreaterThan(0.99));
            Assert.That(gains.Average(), Is.GreaterThan(1));
        }
    }

    [Test]
    public void A_short_run_compares_three_nets_on_every_number_of_examples()
    {
        using var folder = new LectureFolder();
        using Session session = Open(new Options(Steps: 40, Batch: 32, Out: folder.Path), _some);
        JsonElement figures = JsonDocument.Parse(TransferLecture.Run(session, null)).RootElement;
        string plot = folder.Text("transfer-accuracy.svg"), page = folder.Text("transfer.html");
        PngReader.Image few = PngReader.Read(File.ReadAllBytes(Path.Combine(folder.Path, "transfer-few.png")));
        int all = TransferLecture.Half(session.TrainingImages, firstDigit: 5).Count;
        using (Assert.EnterMultipleScope())
        {
            foreach (int count in new[] { 15, 50, 150, 500, all })
            {
                Assert.That(Of($"precomputed_{count}"), Is.EqualTo(Of($"frozen_{count}")), "the same net");
                Assert.That(Of($"speedup_{count}"), Is.GreaterThan(3), "two convolutions are much more than one product");
            }
            Assert.That(Of($"frozen_{all}"), Is.GreaterThan(Of("frozen_15") + 5), "more examples help");
            Assert.That(figures.EnumerateObject().Count(), Is.EqualTo(2 + 4 * 5), "a size that there are not enough images for is left out");
            Assert.That(plot.Split("<polyline").Length - 1, Is.EqualTo(2));
            Assert.That(page, Does.Contain("<td>500</td>").And.Contain("data:image/png;base64,"));
            Assert.That((few.Width, few.Height), Is.EqualTo((10 * 57 + 1, 5 * 57 + 1)), "50 images of 56 pixels a side");
            Assert.That(few.Pixels.Count(level => level > 200), Is.InRange(few.Pixels.Length / 20, few.Pixels.Length / 4), "ink on black");
        }

        double Of(string name) => figures.GetProperty(name).GetDouble();
    }

    [Test]
    public void Frozen_parameters_keep_their_bits_and_precomputed_features_give_the_same_costs()
    {
        using Session session = Open(new Options(Seed: 3), _some);
        DataSet few = TransferLecture.Half(session.TrainingImages, firstDigit: 5, perDigit: 40), test = TransferLecture.Half(session.TestImages, firstDigit: 5);
        Model source = TransferLecture.Whole(seed: 1), frozen = TransferLecture.Whole(seed: 2), eyes = TransferLecture.FeaturesOnly(), head = TransferLecture.HeadOnly(features: 512);
        TransferLecture.Copy(from: source, to: frozen, word: "conv2d");
        TransferLecture.Copy(from: source, to: eyes);
        TransferLecture.Copy(from: frozen, to: head);
        Dictionary<string, float[]> before = Values(frozen);

        TransferLecture.Fitted slow = TransferLecture.Fit(session, frozen, frozen.ParametersOf("dense"), few, test, steps: 30);
        TransferLecture.Fitted fast = TransferLecture.Fit(session, head, head.Parameters, TransferLecture.Precompute(session, eyes, few), TransferLecture.Precompute(session, eyes, test), steps: 30);
        Dictionary<string, float[]> after = Values(frozen);
        using (Assert.EnterMultipleScope())
        {
            foreach (string name in before.Keys.Where(name => name.StartsWith("conv2d")))
            {
                Assert.That(after[name], Is.EqualTo(before[name]), name);
                Assert.That(after[name], Is.EqualTo(Values(source)[name]), name);
            }
            Assert.That(before.Keys.Where(name => !after[name].SequenceEqual(before[name])), Is.EqualTo(new[] { "dense.weights", "dense.bias" }));
            Assert.That(slow.Costs, Has.Length.EqualTo(30));   // 200 examples: an epoch is one batch of 128
            Assert.That(slow.Costs[^1], Is.LessThan(slow.Costs[0]));
            for (int epoch = 0; epoch < 30; epoch++) Assert.That(fast.Costs[epoch], Is.EqualTo(slow.Costs[epoch]).Within(1e-5 * slow.Costs[epoch]), $"epoch {epoch}");
            Assert.That(fast.Accuracy, Is.EqualTo(slow.Accuracy));
        }
    }

    [Test]
    public void Half_of_the_digits_are_the_first_of_each_in_the_order_of_the_data()
    {
        NDArray images = NDArray.From([.. Enumerable.Range(0, 8).Select(i => (float)i)], [8, 1]), labels = NDArray.From([5, 0, 7, 5, 5, 9, 4, 7], [8]);
        DataSet high = TransferLecture.Half(new DataSet(images, labels), firstDigit: 5, perDigit: 2), low = TransferLecture.Half(new DataSet(images, labels), firstDigit: 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(high.X.Span<float>().ToArray(), Is.EqualTo(new float[] { 0, 2, 3, 5, 7 }));
            Assert.That(high.Y.Span<int>().ToArray(), Is.EqualTo(new[] { 0, 2, 0, 4, 2 }));
            Assert.That(low.X.Span<float>().ToArray(), Is.EqualTo(new float[] { 1, 6 }));
            Assert.That(low.Y.Span<int>().ToArray(), Is.EqualTo(new[] { 0, 4 }));
        }
    }

    private static Dictionary<string, float[]> Values(Model model) => model.Parameters.ToDictionary(parameter => parameter.Name!, parameter => parameter.Value.Span<float>().ToArray());
}
