using System.Text.Json;

namespace MiniDL.Examples.Tests;

/// <summary>The nearest neighbours are the nearest, the vote is the one described, and the lecture reaches what is known of it.</summary>
[TestFixture]
public sealed class KnnLectureTests
{
    private static readonly Lazy<Mnist> s_data = new(() => Mnist.Load(Mnist.FindFolder(null)));

    [Test]
    public void The_product_finds_the_neighbours_that_differences_find()
    {
        const int Tests = 50, Training = 1_000, K = 5;
        Mnist data = s_data.Value;
        Tensor a = T.Matrix("a"), b = T.Matrix("b");
        using Device device = Device.Cpu();
        using Function distances = T.Function([a, b], KnnLecture.Distances(a, b), device: device);
        NDArray found = distances.Eval(data.TestImages.Rows(0, Tests), data.TrainImages.Rows(0, Training))[0];
        int decided = 0;
        for (int i = 0; i < Tests; i++)
        {
            double[] slow = [.. Enumerable.Range(0, Training).Select(j => SquaredDistance(data.TestImages.Rows(i, 1), data.TrainImages.Rows(j, 1)))];
            float[] fast = found.Rows(i, 1).Span<float>().ToArray();
            double worst = slow.Zip(fast, (one, other) => Math.Abs(one - other)).Aggregate(0.0, Math.Max);   // NaN stays NaN; Max() would pass over it
            Assert.That(!(worst <= 2e-4), Is.False, $"image {i}: {worst}");   // of squares that add up to about 100, in float32

            // Where the order could not be turned round by such a difference, it is the same; where two are equal, the earlier is the nearer.
            int[] expected = [.. Enumerable.Range(0, Training).OrderBy(j => slow[j]).ThenBy(j => j)];
            if (Enumerable.Range(0, K).Any(place => slow[expected[place + 1]] - slow[expected[place]] <= 4e-4)) continue;
            decided++;
            Assert.That(KnnLecture.Nearest(fast, K), Is.EqualTo(expected[..K]), $"image {i}");
        }
        Assert.That(decided, Is.GreaterThan(Tests * 9 / 10));
    }

    [TestCase(new float[] { 3, 1, 2, 0 }, 2, new[] { 3, 1 })]
    [TestCase(new float[] { 1, 0, 1, 0, 1 }, 4, new[] { 1, 3, 0, 2 }, Description = "of equal ones the earlier first")]
    [TestCase(new float[] { 5, 4 }, 3, new[] { 1, 0 }, Description = "all, if there are fewer")]
    public void Nearest_are_the_smallest_in_order(float[] distances, int k, int[] expected) => Assert.That(KnnLecture.Nearest(distances, k), Is.EqualTo(expected));

    [TestCase(new[] { 7, 3, 3 }, 3, 3)]
    [TestCase(new[] { 7, 3, 3 }, 1, 7)]
    [TestCase(new[] { 7, 3, 9 }, 3, 7, Description = "all tied: the nearest one's")]
    [TestCase(new[] { 7, 3, 9, 9, 3 }, 5, 3, Description = "two tied: the one that is met first")]
    [TestCase(new[] { 4 }, 5, 4, Description = "fewer than k vote")]
    public void Most_votes_win_and_ties_go_to_the_nearest(int[] labels, int k, int expected) =>
        Assert.That(KnnLecture.Vote([.. Enumerable.Range(0, labels.Length)], k, NDArray.From(labels, [labels.Length])), Is.EqualTo(expected));

    [Test]
    public void A_thousand_test_images_are_classified_as_well_as_is_known_and_errors_are_shown_with_their_neighbours()
    {
        using var folder = new LectureFolder();
        JsonElement figures = Lectures.Figures("knn", "--steps", "8", "--batch", "125", "--out", folder.Path);
        using (Assert.EnterMultipleScope())
        {
            // 94.6 % of 10,000; of the first 1,000 a standard deviation is 0.7.
            Assert.That(figures.GetProperty("test_images").GetInt32(), Is.EqualTo(1_000));
            Assert.That(figures.GetProperty("accuracy").GetDouble(), Is.InRange(92, 96.5));
            Assert.That(figures.GetProperty("accuracy_k5").GetDouble(), Is.InRange(92, 96.5));
            Assert.That(folder.Text("knn.html"), Does.Contain("data:image/png").And.Contain("10,000"));
        }

        // Ten errors: each a test image, black on white, and five training images, white on black. Ink covers a tenth to a fifth of an image.
        double[] light = [.. folder.Picture("knn-errors.png").Images(side: 28, scale: 2).Select(image => image.Average(pixel => pixel.G / 255.0))];
        Assert.That(light, Has.Length.EqualTo(60));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(light.Where((_, i) => i % 6 == 0), Is.All.InRange(0.7, 0.97));
            Assert.That(light.Where((_, i) => i % 6 != 0), Is.All.InRange(0.03, 0.3));
        }
    }

    // Ctrl-C before the first batch: nothing is known, and nothing fails.
    [Test]
    public void A_cancelled_run_ends_with_what_there_is()
    {
        using var folder = new LectureFolder();
        using var session = new Session(new Options(Out: folder.Path), new Terminal(TextWriter.Null), s_data.Value, new CancellationToken(canceled: true));
        JsonElement figures = JsonDocument.Parse(KnnLecture.Run(session, null)).RootElement;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(figures.GetProperty("test_images").GetInt32(), Is.Zero);
            Assert.That(figures.GetProperty("accuracy").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(folder.Names, Is.EqualTo(new[] { "knn.html" }));
        }
    }

    private static double SquaredDistance(NDArray a, NDArray b)
    {
        double sum = 0;
        for (int i = 0; i < a.Count; i++) sum += Math.Pow(a.ToDouble(i) - b.ToDouble(i), 2);
        return sum;
    }
}
