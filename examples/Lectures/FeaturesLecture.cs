// features: what the first layers learn, as pictures.
//
//     a unit of the first layer computes w . x      w and x both 784 numbers, so w is an image like x
//     a filter computes w . x on every window       w 5 x 5; its answers are an image again, a feature map
//
// Of all x of one length, w . x is largest for x along w (the Cauchy-Schwarz inequality): a unit answers most to what looks like its weights, so that weights can be read. Red speaks for ink at a place,
// blue against it, white is indifferent. (The talk's "what it learns"; for filters A. Krizhevsky, I. Sutskever and G. Hinton, "ImageNet classification with deep convolutional neural networks", 2012, figure 3.)
//
// What to look at: weights begin as noise, a pixel's knowing nothing of those beside it, and become smooth, because ink is. Around the edge the noise stays, to the last bit: pixels that are black in
// every image have a gradient of 0. The old net's are smoother than the modern net's: a step of plain gradient descent adds up images, while RMSprop divides each pixel's gradient by its own size, and so
// moves those that are seldom inked as far as the others. And nothing special is needed to look into a net: a feature map is an expression like any other, and a function of it is compiled.
//
// --epochs and --steps are those of each of the four nets.
using System.Numerics.Tensors;
using MiniDL.Pictures;
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>Weights, filters and feature maps of four nets on MNIST.</summary>
public static class FeaturesLecture
{
    private const int UnitsShown = 40, Filters = 16, FilterSide = 5, PatchesShown = 6, Looked = 1_000;

    /// <summary>Trains the four nets shortly and shows what is in them.</summary>
    public static string Run(Session session, string? _)
    {
        var page = new LecturePage(session, "features", "What the first layers learn");
        ulong seed = session.Options.Seed;
        var rows = new List<string[]>();

        // Three nets whose first layer sees the whole image.
        page.Heading("Weights of layers that see the whole image");
        (double logistic, double smooth) = Weights(session, page, rows, "logistic", Logistic.Build(new Init(seed)), epochs: 10, shown: 10);
        (double old, double oldSmooth) = Weights(session, page, rows, "old", OldNet.Build(new Init(seed), 0.5f), epochs: 5, shown: UnitsShown);
        (double modern, double modernSmooth) = Weights(session, page, rows, "modern", ModernNet.Build(new Init(seed)), epochs: 3, shown: UnitsShown);
        page.Table(["net", "accuracy", "neighbours' correlation before", "after", "pixels always black", "their weights changed"], rows);

        // And one whose filters see 5 x 5 pixels.
        page.Heading("Filters, and the maps they make");
        (MnistProgram conv, Tensor[] maps) = ConvNet(new Init(seed));
        double accuracy = Train(session, "convnet", conv, epochs: 3);
        page.Text($"convnet: {accuracy:F2} %");
        Patterns(session, page, conv, maps[0]);
        Maps(session, page, conv, maps);
        page.Save();
        return LecturePage.Json("features", ("logistic_accuracy", logistic), ("logistic_correlation", smooth), ("old_accuracy", old), ("old_correlation", oldSmooth),
            ("modern_accuracy", modern), ("modern_correlation", modernSmooth), ("convnet_accuracy", accuracy));
    }

    /// <summary>Two convolutions, each with relu and pooling, and ten weighted sums.</summary>
    /// <returns>The program, and its feature maps from the input's side to the output's.</returns>
    public static (MnistProgram Program, Tensor[] Maps) ConvNet(Init init)
    {
        var X = Input([Shape.Unknown, 1, 28, 28], "X");
        var Y = Matrix("Y");
        var w = Shared(init.Normal([Filters, 1, FilterSide, FilterSide], 0.05f), "w");
        var w2 = Shared(init.HeNormal([32, Filters, 3, 3]), "w2");
        var wO = Shared(init.XavierNormal([32 * 5 * 5, 10]), "wO");

        var conv = Relu(Conv2D(X, w));              // (B, 16, 24, 24)
        var pool = MaxPool2D(conv, (2, 2));         // (B, 16, 12, 12)
        var conv2 = Relu(Conv2D(pool, w2));         // (B, 32, 10, 10)
        var pool2 = MaxPool2D(conv2, (2, 2));       // (B, 32, 5, 5)
        var z = Dot(Flatten(pool2), wO);            // (B, 10)
        var cost = Mean(CategoricalCrossEntropyFromLogits(z, Y));
        return (new MnistProgram(X, Y, cost, RmsProp(cost + 0.01f * L2([w]), [w, w2, wO], learningRate: 0.001f), ArgMax(z, axis: 1), [w, w2, wO]), [conv, pool, conv2, pool2]);
    }

