using System.Text.Json;
using System.Xml.Linq;
using static MiniDL.Examples.ImageKernelsLecture;

namespace MiniDL.Examples.Tests;

/// <summary>What filters answer, worked out by hand; and the lecture's files.</summary>
[TestFixture]
public sealed class ImageKernelsLectureTests
{
    private readonly Device _device = Devices.Open(new Options());

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    /// <summary>Rows 0, 1, 2 are 0 and rows 3, 4, 5 are 1. The top-edge filter takes 1 + 2 + 1 = 4 times the row below its middle from 4 times the row above it. Its middle lies on rows 1 to 4: there it has
    /// 4 (0 - 0), 4 (1 - 0), 4 (1 - 0) and 4 (1 - 1).</summary>
    [Test]
    public void Of_a_horizontal_step_the_top_edge_filter_sees_the_two_rows_at_it_and_nothing_else()
    {
        float[] answers = Numbers(Apply(Step(horizontal: true), TopEdge, _device, ConvMode.Valid));
        Assert.That(answers, Is.EqualTo(new float[] { 0, 0, 0, 4, 4, 4, 4, 4, 4, 0, 0, 0 }));
    }

    [Test]
    public void Of_a_horizontal_step_the_right_edge_filter_sees_nothing() => Assert.That(Numbers(Apply(Step(horizontal: true), RightEdge, _device, ConvMode.Valid)), Is.All.Zero);

    /// <summary>Columns 0, 1 are 1 and columns 2, 3, 4 are 0: bright at the left of the middle, dark at its right. Middles lie on columns 1, 2, 3: 4 (1 - 0), 4 (1 - 0), 4 (0 - 0).</summary>
    [Test]
    public void A_right_edge_is_bright_at_the_left_and_dark_at_the_right()
    {
        float[] answers = Numbers(Apply(Step(horizontal: false), RightEdge, _device, ConvMode.Valid));
        Assert.That(answers, Is.EqualTo(Enumerable.Repeat(new float[] { 4, 4, 0 }, 4).SelectMany(row => row)));
    }

