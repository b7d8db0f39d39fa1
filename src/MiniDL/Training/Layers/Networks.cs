// Networks that everybody knows, as layers: the small ones to train, the large ones to read and to summarise.
//
// The one thing to understand: a model is a method that returns a layer. What repeats is a method too, so that VGG16 is five lines, and ResNet-152 the lines of ResNet-50 with other numbers.
using static MiniDL.Layer;

namespace MiniDL;

/// <summary>Well-known networks. All return logits, one for each class.</summary>
/// <example><code>Console.Write(Summary.Of(Networks.ResNet(50), input: [3, 224, 224]).ToString(depth: 0));</code></example>
public static class Networks
{
    /// <summary>The multilayer perceptron of Keras' examples, for images of 784 pixels: 669,706 parameters.</summary>
    public static Layer KerasMlp(int classes = 10) => Sequential(Dense(512), Relu, Dropout(0.2f), Dense(512), Relu, Dropout(0.2f), Dense(classes));

    /// <summary>The convolutional net of Keras' examples, for (1, 28, 28): 320 + 18,496 + 1,179,776 + 1,290 = 1,199,882 parameters.</summary>
    public static Layer KerasCnn(int classes = 10) => Sequential(
        Conv2D(32, 3), Relu, Conv2D(64, 3), Relu, MaxPool2D(2), Dropout(0.25f),
        Flatten, Dense(128), Relu, Dropout(0.5f), Dense(classes));

    /// <summary>A small net for color images of (3, 28, 28): 433,354 parameters.</summary>
    public static Layer KerasColor(int classes = 10) => Sequential(
        Conv2D(32, 5), Relu, MaxPool2D(2), Conv2D(64, 3), Relu, MaxPool2D(2), Flatten, Dense(256), Relu, Dense(classes));

    /// <summary>LeNet-5 for (1, 32, 32), or (1, 28, 28) with padding 2 on the first layer, with max-pooling and relu as it is written today: 61,706 parameters.</summary>
    /// <remarks>LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", Proceedings of the IEEE 1998, section II.B; its layer C3 looks at
    /// some of the maps only, here at all.</remarks>
    public static Layer LeNet5(int classes = 10) => Sequential(
        Conv2D(6, 5, padding: 2), Relu, MaxPool2D(2), Conv2D(16, 5), Relu, MaxPool2D(2), Flatten, Dense(120), Relu, Dense(84), Relu, Dense(classes));

    /// <summary>VGG16 for (3, 224, 224): 138,357,544 parameters, 14,714,688 of them in convolutions.</summary>
    /// <remarks>K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015, table 1, configuration D.</remarks>
    public static Layer Vgg16(int classes = 1000) => Sequential(
    [
        .. VggBlock(64, 2), .. VggBlock(128, 2), .. VggBlock(256, 3), .. VggBlock(512, 3), .. VggBlock(512, 3),
        Flatten, Dense(4096), Relu, Dropout(0.5f), Dense(4096), Relu, Dropout(0.5f), Dense(classes),
    ]);

    private static Layer[] VggBlock(int filters, int convolutions) =>
        [.. Enumerable.Range(0, convolutions).SelectMany(_ => (Layer[])[Conv2D(filters, 3, ConvMode.Same), Relu]), MaxPool2D(2)];

    /// <summary>ResNet-18, -34, -50, -101 or -152 for (3, 224, 224): 11,689,512; 21,797,672; 25,557,032; 44,549,160; 60,192,808 parameters.</summary>
    /// <remarks>K. He et al., "Deep residual learning for image recognition", CVPR 2016, table 1. In a bottleneck that halves the image the 3 x 3 convolution does it, as is usual today.</remarks>
    /// <exception cref="ArgumentException">There is no ResNet of this depth in the table.</exception>
    public static Layer ResNet(int depth, int classes = 1000)
    {
        int[] blocks = depth switch
        {
            18 => [2, 2, 2, 2],
            34 or 50 => [3, 4, 6, 3],
            101 => [3, 4, 23, 3],
            152 => [3, 8, 36, 3],
            _ => throw new ArgumentException($"there is no ResNet-{depth}; there are 18, 34, 50, 101 and 152", nameof(depth)),
        };
        var layers = new List<Layer> { Conv(64, 7, stride: 2), BatchNorm(), Relu, MaxPool2D(3, stride: 2, padding: 1) };
        for (int stage = 0, channels = 64; stage < 4; stage++)
            for (int block = 0; block < blocks[stage]; block++)
            {
                int width = 64 << stage, stride = stage > 0 && block == 0 ? 2 : 1, after = depth < 50 ? width : 4 * width;
                Layer body = depth < 50 ? BasicBlock(width, stride) : Bottleneck(width, stride);
                layers.Add(Residual(body, channels == after && stride == 1 ? null : Sequential(Conv(after, 1, stride), BatchNorm())));
                layers.Add(Relu);
                channels = after;
            }
        return Sequential([.. layers, GlobalAvgPool2D, Dense(classes)]);
    }

    /// <summary>A residual net small enough to train on MNIST in minutes, for (1, 28, 28).</summary>
    /// <param name="width">Channels of the first stage; each later one has twice as many.</param>
    /// <param name="classes">Logits.</param>
    public static Layer SmallResNet(int width = 16, int classes = 10) => Sequential(
        Conv(width, 3), BatchNorm(), Relu,
        Residual(BasicBlock(width, 1)), Relu,
        Residual(BasicBlock(2 * width, 2), Sequential(Conv(2 * width, 1, stride: 2), BatchNorm())), Relu,
        Residual(BasicBlock(4 * width, 2), Sequential(Conv(4 * width, 1, stride: 2), BatchNorm())), Relu,
        GlobalAvgPool2D, Dense(classes));

    private static Layer BasicBlock(int width, int stride) => Sequential(Conv(width, 3, stride), BatchNorm(), Relu, Conv(width, 3), BatchNorm());

    private static Layer Bottleneck(int width, int stride) =>
        Sequential(Conv(width, 1), BatchNorm(), Relu, Conv(width, 3, stride), BatchNorm(), Relu, Conv(4 * width, 1), BatchNorm());

    // A convolution before batch normalisation, which takes any bias out again; the image keeps its size but for the stride.
    private static Layer Conv(int filters, int size, int stride = 1) =>
        Conv2D(filters, size, stride: stride, padding: size / 2, bias: false, first: (init, shape) => init.HeNormal(shape));
}
