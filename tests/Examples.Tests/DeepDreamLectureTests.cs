using System.Text.Json;

namespace MiniDL.Examples.Tests;

/// <summary>The gradient with respect to an image is right, and following it leads to images that the net takes for their class.</summary>
[TestFixture]
public sealed class DeepDreamLectureTests
{
    [Test]
    public void The_gradient_with_respect_to_the_image_is_that_of_finite_differences()
    {
        // The lecture's net, untrained, on two images of noise: away from the kinks of relu and pooling.
        var model = new Model(DeepDreamLecture.Net, input: [1, 28, 28], new Init(seed: 2));
        Tensor x = T.Input([2, 1, 28, 28], "x"), classes = T.Constant(Mnist.OneHot(NDArray.From([3, 8], [2]), 10));
        Tensor objective = DeepDreamLecture.Objective(model.Use(x), x, classes, l2: 0.05f, rough: 0.3f);
        Assert.That(GradientCheck.Verify(objective, [x], [(x, new Init(seed: 5).Uniform([2, 1, 28, 28], 0, 1))], elements: 20), Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void The_objective_is_the_logits_less_the_penalties()
    {
        // One image with a single pixel of 0.5 in a corner, one with a column of 0.5 inside: 28 pixels, each with two neighbours of 0.
        NDArray images = NDArray.Zeros([2, 1, 28, 28]);
        images.Span<float>()[0] = 0.5f;
        for (int y = 0; y < 28; y++) images.Span<float>()[784 + y * 28 + 9] = 0.5f;
        Tensor x = T.Constant(images), z = T.Constant(NDArray.From([1f, 2f, 4f, 8f], [2, 2])), classes = T.Constant(NDArray.From([0f, 1f, 1f, 0f], [2, 2]));
        using Device device = Device.Reference();
        float Value(float l2, float rough)
        {
            using Function f = T.Function([], DeepDreamLecture.Objective(z, x, classes, l2, rough), device: device);
            return f.Run().Scalar();
        }
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Value(0, 0), Is.EqualTo(2 + 4));
            Assert.That(Value(1, 0), Is.EqualTo(6 - 29 * 0.25f));
            Assert.That(Value(0, 1), Is.EqualTo(6 - (2 + 2 * 28) * 0.25f));
        }
    }

    [Test]
    public void Every_class_finds_an_image_that_the_net_is_sure_of()
    {
        using var folder = new LectureFolder();
        JsonElement figures = Lectures.Figures("deepdream", "--epochs", "1", "--out", folder.Path);
        double Figure(string name) => figures.GetProperty(name).GetDouble();
        var alone = folder.Picture("deepdream-alone.png").Images(side: 28, scale: 3);
        var penalised = folder.Picture("deepdream-penalised.png").Images(side: 28, scale: 3);
        var turned = folder.Picture("deepdream-turned.png").Images(side: 28, scale: 3);
        using (Assert.EnterMultipleScope())
        {
            // All ten classes; with penalties the logits are lower than without, and still above those of written digits.
            Assert.That(Figure("accuracy"), Is.GreaterThan(92));
            Assert.That(Figure("lowest_probability"), Is.GreaterThan(0.9));
            Assert.That(Figure("mean_logit_alone"), Is.GreaterThan(Figure("mean_logit")));
            Assert.That(Figure("mean_logit"), Is.GreaterThan(Figure("mean_logit_of_digits")));
            Assert.That(Figure("answers_changed"), Is.EqualTo(10));
            Assert.That(folder.Text("deepdream-logits.svg"), Does.Contain("with penalties").And.Contain("written digits"));

            // Without penalties most pixels are driven to black or white; with them few are, and neighbours are alike.
            Assert.That((alone.Length, penalised.Length, turned.Length), Is.EqualTo((10, 10, 10)));
            Assert.That(Extreme(alone), Is.GreaterThan(0.6));
            Assert.That(Extreme(penalised), Is.LessThan(0.5));
            Assert.That(Roughness(penalised), Is.LessThan(0.4 * Roughness(alone)));

            // The first test image is a 7, so that the image pulled towards 7 is the image itself, and the others are near it.
            for (int c = 0; c < 10; c++) Assert.That(MeanDifference(turned[c], turned[7]), c == 7 ? Is.Zero : Is.InRange(0.005, 0.15), $"towards {c}");
        }
    }

    [Test]
    public void The_logit_rises_all_the_way_where_steps_are_small()
    {
        using var session = new Session(new Options(), new Terminal(TextWriter.Null));
        var model = new Model(DeepDreamLecture.Net, input: [1, 28, 28], new Init(seed: 4));
        NDArray[] weights = [.. model.Parameters.Select(parameter => parameter.Value)];
        DeepDreamLecture.Ascent ascent = DeepDreamLecture.Climb(session, model, new Init(seed: 1).Uniform([10, 1, 28, 28], 0.3f, 0.7f), l2: 0, rough: 0, steps: 20, rate: 0.002f);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ascent.Logits, Has.Count.EqualTo(21));
            for (int c = 0; c < 10; c++) Assert.That(ascent.Logits.Select(z => z[c]), Is.Ordered.Ascending, $"class {c}");
            Assert.That(ascent.Logits[^1].Zip(ascent.Logits[0], (last, first) => last - first), Is.All.GreaterThan(0.05f));
            for (int i = 0; i < weights.Length; i++)
                Assert.That(model.Parameters[i].Value.Span<float>().ToArray(), Is.EqualTo(weights[i].Span<float>().ToArray()), $"{model.Parameters[i].Name} stays as it is");
        }
    }

    [Test]
    public void A_cancelled_climb_ends_with_the_start_and_nothing_more()
    {
        using var session = new Session(new Options(), new Terminal(TextWriter.Null), cancellation: new CancellationToken(canceled: true));
        NDArray start = new Init(seed: 1).Uniform([10, 1, 28, 28], 0, 1);
        DeepDreamLecture.Ascent ascent = DeepDreamLecture.Climb(session, new Model(DeepDreamLecture.Net, input: [1, 28, 28], new Init(seed: 4)), start, l2: 0, rough: 0);
        Assert.That(ascent.Images.Single().Span<float>().ToArray(), Is.EqualTo(start.Span<float>().ToArray()));
    }

    private static double Extreme((byte R, byte G, byte B)[][] images) => images.Average(image => image.Average(pixel => pixel.G is < 5 or > 250 ? 1.0 : 0.0));

    private static double Roughness((byte R, byte G, byte B)[][] images) => images.Average(image => Enumerable.Range(0, 783).Where(i => i % 28 < 27).Average(i => Math.Abs(image[i].G - image[i + 1].G) / 255.0));

    private static double MeanDifference((byte R, byte G, byte B)[] one, (byte R, byte G, byte B)[] other) => one.Zip(other, (a, b) => Math.Abs(a.G - b.G) / 255.0).Average();
}
