// The models of the progression as the tests of lowering, executor and modes build them: at full size where stages are counted or
// times taken, smaller where the float64 reference has to follow.
using static MiniDL.T;

namespace MiniDL.Tests.Lowering;

/// <summary>A training step in the making: what goes into a function.</summary>
internal sealed record TrainingStep(Tensor X, Tensor Y, Tensor Cost, Tensor Predicted, Shared[] Parameters, Update[] Updates, Shape XShape, Shape YShape)
{
    /// <summary>The step as a function.</summary>
    public Function Compile(Device device, Mode mode = Mode.Fast, ulong seed = 1) => T.Function([X, Y], Cost, Updates, device: device, mode: mode, seed: seed);

    /// <summary>The program for the shapes of the model.</summary>
    public Program Lower(Device device)
    {
        using Function function = Compile(device);
        function.Compile(XShape, YShape);
        return function.Program!;
    }

    /// <summary>A batch of made images in 0..1 with one-hot labels.</summary>
    public (NDArray X, NDArray Y) Batch(int seed)
    {
        var random = new Random(seed);
        NDArray x = NDArray.Zeros(XShape), y = NDArray.Zeros(YShape);
        if (XShape.Rank == 0) return (random.NextSingle(), 2 * random.NextSingle());
        foreach (ref float pixel in x.Span<float>()) pixel = random.NextDouble() < 0.6 ? 0 : random.NextSingle();
        for (int row = 0; row < YShape[0]; row++) y.Span<float>()[row * YShape[1] + random.Next(YShape[1])] = 1;
        return (x, y);
    }
}

internal static class Models
{
    public const int Classes = 10;

    public static TrainingStep ByName(string name) => name switch
    {
        "linear" => Linear(),
        "logistic" => Logistic(),
        "old" => Old(),
        "modern" => Modern(),
        _ => Conv(),
    };

    /// <summary>The same five, small enough for the reference to follow.</summary>
    public static TrainingStep SmallByName(string name) => name switch
    {
        "linear" => Linear(),
        "logistic" => Logistic(batch: 8, pixels: 20),
        "old" => Old(batch: 8, pixels: 20, hidden: 12),
        "modern" => Modern(batch: 8, pixels: 20, hidden: 12),
        _ => Conv(batch: 3, side: 12, channels: 4, hidden: 12),
    };

    /// <summary>y = w x for one point, by gradient descent on the squared error.</summary>
    public static TrainingStep Linear()
    {
        Tensor X = Scalar("X"), Y = Scalar("Y");
        Shared w = Shared(NDArray.Scalar(0f), "w");
        Tensor predicted = X * w;
        Tensor cost = Mean(Square(predicted - Y));
        return new TrainingStep(X, Y, cost, predicted, [w], Sgd(cost, [w], 0.01f), [], []);
    }

    /// <summary>softmax(X W), gradient descent.</summary>
    public static TrainingStep Logistic(int batch = 128, int pixels = 784)
    {
        Tensor X = Matrix("X"), Y = Matrix("Y");
        Shared w = Shared(new Init(1).Normal([pixels, Classes], 0.01f), "w");
        Tensor predicted = Softmax(Dot(X, w));
        Tensor cost = Mean(CategoricalCrossEntropy(predicted, Y));
        return new TrainingStep(X, Y, cost, predicted, [w], Sgd(cost, [w], 0.05f), [batch, pixels], [batch, Classes]);
    }

    /// <summary>One sigmoid layer, gradient descent.</summary>
    public static TrainingStep Old(int batch = 128, int pixels = 784, int hidden = 625)
    {
        Tensor X = Matrix("X"), Y = Matrix("Y");
        var init = new Init(1);
        Shared wH = Shared(init.Normal([pixels, hidden], 0.01f), "wH"), wO = Shared(init.Normal([hidden, Classes], 0.01f), "wO");
        Tensor predicted = Softmax(Dot(Sigmoid(Dot(X, wH)), wO));
        Tensor cost = Mean(CategoricalCrossEntropy(predicted, Y));
        return new TrainingStep(X, Y, cost, predicted, [wH, wO], Sgd(cost, [wH, wO], 0.05f), [batch, pixels], [batch, Classes]);
    }

    /// <summary>Two relu layers with dropout, RMSprop.</summary>
    public static TrainingStep Modern(int batch = 128, int pixels = 784, int hidden = 625)
    {
        Tensor X = Matrix("X"), Y = Matrix("Y");
        var init = new Init(1);
        Shared wH = Shared(init.Normal([pixels, hidden], 0.01f), "wH"), wH2 = Shared(init.Normal([hidden, hidden], 0.01f), "wH2"), wO = Shared(init.Normal([hidden, Classes], 0.01f), "wO");
        Tensor h = Dropout(Relu(Dot(Dropout(X, 0.2f), wH)), 0.5f);
        Tensor h2 = Dropout(Relu(Dot(h, wH2)), 0.5f);
        Tensor predicted = Softmax(Dot(h2, wO));
        Tensor cost = Mean(CategoricalCrossEntropy(predicted, Y));
        return new TrainingStep(X, Y, cost, predicted, [wH, wH2, wO], RmsProp(cost, [wH, wH2, wO], 0.001f), [batch, pixels], [batch, Classes]);
    }

    /// <summary>Three convolutions with pooling, one relu layer, dropout, softmax spelled by hand, RMSprop.</summary>
    public static TrainingStep Conv(int batch = 128, int side = 28, int channels = 32, int hidden = 625)
    {
        Tensor X = Tensor4("X"), Y = Matrix("Y");
        var init = new Init(1);
        int afterFirst = (side + 2) / 2, afterSecond = (afterFirst - 2 + 1) / 2, afterThird = (afterSecond - 2 + 1) / 2, features = 4 * channels * afterThird * afterThird;
        Shared w1 = Shared(init.Normal([channels, 1, 3, 3], 0.01f), "w1"), w2 = Shared(init.Normal([2 * channels, channels, 3, 3], 0.01f), "w2");
        Shared w3 = Shared(init.Normal([4 * channels, 2 * channels, 3, 3], 0.01f), "w3");
        Shared w4 = Shared(init.Normal([features, hidden], 0.01f), "w4"), wO = Shared(init.Normal([hidden, Classes], 0.01f), "wO");
        Tensor l1 = Dropout(MaxPool2D(Relu(Conv2D(X, w1, ConvMode.Full)), (2, 2)), 0.2f);
        Tensor l2 = Dropout(MaxPool2D(Relu(Conv2D(l1, w2)), (2, 2), ceil: true), 0.2f);
        Tensor l3 = Dropout(Flatten(MaxPool2D(Relu(Conv2D(l2, w3)), (2, 2), ceil: true)), 0.2f);
        Tensor l4 = Dropout(Relu(Dot(l3, w4)), 0.5f);
        Tensor scores = Dot(l4, wO);
        Tensor e = Exp(scores - Max(scores, 1, keepDims: true));
        Tensor predicted = e / Sum(e, 1, keepDims: true);
        Tensor cost = Mean(CategoricalCrossEntropy(predicted, Y));
        Shared[] parameters = [w1, w2, w3, w4, wO];
        return new TrainingStep(X, Y, cost, predicted, parameters, RmsProp(cost, parameters, 0.001f), [batch, 1, side, side], [batch, Classes]);
    }
}
