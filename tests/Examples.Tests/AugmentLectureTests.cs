using System.Text.Json;
using MiniDL.Pictures.Tests;

namespace MiniDL.Examples.Tests;

/// <summary>On a few images shifts are worth more than noise, and noise more than nothing.</summary>
[TestFixture]
public sealed class AugmentLectureTests
{
    [Test]
    public void Shifted_images_teach_more_than_the_same_images_again()
    {
        using var folder = new LectureFolder();
        Mnist data = Mnist.Load(Mnist.FindFolder(null));
        data = data with { TestImages = data.TestImages.Rows(0, 5000), TestLabels = data.TestLabels.Rows(0, 5000), TestTargets = data.TestTargets.Rows(0, 5000) };
        using var output = new StringWriter();
        using var session = new Session(new Options(Epochs: 40, Out: folder.Path, Json: true) { Name = "augment" }, new Terminal(output), data);
        JsonElement right = JsonDocument.Parse(AugmentLecture.Run(session, null)).RootElement;
        (double plain, double dropped, double shifted, double both) = (Of("nothing"), Of("input_dropout"), Of("random_shifts"), Of("both"));
        string page = folder.Text("augment.html"), plot = folder.Text("augment-accuracy.svg");
        float[][] ink = Ink(PngReader.Read(File.ReadAllBytes(Path.Combine(folder.Path, "augment-examples.png"))));
        using (Assert.EnterMultipleScope())
        {
            // A standard error of the difference between two nets on 5,000 images is 0.5 points.
            Assert.That(shifted - plain, Is.GreaterThan(2.5));
            Assert.That(both - plain, Is.GreaterThan(1.5));
            Assert.That(shifted - dropped, Is.GreaterThan(1.5));
            Assert.That(plain, Is.InRange(80, 92), "a net without help learns, and a thousand images are few");
            // Rows of the picture: plain, dropped, shifted, both. A fifth of the ink is dropped; a shift keeps it all but for what leaves the frame.
            Assert.That(ink[1].Sum() / ink[0].Sum(), Is.EqualTo(0.8).Within(0.05));
            Assert.That(ink[2].Sum() / ink[0].Sum(), Is.EqualTo(1).Within(0.03));
            Assert.That(ink[3].Sum() / ink[0].Sum(), Is.EqualTo(0.8).Within(0.05));
            Assert.That(page, Does.Contain("random shifts").And.Contain("data:image/png;base64,"));
            Assert.That(plot.Split("<polyline").Length - 1, Is.EqualTo(4), "a line for each");
        }

        double Of(string name) => right.GetProperty(name).GetDouble();
    }

    // The number of bright pixels of each image, for the four rows of eight.
    private static float[][] Ink(PngReader.Image picture)
    {
        const int Cell = 3 * 28 + 1;
        Assert.That((picture.Width, picture.Height), Is.EqualTo((8 * Cell + 1, 4 * Cell + 1)));
        var ink = new float[4][];
        for (int row = 0; row < 4; row++)
        {
            ink[row] = new float[8];
            for (int y = row * Cell + 1; y < (row + 1) * Cell; y++)
                for (int x = 0; x < picture.Width; x++)
                    if (picture.Pixels[3 * (y * picture.Width + x)] > 100) ink[row][Math.Min(7, x / Cell)]++;
        }
        return ink;
    }

    [Test]
    public void In_use_the_net_has_no_noise()
    {
        var model = new Model(AugmentLecture.Net(drop: 0.2f), input: [1, 28, 28], new Init(seed: 1));
        Tensor x = T.Input([Shape.Unknown, 1, 28, 28], "x");
        using Device device = Device.Cpu(threads: 1);
        using Function use = T.Function([x], model.Use(x), device: device, seed: 1), train = T.Function([x], model.Train(x).Output, device: device, seed: 1);
        NDArray image = new Init(seed: 2).Uniform([1, 1, 28, 28], 0, 1);
        float[][] Twice(Function f) => [f.Eval(image)[0].Span<float>().ToArray(), f.Eval(image)[0].Span<float>().ToArray()];
        (float[][] used, float[][] trained) = (Twice(use), Twice(train));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(used[1], Is.EqualTo(used[0]));
            Assert.That(trained[1], Is.Not.EqualTo(trained[0]), "in training every step has noise of its own");
        }
    }
}
