using static MiniDL.Layer;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Training.Layers;

/// <summary>Sizes of convolutions and poolings by the arithmetic of the lectures, (N - F + 2P) / S + 1; and what a filter sees.</summary>
[TestFixture]
public sealed class ConvolutionTests
{
    // Worked out by hand: size N, filter F, stride S, and the size that comes out.
    [TestCase(28, 3, ConvMode.Valid, 1, 26)]
    [TestCase(28, 5, ConvMode.Valid, 1, 24)]
    [TestCase(7, 3, ConvMode.Valid, 2, 3)]
    [TestCase(7, 3, ConvMode.Valid, 3, 2)]      // 4 / 3 + 1: the last column is left over
    [TestCase(227, 11, ConvMode.Valid, 4, 55)]
    [TestCase(28, 3, ConvMode.Same, 1, 28)]
    [TestCase(28, 4, ConvMode.Same, 1, 28)]     // an even filter: one more pixel at the end
    [TestCase(28, 5, ConvMode.Same, 2, 14)]
    [TestCase(27, 3, ConvMode.Same, 2, 14)]     // ceil(27 / 2)
    [TestCase(28, 3, ConvMode.Full, 1, 30)]
    [TestCase(28, 5, ConvMode.Full, 1, 32)]
    [TestCase(28, 3, ConvMode.Full, 2, 15)]     // (28 - 3 + 4) / 2 + 1
    public void A_mode_of_padding_gives_the_size_of_the_table(int size, int filter, ConvMode mode, int stride, int expected) =>
        Assert.That(OutputOf(Conv2D(2, filter, mode, stride), [1, size, size]), Is.EqualTo(Shape.Create([Shape.Unknown, 2, expected, expected])));

    [TestCase(28, 5, 2, 1, 28)]
    [TestCase(224, 7, 3, 2, 112)]   // the first layer of a ResNet
    [TestCase(32, 5, 0, 1, 28)]     // of LeNet
    [TestCase(10, 3, 1, 3, 4)]
    public void Padding_in_pixels_gives_the_size_of_the_table(int size, int filter, int padding, int stride, int expected) =>
        Assert.That(OutputOf(Conv2D(2, filter, stride: stride, padding: padding), [1, size, size]), Is.EqualTo(Shape.Create([Shape.Unknown, 2, expected, expected])));

    [Test]
    public void The_size_is_that_of_the_formula_and_what_is_computed_has_it()
    {
        using (Assert.EnterMultipleScope())
            foreach (int n in new[] { 5, 8, 9 })
                foreach (int f in new[] { 1, 2, 3, 5 })
                    foreach (int p in new[] { 0, 1, 2 })
                        foreach (int s in new[] { 1, 2, 3 })
                        {
                            int expected = (int)Math.Floor((n - f + 2.0 * p) / s) + 1;
                            Model model = Nets.Model(Conv2D(1, f, stride: s, padding: p), [1, n, n]);
                            Assert.That(model.Used(NDArray.Zeros([2, 1, n, n])).Shape, Is.EqualTo(Shape.Create([2, 1, expected, expected])), $"N {n}, F {f}, P {p}, S {s}");
                        }
    }

    [Test]
    public void Four_filters_of_3_over_6_channels_of_26_give_4_maps_of_24_with_220_parameters() =>
        AssertArithmetic(Conv2D(4, 3), [6, 26, 26], [Shape.Unknown, 4, 24, 24], 220);

    [Test]
    public void Four_filters_of_5_over_3_channels_of_28_give_4_maps_of_24_with_304_parameters() =>
        AssertArithmetic(Conv2D(4, 5), [3, 28, 28], [Shape.Unknown, 4, 24, 24], 304);