    /// <summary>The correlation, about 0, of each weight with those of the pixels to the right of it and below it, over all units: 0 for noise, towards 1 for smooth images.</summary>
    /// <param name="weights">(784, units).</param>
    public static double Smoothness(NDArray weights)
    {
        (double products, double squares) = (0, 0);
        for (int pixel = 0; pixel < Mnist.Pixels; pixel++)
        {
            if (pixel % Mnist.Side + 1 < Mnist.Side) Pair(pixel, pixel + 1);
            if (pixel + Mnist.Side < Mnist.Pixels) Pair(pixel, pixel + Mnist.Side);
        }
        return products / squares;

        void Pair(int one, int other)
        {
            ReadOnlySpan<float> a = weights.Rows(one, 1).Span<float>(), b = weights.Rows(other, 1).Span<float>();
            products += TensorPrimitives.Dot(a, b);
            squares += (TensorPrimitives.SumOfSquares(a) + TensorPrimitives.SumOfSquares(b)) / 2;
        }
    }

    /// <summary>The pixels that are 0 in all of some images.</summary>
    /// <param name="images">(N, 784).</param>
    public static int[] AlwaysBlack(NDArray images)
    {
        var isInked = new bool[Mnist.Pixels];
        ReadOnlySpan<float> ink = images.Span<float>();
        for (int i = 0; i < ink.Length; i++) isInked[i % Mnist.Pixels] |= ink[i] != 0;
        return [.. Enumerable.Range(0, Mnist.Pixels).Where(pixel => !isInked[pixel])];
    }

    // Trains a net, and shows its first matrix (784, units) before and after, with the numbers that go with the pictures.
    private static (double Accuracy, double Smoothness) Weights(Session session, LecturePage page, List<string[]> rows, string name, MnistProgram program, int epochs, int shown)
    {
        NDArray before = program.Parameters[0].Value;
        double accuracy = Train(session, name, program, epochs);
        NDArray after = program.Parameters[0].Value;
        int units = before.Shape[1];
        foreach ((string when, NDArray weights) in new[] { ("before", before), ("after", after) })
        {
            float[] images = Columns(weights, Math.Min(shown, units));
            page.Picture($"{name}-{when}", ImageGrid.Make(images, Mnist.Side, Mnist.Side, columns: shown == 10 ? 5 : 10, Colormap.Diverging, scale: 3, isShared: true),
                $"{name}, {when} training: {(shown < units ? $"the first {shown} of {units} units" : "the ten digits, 0 to 9")}; full red is {Largest(images):F3}, full blue its negative.", hasPreview: when == "after" && shown == 10 && session.Terminal.IsInteractive);
        }
        int[] black = AlwaysBlack(session.Mnist.TrainImages);
        int changed = black.Sum(pixel => Enumerable.Range(pixel * units, units).Count(i => before.Span<float>()[i] != after.Span<float>()[i]));
        rows.Add([name, $"{accuracy:F2} %", $"{Smoothness(before):F3}", $"{Smoothness(after):F3}", $"{black.Length}", $"{changed}"]);
        return (accuracy, Smoothness(after));
    }

