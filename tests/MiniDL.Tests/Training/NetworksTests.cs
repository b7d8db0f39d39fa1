namespace MiniDL.Tests.Training;

/// <summary>The well-known networks have exactly the parameters that their authors count.</summary>
[TestFixture]
public sealed class NetworksTests
{
    private static readonly TestCaseData<Func<Layer>, Shape, long>[] s_counts =
    [
        Case("Keras CNN", () => Networks.KerasCnn(), [1, 28, 28], 1_199_882),
        Case("Keras color", () => Networks.KerasColor(), [3, 28, 28], 433_354),
        Case("Keras MLP", () => Networks.KerasMlp(), [784], 669_706),   // 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10
        Case("LeNet-5", () => Networks.LeNet5(), [1, 28, 28], 61_706),
        Case("VGG16", () => Networks.Vgg16(), [3, 224, 224], 138_357_544),
        Case("ResNet-18", () => Networks.ResNet(18), [3, 224, 224], 11_689_512),
        Case("ResNet-34", () => Networks.ResNet(34), [3, 224, 224], 21_797_672),
        Case("ResNet-50", () => Networks.ResNet(50), [3, 224, 224], 25_557_032),
        Case("ResNet-101", () => Networks.ResNet(101), [3, 224, 224], 44_549_160),
        Case("ResNet-152", () => Networks.ResNet(152), [3, 224, 224], 60_192_808),
        Case("dense 640 x 480 x 3 -> 1000", () => Layer.Sequential(Layer.Flatten, Layer.Dense(1000)), [3, 480, 640], 921_601_000),
        Case("4 filters of 3 x 3 over 6 channels", () => Layer.Conv2D(4, 3), [6, 26, 26], 220),
        Case("4 filters of 5 x 5 over 3 channels", () => Layer.Conv2D(4, 5), [3, 28, 28], 304),
    ];

    private static TestCaseData<Func<Layer>, Shape, long> Case(string name, Func<Layer> net, Shape input, long parameters) => new TestCaseData<Func<Layer>, Shape, long>(net, input, parameters).SetArgDisplayNames(name);

    [TestCaseSource(nameof(s_counts))]
    public void Parameters_are_counted_without_being_allocated(Func<Layer> net, Shape input, long parameters)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Summary summary = Summary.Of(net(), input);
        Assert.That(summary.Parameters, Is.EqualTo(parameters));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(30_000_000), "symbols only");   // the symbols of 152 layers; their numbers would be 240 MB
    }

    /// <summary>The lectures' exercise: 32 (9 + 1), 64 (32 9 + 1), 128 (64 12 12 + 1), 10 (128 + 1).</summary>
    [Test]
    public void The_Keras_net_has_320_and_18496_and_1179776_and_1290_parameters() =>
        Assert.That(Summary.Of(Networks.KerasCnn(), [1, 28, 28]).Lines.Where(line => line.Parameters > 0).Select(line => line.Parameters), Is.EqualTo(new long[] { 320, 18_496, 1_179_776, 1_290 }));

    [Test]
    public void The_convolutions_of_Vgg16_are_a_tenth_of_it() =>
        Assert.That(Summary.Of(Networks.Vgg16(), [3, 224, 224]).Lines.Where(line => line.Kind == "conv2d").Sum(line => line.Parameters), Is.EqualTo(14_714_688));

    [Test]
    public void A_summary_shows_shapes_and_counts() => Assert.That(Summary.Of(Layer.Sequential(Layer.Conv2D(4, 3), Layer.Relu, Layer.Residual(Layer.Conv2D(4, 1)), Layer.Flatten, Layer.Dense(10)), [1, 6, 6]).ToString(), Is.EqualTo(
        """
        layer     output            parameters
        input     (?, 1, 6, 6)
        conv2d    (?, 4, 4, 4)              40
        relu      (?, 4, 4, 4)
        residual  (?, 4, 4, 4)
          conv2d  (?, 4, 4, 4)              20
        flatten   (?, 64)
        dense     (?, 10)                  650
        total                              710

        """.ReplaceLineEndings("\n")));
}