    private static void AssertArithmetic(Layer layer, Shape input, Shape output, long parameters)
    {
        Summary summary = Summary.Of(layer, input);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(summary.Lines[^1].Output, Is.EqualTo(output));
            Assert.That(summary.Parameters, Is.EqualTo(parameters));
        }
    }

    [Test]
    public void A_filter_sums_over_all_channels_of_its_window_and_adds_its_bias()
    {
        Model model = Nets.Model(Conv2D(2, 2), [3, 2, 2]);
        model.Set("conv2d.filters", [.. Enumerable.Range(0, 24).Select(i => i < 12 ? 1f : i)]);
        model.Set("conv2d.bias", 100, 1000);
        // Channels of ones, twos and threes: 4 (1 + 2 + 3) = 24; and 12 + 13 + 14 + 15 + 2 (16 + ... + 19) + 3 (20 + ... + 23) = 54 + 140 + 258.
        NDArray image = Arr([1, 3, 2, 2], 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
        Assert.That(model.Used(image).Doubles(), Is.EqualTo(new[] { 124, 1000.0 + 54 + 140 + 258 }));
    }

    [TestCase(13, 2, false, 6)]
    [TestCase(13, 2, true, 7)]
    [TestCase(5, 2, true, 3)]
    [TestCase(28, 2, true, 14)]
    public void Pooling_says_whether_a_partial_window_counts(int size, int window, bool ceil, int expected)
    {
        using (Assert.EnterMultipleScope())
            foreach (Layer pool in (Layer[])[MaxPool2D(window, ceil: ceil), AvgPool2D(window, ceil: ceil)])
                Assert.That(OutputOf(pool, [1, size, size]), Is.EqualTo(Shape.Create([Shape.Unknown, 1, expected, expected])), pool.Kind);
    }

    [Test]
    public void A_hierarchy_of_poolings_goes_from_27_to_9_to_3()
    {
        Summary summary = Summary.Of(Sequential(MaxPool2D(3), MaxPool2D(3)), [1, 27, 27]);
        Assert.That(summary.Lines.Select(line => line.Output[2]), Is.EqualTo(new[] { 9, 3 }));
    }

    [Test]
    public void The_global_average_is_one_number_for_each_map()
    {
        Model model = Nets.Model(GlobalAvgPool2D, [2, 2, 2]);
        Assert.That(model.Used(Arr([1, 2, 2, 2], 1, 2, 3, 4, 10, 10, 10, 30)).Doubles(), Is.EqualTo(new[] { 2.5, 15 }));
    }

    [Test]
    public void Channels_last_become_channels_first_and_back()
    {
        // Two pixels of three colors: 0 1 2 and 3 4 5.
        NDArray last = Counting([1, 1, 2, 3]);
        NDArray first = Nets.Model(ChannelsFirst, [1, 2, 3]).Used(last), back = Nets.Model(Sequential(ChannelsFirst, ChannelsLast), [1, 2, 3]).Used(last);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Shape, Is.EqualTo(Shape.Create([1, 3, 1, 2])));
            Assert.That(first.Doubles(), Is.EqualTo(new double[] { 0, 3, 1, 4, 2, 5 }));
            Assert.That(back.Shape, Is.EqualTo(last.Shape));
            Assert.That(back.Doubles(), Is.EqualTo(last.Doubles()));
        }
    }

    [Test]
    public void A_net_sees_the_same_image_in_either_layout()
    {
        NDArray first = new Init(seed: 5).Normal([2, 3, 6, 5], 1), last = Nets.Model(ChannelsLast, [3, 6, 5]).Used(first);
        Layer net = Sequential(Conv2D(4, 3), Relu);
        Assert.That(Nets.Model(Sequential(ChannelsFirst, net), [6, 5, 3]).Used(last).Doubles(), Is.EqualTo(Nets.Model(net, [3, 6, 5]).Used(first).Doubles()));
    }

    [Test]
    public void A_filter_larger_than_the_image_is_refused_where_it_happens() =>
        Assert.That(() => Nets.Model(Sequential(MaxPool2D(2), Conv2D(4, 3), Relu, Conv2D(4, 5)), [1, 12, 12]),
            Throws.TypeOf<GraphException>().With.Message.Contains("layer conv2d_2").And.Message.Contains("5x5").And.Message.Contains("(?, 4, 4, 4)"));

    private static Shape OutputOf(Layer layer, Shape input) => Summary.Of(layer, input).Lines[^1].Output;
}