    /// <summary>Sobel's filter turned by half a turn is its own negative: convolution and correlation disagree in sign everywhere.</summary>
    [Test]
    public void Turned_around_the_detector_of_top_edges_is_one_of_bottom_edges()
    {
        float[] as_is = Numbers(Apply(Step(horizontal: true), TopEdge, _device, ConvMode.Valid)), turned = Numbers(Apply(Step(horizontal: true), TopEdge, _device, ConvMode.Valid, flip: true));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(turned, Is.EqualTo(as_is.Select(value => -value)));
            Assert.That(as_is.Max(), Is.EqualTo(4), "there is something to disagree on");
        }
    }

    /// <summary>Each pixel comes into a full output once for each weight, so the sums multiply. Filters whose weights add up to 1 keep the mean brightness; Sobel's add up to 0.</summary>
    [TestCaseSource(nameof(Sums))]
    public void The_answers_sum_is_the_images_times_the_weights(Kernel kernel, double sumOfWeights)
    {
        NDArray image = Noise(12, 9);
        double sum = Numbers(image).Sum(), answered = Numbers(Apply(image, kernel, _device, ConvMode.Full)).Sum();
        Assert.That(answered, Is.EqualTo(sumOfWeights * sum).Within(1e-4));
        Assert.That(sum, Is.GreaterThan(10), "the image is not empty");
    }

    private static IEnumerable<TestCaseData> Sums() =>
        from one in ((Kernel, double)[])[(Identity, 1), (Blur, 1), (Blur5, 1), (Sharpen, 1), (TopEdge, 0), (RightEdge, 0)]
        select new TestCaseData(one.Item1, one.Item2).SetArgDisplayNames(one.Item1.Name);

    [Test]
    public void The_identity_changes_nothing()
    {
        NDArray image = Noise(7, 8);
        Assert.That(Numbers(Apply(image, Identity, _device)), Is.EqualTo(Numbers(image)));
    }

    /// <summary>A row of the step: 1 1 0 0 0. Sharpened, five times a pixel less its four neighbours, the bright pixel at the edge has 5 - 1 - 1 - 1 - 0 = 2 and the dark one 0 - 0 - 0 - 1 - 0 = -1.</summary>
    [Test]
    public void Sharpening_overshoots_on_both_sides_of_an_edge() =>
        Assert.That(Numbers(Apply(Step(horizontal: false), Sharpen, _device, ConvMode.Valid)), Is.EqualTo(Enumerable.Repeat(new float[] { 2, -1, 0 }, 4).SelectMany(row => row)));

    /// <summary>The sums of a 5 x 5 filter run over 0..4. The filter here has 25 different weights, so that one left out or counted twice would show.</summary>
    [TestCase(3, false)]
    [TestCase(5, false)]
    [TestCase(5, true)]
    public void The_formula_is_what_the_op_computes(int side, bool flip)
    {
        var kernel = new Kernel("ascending", [.. Enumerable.Range(1, side * side).Select(k => (float)k / side)]);
        NDArray image = Noise(11, 13);
        Kernel slid = flip ? kernel with { Weights = [.. kernel.Weights.Reverse()] } : kernel;
        float[] byFormula = ByFormula(image.Span<float>(), 11, 13, slid), byOp = Numbers(Apply(image, kernel, _device, ConvMode.Valid, flip: flip));
        Assert.That(byOp, Has.Length.EqualTo((11 - side + 1) * (13 - side + 1)));
        Assert.That(byFormula, Is.EqualTo(byOp).Within(1e-4));   // of sums up to 60
    }

    [Test]
    public void The_lecture_writes_pictures_that_are_red_where_the_filter_agrees()
    {
        using var folder = new LectureFolder();
        JsonElement figures = Lectures.Figures("imagekernels", "--seed", "4", "--out", folder.Path);

        // Test image 6 = seed 4 + 2, each pixel a square of 7.
        Mnist data = Mnist.Load(Mnist.FindFolder(null));
        float[] answers = Numbers(Apply(data.TestImages.Rows(6, 1).Reshape([1, 1, 28, 28]), TopEdge, _device));
        LectureFolder.Pixels picture = folder.Picture("imagekernels-top-edges.png");
        XDocument grid = XDocument.Parse(folder.Text("imagekernels-grid.svg"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That((picture.Width, picture.Height), Is.EqualTo((28 * 7, 28 * 7)));
            for (int i = 0; i < answers.Length; i++)
            {
                int redness = picture[i % 28 * 7 + 3, i / 28 * 7 + 3].R - picture[i % 28 * 7 + 3, i / 28 * 7 + 3].B;
                Assert.That(Math.Sign(redness), Is.EqualTo(Math.Abs(answers[i]) < 0.05 ? Math.Sign(redness) : Math.Sign(answers[i])), $"pixel {i}");
            }
            Assert.That(answers.Count(answer => answer > 1), Is.GreaterThan(10), "there are top edges");
            Assert.That(grid.Descendants().Count(element => element.Name.LocalName == "image"), Is.EqualTo(8));
            Assert.That(grid.Descendants().Select(element => element.Value), Does.Contain("sharpen").And.Contain("top edges, filter turned"));
            Assert.That(folder.Text("imagekernels.html").Length, Is.GreaterThan(10_000));
            Assert.That(figures.GetProperty("image").GetInt32(), Is.EqualTo(6));
            Assert.That(figures.GetProperty("strongest_top_edge").GetDouble(), Is.EqualTo(answers.Max()).Within(1e-6));
            Assert.That(figures.GetProperty("turned_sobel").GetDouble(), Is.EqualTo(2 * answers.Max(Math.Abs)).Within(1e-5));
            Assert.That(figures.GetProperty("turned_blur").GetDouble(), Is.Zero.Within(1e-6));
        }
    }

    // (1, 1, 6, 5): dark above and bright below; or bright at the left, two columns, and dark at the right.
    private static NDArray Step(bool horizontal) => NDArray.From([.. Enumerable.Range(0, 30).Select(i => (horizontal ? i / 5 >= 3 : i % 5 < 2) ? 1f : 0f)], [1, 1, 6, 5]);

    private static NDArray Noise(int height, int width) => new Init(seed: 3).Uniform([1, 1, height, width], 0, 1);

    private static float[] Numbers(NDArray array) => array.Span<float>().ToArray();
}
