// Program 3: the net of the 1980s. One hidden layer of sigmoids, plain gradient descent.
//
//     model      h = sigmoid(X wH), p = softmax(h wO)        wH (784, 625), wO (625, 10)
//     cost       mean over the batch of -sum Y log p
//     update     each parameter goes down its gradient
//
// The one thing to understand: nothing was derived by hand for the second layer. Grad follows the graph from the cost to both matrices.
//
// It is run twice. The talk prints a learning rate of 0.05 and claims 98.4% after 100 epochs; with that rate the program reaches 95.75%
// there, because a gradient that comes through two saturating layers from weights of size 0.01 is small. With a rate of 0.5 the
// same program is at 98.1% after 60 epochs.
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>softmax(sigmoid(X wH) wO) on MNIST.</summary>
public static class OldNet
{
    /// <summary>Builds the program with fresh weights.</summary>
    public static MnistProgram Build(Init init, float learningRate)
    {
        var X = Matrix("X");
        var Y = Matrix("Y");
        var wH = Shared(init.Normal([784, 625], 0.01f), "wH");
        var wO = Shared(init.Normal([625, 10], 0.01f), "wO");

        var h = Sigmoid(Dot(X, wH));
        var p = Softmax(Dot(h, wO));
        var cost = Mean(CategoricalCrossEntropy(p, Y));

        return new MnistProgram(X, Y, cost,
            Updates: Sgd(cost, [wH, wO], learningRate),
            Prediction: ArgMax(p, axis: 1),
            Parameters: [wH, wO]);
    }
}