    // The filters, and below each the windows of test images that it answers to most, at most one of each image.
    private static void Patterns(Session session, LecturePage page, MnistProgram conv, Tensor map)
    {
        float[] filters = conv.Parameters[0].Value.Span<float>().ToArray();
        page.Picture("filters", ImageGrid.Make(filters, FilterSide, FilterSide, columns: Filters, Colormap.Diverging, scale: 10, margin: 2, isShared: true),
            $"The {Filters} filters of {FilterSide} x {FilterSide}; full red is {Largest(filters):F3}, full blue its negative.", hasPreview: false);

        // How much each filter answers at most in each image, and where: (count, filters).
        int count = Math.Min(Looked, session.TestImages.Count), side = Mnist.Side - FilterSide + 1;
        using Function see = Function([conv.X], [Max(map, axes: [2, 3]), ArgMax(Flatten(map, axis: 2), axis: 2)], device: session.Device);
        NDArray[] seen = see.Eval(session.TestImages.X.Rows(0, count));
        float Answer(int image, int filter) => seen[0].Span<float>()[image * Filters + filter];

        // Of each filter, the images in which that is most, and of these the window.
        NDArray windows = NDArray.Zeros([PatchesShown * Filters, FilterSide, FilterSide]);
        for (int filter = 0; filter < Filters; filter++)
        {
            int row = 0;
            foreach (int image in Enumerable.Range(0, count).OrderByDescending(image => Answer(image, filter)).Take(PatchesShown))
            {
                int place = seen[1].Span<int>()[image * Filters + filter];
                Span<float> window = windows.Rows(row++ * Filters + filter, 1).Span<float>();
                for (int y = 0; y < FilterSide; y++)
                    session.Mnist.TestImages.Rows(image, 1).Span<float>().Slice((place / side + y) * Mnist.Side + place % side, FilterSide).CopyTo(window[(y * FilterSide)..]);
            }
        }
        page.Picture("patterns", ImageGrid.Make(windows.Span<float>(), FilterSide, FilterSide, columns: Filters, scale: 10, margin: 2, isShared: true),
            $"Below each filter, the {PatchesShown} windows of {count:N0} test images that it answers to most: where the filter is red there is ink, where it is blue there is none.", hasPreview: false);
    }

    // One digit on its way through the net.
    private static void Maps(Session session, LecturePage page, MnistProgram conv, Tensor[] maps)
    {
        NDArray digit = session.TestImages.X.Rows(0, 1);
        using Function see = Function([conv.X], maps, device: session.Device);
        NDArray[] seen = see.Eval(digit);
        page.Picture("input", ImageGrid.Make(digit.Span<float>(), Mnist.Side, Mnist.Side, columns: 1, scale: 4), $"The first test image, a {session.Mnist.TestLabels.Span<int>()[0]}.", hasPreview: false);
        string[] names = ["convolution-1", "pool-1", "convolution-2", "pool-2"];
        for (int i = 0; i < names.Length; i++)
        {
            (int channels, int side) = (seen[i].Shape[1], seen[i].Shape[2]);
            page.Picture(names[i], ImageGrid.Make(seen[i].Span<float>(), side, side, columns: 8, scale: 72 / side, isShared: true),
                $"After {names[i]}: {channels} maps of {side} x {side}. Black is 0, white {Largest(seen[i].Span<float>()):F2}.", hasPreview: false);
        }
    }

    private static double Train(Session session, string name, MnistProgram program, int epochs)
    {
        using var trainer = new Trainer(program, session.Mnist, session.Device, session.Options.Batch, session.Options.Seed);
        int steps = session.Options.StepsOf(epochs, trainer.BatchesPerEpoch);
        session.Terminal.Follow(name, steps, tick =>
        {
            for (int step = 0; step < steps && !session.Cancellation.IsCancellationRequested; tick(++step))
                if (trainer.Train(step) is var cost && !float.IsFinite(cost)) throw new DivergedException($"{name}: the cost became {cost} in step {step}");
            return steps;
        });
        return trainer.Accuracy();
    }

    // (784, units) -> (count, 784): a unit's weights are a column, an image is a row.
    private static float[] Columns(NDArray weights, int count)
    {
        var images = new float[count * Mnist.Pixels];
        for (int i = 0; i < images.Length; i++) images[i] = weights.Span<float>()[i % Mnist.Pixels * weights.Shape[1] + i / Mnist.Pixels];
        return images;
    }

    private static float Largest(ReadOnlySpan<float> values) => TensorPrimitives.MaxMagnitude(values);
}
