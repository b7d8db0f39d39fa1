using System.Text.Json;

namespace MiniDL.Examples.Tests;

/// <summary>What is learned is smooth, what never sees ink never changes, and the pictures show just that.</summary>
[TestFixture]
public sealed class FeaturesLectureTests
{
    private static readonly (byte, byte, byte) s_white = (255, 255, 255), s_red = (178, 24, 43), s_blue = (33, 102, 172);
    private static readonly Lazy<Mnist> s_data = new(() => Mnist.Load(Mnist.FindFolder(null)));

    [Test]
    public void Noise_is_not_smooth_and_a_slope_is()
    {
        NDArray slope = NDArray.Zeros([784, 2]);
        for (int i = 0; i < 784; i++) (slope.Span<float>()[2 * i], slope.Span<float>()[2 * i + 1]) = (i % 28 - 13.5f, 13.5f - i / 28);
        NDArray board = NDArray.Zeros([784, 1]);
        for (int i = 0; i < 784; i++) board.Span<float>()[i] = (i / 28 + i % 28) % 2 == 0 ? 1 : -1;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FeaturesLecture.Smoothness(new Init(seed: 3).Normal([784, 50], 1)), Is.EqualTo(0).Within(4 / Math.Sqrt(2 * 784 * 50)));   // four standard deviations
            Assert.That(FeaturesLecture.Smoothness(slope), Is.GreaterThan(0.95));
            Assert.That(FeaturesLecture.Smoothness(board), Is.EqualTo(-1).Within(1e-6));
        }
    }

    [Test]
    public void Pixels_are_always_black_only_if_no_image_has_ink_there()
    {
        NDArray images = NDArray.Zeros([2, 784]);
        images.Span<float>().Fill(1);
        (images.Span<float>()[5], images.Span<float>()[784 + 5], images.Span<float>()[784 + 9]) = (0, 0, 0);
        Assert.That(FeaturesLecture.AlwaysBlack(images), Is.EqualTo(new[] { 5 }));
    }

    // Gradient descent, momentum-free, and RMSprop alike: a gradient of 0 moves nothing.
    [TestCase("logistic", 100, 0.6)]
    [TestCase("old-0.5", 100, 0.3)]
    [TestCase("modern", 100, 0.3)]
    public void Training_makes_weights_smooth_and_leaves_those_that_see_no_ink_as_they_were(string name, int steps, double smooth)
    {
        MnistProgram program = Progression.Mnist.Single(chapter => chapter.Name == name).Build(new Init(seed: 1));
        NDArray before = program.Parameters[0].Value;
        using Device device = Device.Cpu();
        using (var trainer = new Trainer(program, s_data.Value, device, batch: 128, seed: 1))
            for (int step = 0; step < steps; step++) trainer.Train(step);
        NDArray after = program.Parameters[0].Value;
        int[] black = FeaturesLecture.AlwaysBlack(s_data.Value.TrainImages);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FeaturesLecture.Smoothness(before), Is.EqualTo(0).Within(0.05));
            Assert.That(FeaturesLecture.Smoothness(after), Is.GreaterThan(smooth));
            Assert.That(black, Has.Length.EqualTo(67).And.Contains(0).And.Contains(783));
            foreach (int pixel in black) Assert.That(Row(after, pixel), Is.EqualTo(Row(before, pixel)), $"pixel {pixel}");
            Assert.That(Row(after, 14 * 28 + 14), Is.Not.EqualTo(Row(before, 14 * 28 + 14)), "the middle has moved");
        }
    }

    [Test]
    public void The_convnets_maps_are_those_that_lead_to_its_answer()
    {
        (MnistProgram net, Tensor[] maps) = FeaturesLecture.ConvNet(new Init(seed: 1));
        Shared last = net.Parameters[^1];
        using Device device = Device.Reference();
        using Function see = T.Function([net.X], [.. maps, net.Prediction, T.ArgMax(T.Dot(T.Flatten(maps[^1]), last), axis: 1)], device: device);
        NDArray[] seen = see.Eval(s_data.Value.TestImages.Rows(0, 2).Reshape([2, 1, 28, 28]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(seen.Take(4).Select(map => map.Shape.Dims.ToArray()), Is.EqualTo(new int[][] { [2, 16, 24, 24], [2, 16, 12, 12], [2, 32, 10, 10], [2, 32, 5, 5] }));
            Assert.That(seen[4].Span<int>().ToArray(), Is.EqualTo(seen[5].Span<int>().ToArray()));
        }
    }

    [Test]
    public void A_short_run_writes_every_picture_in_the_size_and_the_colors_it_says()
    {
        using var folder = new LectureFolder();
        JsonElement figures = Lectures.Figures("features", "--steps", "80", "--out", folder.Path);
        var noise = folder.Picture("features-logistic-before.png").Images(side: 28, scale: 3);
        var weights = folder.Picture("features-logistic-after.png").Images(side: 28, scale: 3);
        var windows = folder.Picture("features-patterns.png").Images(side: 5, scale: 10, margin: 2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(figures.GetProperty("logistic_accuracy").GetDouble(), Is.InRange(80, 93));
            Assert.That(figures.GetProperty("convnet_accuracy").GetDouble(), Is.InRange(85, 99));
            Assert.That(figures.GetProperty("logistic_correlation").GetDouble(), Is.InRange(0.6, 1));

            // One range for all ten: only one of them reaches full color, and at the edge, where noise of 0.01 stayed, it is nearly white.
            Assert.That((noise.Length, weights.Length), Is.EqualTo((10, 10)));
            Assert.That(weights.Count(image => image.Contains(s_red) || image.Contains(s_blue)), Is.InRange(1, 2));
            Assert.That(weights.Select(image => Distance(image[0], s_white)).Average(), Is.LessThan(0.5 * noise.Select(image => Distance(image[0], s_white)).Average()));

            // Sixteen filters, six windows of the test images below each.
            Assert.That(folder.Picture("features-filters.png").Images(side: 5, scale: 10, margin: 2), Has.Length.EqualTo(16));
            Assert.That(windows, Has.Length.EqualTo(6 * 16));
            Assert.That(windows.SelectMany(window => window), Is.All.Matches<(byte R, byte G, byte B)>(pixel => pixel.R == pixel.G && pixel.G == pixel.B));

            // And a digit's maps, layer by layer.
            Assert.That(folder.Picture("features-input.png").Images(side: 28, scale: 4), Has.Length.EqualTo(1));
            Assert.That(folder.Picture("features-convolution-1.png").Images(side: 24, scale: 3), Has.Length.EqualTo(16));
            Assert.That(folder.Picture("features-pool-1.png").Images(side: 12, scale: 6), Has.Length.EqualTo(16));
            Assert.That(folder.Picture("features-convolution-2.png").Images(side: 10, scale: 7), Has.Length.EqualTo(32));
            Assert.That(folder.Picture("features-pool-2.png").Images(side: 5, scale: 14), Has.Length.EqualTo(32));
        }
    }

    [Test]
    public void A_cancelled_run_shows_the_nets_as_they_are()
    {
        using var folder = new LectureFolder();
        using var session = new Session(new Options(Out: folder.Path), new Terminal(TextWriter.Null), s_data.Value, new CancellationToken(canceled: true));
        double smooth = JsonDocument.Parse(FeaturesLecture.Run(session, null)).RootElement.GetProperty("logistic_correlation").GetDouble();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(smooth, Is.EqualTo(0).Within(0.05), "noise as it was");
            Assert.That(folder.Picture("features-logistic-after.png").Bytes, Is.EqualTo(folder.Picture("features-logistic-before.png").Bytes));
        }
    }

    private static float[] Row(NDArray weights, int pixel) => weights.Rows(pixel, 1).Span<float>().ToArray();

    private static double Distance((byte R, byte G, byte B) one, (byte R, byte G, byte B) other) => Math.Abs(one.R - other.R) + Math.Abs(one.G - other.G) + Math.Abs(one.B - other.B);
}
