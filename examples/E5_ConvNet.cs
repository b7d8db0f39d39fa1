// Program 5: the convolutional net. Three layers of filters, each followed by pooling, then two of products.
//
//     image    (B, 1, 28, 28)
//     layer 1  convolve  32 filters 3x3, full   (B, 32, 30, 30)    relu, pool 2   (B, 32, 15, 15)
//     layer 2  convolve  64 filters 3x3, valid  (B, 64, 13, 13)    relu, pool 2   (B, 64, 7, 7)
//     layer 3  convolve 128 filters 3x3, valid  (B, 128, 5, 5)     relu, pool 2   (B, 128, 3, 3) = (B, 1152)
//     layer 4  product with (1152, 625)                            relu           (B, 625)
//     output   product with (625, 10)                              softmax        (B, 10)
//
// with dropout behind each layer. The one thing to understand: pooling counts a last, partial window (ceil), else layer 2 would end at 6x6,
// layer 3 at 2x2, and the fourth matrix would have 512 rows. And it is a convolution: filters are flipped, as the original's are.
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>The convolutional net on MNIST.</summary>
public static class ConvNet
{
    /// <summary>Builds the program with fresh weights.</summary>
    public static MnistProgram Build(Init init)
    {
        var X = Input([Shape.Unknown, 1, 28, 28], "X");
        var Y = Matrix("Y");
        var w = Shared(init.Normal([32, 1, 3, 3], 0.01f), "w");
        var w2 = Shared(init.Normal([64, 32, 3, 3], 0.01f), "w2");
        var w3 = Shared(init.Normal([128, 64, 3, 3], 0.01f), "w3");
        var w4 = Shared(init.Normal([128 * 3 * 3, 625], 0.01f), "w4");
        var wO = Shared(init.Normal([625, 10], 0.01f), "wO");

        Tensor Model(Tensor x, float pConv, float pHidden)
        {
            var l1 = MaxPool2D(Relu(Conv2D(x, w, ConvMode.Full, flip: true)), (2, 2), ceil: true);
            l1 = Dropout(l1, pConv);
            var l2 = MaxPool2D(Relu(Conv2D(l1, w2, flip: true)), (2, 2), ceil: true);
            l2 = Dropout(l2, pConv);
            var l3 = MaxPool2D(Relu(Conv2D(l2, w3, flip: true)), (2, 2), ceil: true);
            l3 = Dropout(Flatten(l3), pConv);
            var l4 = Dropout(Relu(Dot(l3, w4)), pHidden);
            return ModernNet.SoftmaxByHand(Dot(l4, wO));
        }

        var cost = Mean(CategoricalCrossEntropy(Model(X, 0.2f, 0.5f), Y));

        return new MnistProgram(X, Y, cost,
            Updates: RmsProp(cost, [w, w2, w3, w4, wO], learningRate: 0.001f, rho: 0.9f, epsilon: 1e-6f),
            Prediction: ArgMax(Model(X, 0, 0), axis: 1),
            Parameters: [w, w2, w3, w4, wO]);
    }
}
