// Program 4: the net of 2012. Two hidden layers of rectifiers, dropout, and RMSprop.
//
//     model      h = relu(X wH), h2 = relu(h wH2), p = softmax(h2 wO), with noise: dropout before each product
//     cost       mean over the batch of -sum Y log p
//     update     RMSprop, rate 0.001
//
// The one thing to understand: there are two models on the same weights. Training uses the noisy one; prediction the one with
// dropout 0, for which no node is built.
//
// The softmax is spelled by hand here, as in the talk. In float32 some p become exactly 0 after a dozen epochs, and 0 log 0 would poison
// everything; the compiler sees what was meant and takes the logarithm before the exponential (Rewrites/Stabilise.cs).
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>Two hidden layers with dropout on MNIST.</summary>
public static class ModernNet
{
    /// <summary>Builds the program with fresh weights.</summary>
    public static MnistProgram Build(Init init)
    {
        var X = Matrix("X");
        var Y = Matrix("Y");
        var wH = Shared(init.Normal([784, 625], 0.01f), "wH");
        var wH2 = Shared(init.Normal([625, 625], 0.01f), "wH2");
        var wO = Shared(init.Normal([625, 10], 0.01f), "wO");

        Tensor Model(Tensor x, float pInput, float pHidden)
        {
            x = Dropout(x, pInput);
            var h = Dropout(Relu(Dot(x, wH)), pHidden);
            var h2 = Dropout(Relu(Dot(h, wH2)), pHidden);
            return SoftmaxByHand(Dot(h2, wO));
        }

        var cost = Mean(CategoricalCrossEntropy(Model(X, 0.2f, 0.5f), Y));

        return new MnistProgram(X, Y, cost,
            Updates: RmsProp(cost, [wH, wH2, wO], learningRate: 0.001f, rho: 0.9f, epsilon: 1e-6f),
            Prediction: ArgMax(Model(X, 0, 0), axis: 1),
            Parameters: [wH, wH2, wO]);
    }

    /// <summary>exp(x - rowmax) / rowsum: the maximum is taken out so that no exponential overflows.</summary>
    public static Tensor SoftmaxByHand(Tensor x)
    {
        var e = Exp(x - DimShuffle(Max(x, axis: 1), [0, -1]));   // (B, 10) - (B, 1)
        return e / DimShuffle(Sum(e, axis: 1), [0, -1]);
    }
}
