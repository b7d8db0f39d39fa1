using System.Text.Json;

namespace MiniDL.Examples.Tests;

/// <summary>Short forms of the lectures, and what they must come to.</summary>
[TestFixture]
public sealed class LectureTests
{
    private Mnist _data = null!;

    [OneTimeSetUp]
    public void Load() => _data = Mnist.Load(Mnist.FindFolder(null));

    [Test]
    public void Summary_counts_every_network_as_its_authors_do()
    {
        (int code, string output, _) = Lectures.Run("summary", "--json");
        JsonElement counts = Lectures.JsonLine(output).GetProperty("parameters");
        var expected = new Dictionary<string, long>
        {
            ["lenet"] = 1_199_882,
            ["keras_color"] = 433_354,
            ["dense_640x480"] = 921_601_000,
            ["vgg16"] = 138_357_544,
            ["resnet18"] = 11_689_512,
            ["resnet34"] = 21_797_672,
            ["resnet50"] = 25_557_032,
            ["resnet101"] = 44_549_160,
            ["resnet152"] = 60_192_808,
        };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.Zero);
            foreach ((string name, long parameters) in expected) Assert.That(counts.GetProperty(name).GetInt64(), Is.EqualTo(parameters), name);
        }
    }

    [Test]
    public void Summary_of_a_name_shows_its_layers()
    {
        (int code, string output, _) = Lectures.Run("summary", "vgg16", "--json");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.Zero);
            Assert.That(output, Does.Contain("conv2d_13").And.Contain("(?, 512, 14, 14)").And.Contain("102,764,544"));
            Assert.That(Lectures.JsonLine(output).GetProperty("parameters").EnumerateObject().Single().Value.GetInt64(), Is.EqualTo(138_357_544));
        }
    }

    [TestCase("summary vgg17", "there is no network 'vgg17'; there are lenet, ")]
    [TestCase("keras vgg16", "'vgg16' stands behind keras")]
    [TestCase("summary --save x.safetensors", "summary is not one training run")]
    public void What_is_not_there_is_wrong_usage(string line, string says)
    {
        (int code, _, string errors) = Lectures.Run(line.Split(' '));
        Assert.That((code, errors.Contains(says)), Is.EqualTo((2, true)), errors);
    }

    // After so few steps, far above guessing (10 %) with any seed.
    [TestCase("keras", 80, 80)]
    [TestCase("resnet", 200, 85)]
    public void A_few_steps_are_enough_to_see_that_it_learns(string name, int steps, double percent)
    {
        using var output = new StringWriter();
        var options = new Options(Steps: steps, Batch: 64) { Name = name };
        Mnist few = _data with { TestImages = _data.TestImages.Rows(0, 1000), TestLabels = _data.TestLabels.Rows(0, 1000), TestTargets = _data.TestTargets.Rows(0, 1000) };
        using var session = new Session(options, new Terminal(output), few);
        JsonElement result = JsonDocument.Parse(LectureList.Find(name)!.Run(session, null)).RootElement;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.GetProperty("steps").GetInt32(), Is.EqualTo(steps));
            Assert.That(result.GetProperty("accuracy").GetDouble(), Is.GreaterThan(percent));
        }
    }

    [Test]
    public void A_shift_moves_an_image_and_brings_in_black()
    {
        NDArray images = NDArray.Zeros([200, 1, 28, 28]);
        images.Span<float>().Fill(1);
        var random = new SplitMix64(seed: 1);
        ResNetLecture.ShiftImages(images, ref random);
        IEnumerable<float> left = Enumerable.Range(0, 200).Select(image => images.Rows(image, 1).Span<float>().ToArray().Sum()).Distinct();
        Assert.That(left, Is.EquivalentTo(new float[] { 28 * 28, 28 * 27, 28 * 26, 27 * 27, 27 * 26, 26 * 26 }), "every shift comes up, and nothing else");
    }

    [Test]
    public void A_shift_keeps_the_picture()
    {
        NDArray images = NDArray.Zeros([50, 1, 28, 28]);
        for (int image = 0; image < 50; image++) (images.Span<float>()[image * 784 + 10 * 28 + 12], images.Span<float>()[image * 784 + 11 * 28 + 14]) = (1, 2);
        var random = new SplitMix64(seed: 2);
        ResNetLecture.ShiftImages(images, ref random);
        var places = new HashSet<int>();
        for (int image = 0; image < 50; image++)
        {
            Span<float> pixels = images.Rows(image, 1).Span<float>();
            (int one, int two) = (pixels.IndexOf(1), pixels.IndexOf(2));
            Assert.That(two - one, Is.EqualTo(28 + 2), "both moved alike");
            places.Add(one - (10 * 28 + 12));
        }
        Assert.That(places, Is.SubsetOf(from down in Enumerable.Range(-2, 5) from right in Enumerable.Range(-2, 5) select 28 * down + right).And.Count.GreaterThan(10));
    }
}
