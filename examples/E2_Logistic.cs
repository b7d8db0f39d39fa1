// Program 2: logistic regression. Ten weighted sums of the pixels, made into probabilities.
//
//     model      p = softmax(X w)                            X (B, 784), w (784, 10), p (B, 10)
//     cost       mean over the batch of -sum Y log p         Y (B, 10), one-hot
//     update     w' = w - 0.05 dcost/dw
//
// The one thing to understand: the step from the line to this is only one of shapes. A dot product for the product, a softmax so that the ten
// results are a distribution, and the cost that belongs to it.
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>softmax(X w) on MNIST.</summary>
public static class Logistic
{
    /// <summary>Builds the program with fresh weights.</summary>
    public static MnistProgram Build(Init init)
    {
        var X = Matrix("X");
        var Y = Matrix("Y");
        var w = Shared(init.Normal([784, 10], 0.01f), "w");

        var p = Softmax(Dot(X, w));
        var cost = Mean(CategoricalCrossEntropy(p, Y));
        var gradient = Grad(cost, w);

        return new MnistProgram(X, Y, cost,
            Updates: [(w, w - gradient * 0.05f)],
            Prediction: ArgMax(p, axis: 1),
            Parameters: [w]);
    }
}
