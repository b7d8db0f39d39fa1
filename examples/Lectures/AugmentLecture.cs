// augment: what to do when there are only a thousand images: make it harder to learn them by heart.
//
//     model    784 -> 256 relu -> 256 relu -> 10, cross-entropy, Adam, batches of 100 out of 1,000 images of MNIST
//     nothing          the images as they are, the same thousand in every epoch
//     input dropout    each pixel is black with probability 0.2, the others are 1 / 0.8 as bright: noise that is new in every step
//     random shifts    each image is moved by -2 .. 2 pixels down and right: 25 places, drawn anew in every step
//     both             moved, then with pixels missing
//
// The one thing to understand: a change that leaves the digit what it is makes a new example for free. The net that sees the same thousand images again and again soon answers all of them right, and from
// then on has nothing to learn. Noise tells it that no single pixel can be relied on. Shifts tell it something that is true of images, and that is worth more.
//
// What to look at: both columns of the table. Of the images that they were trained on all four nets answer nearly all right, which tells nothing; the test images tell them apart. And more of it is not
// always better: noise on top of shifts does not help.
//
// --epochs N and --steps N are for each of the four; batches stay at 100.
//
// (P. Simard, D. Steinkraus and J. Platt, "Best practices for convolutional neural networks applied to visual document analysis", ICDAR 2003, section 2.)
using MiniDL.Pictures;
using static MiniDL.Layer;

namespace MiniDL.Examples;

/// <summary>Noise and shifted images on a small training set.</summary>
public static class AugmentLecture
{
    private const int Images = 1000, Batch = 100, Epochs = 120, Between = 10;
    private const float Drop = 0.2f, Rate = 0.001f;

    private static readonly (string Name, float Drop, Augmentation? Change)[] s_ways =
    [
        ("nothing", 0, null),
        ("input dropout", Drop, null),
        ("random shifts", 0, ResNetLecture.ShiftImages),
        ("both", Drop, ResNetLecture.ShiftImages),
    ];

    /// <summary>The modern net's shape, smaller. In use there is no dropout in it.</summary>
    public static Layer Net(float drop) => Sequential(
        Layer.Dropout(drop), Layer.Flatten, Dense(256, first: (init, shape) => init.HeNormal(shape)), Relu, Dense(256, first: (init, shape) => init.HeNormal(shape)), Relu, Dense(10));

    /// <summary>Trains it four times and compares.</summary>
    public static string Run(Session session, string? _)
    {
        var page = new LecturePage(session, "augment", "Noise and augmentation");
        DataSet training = session.TrainingImages.Rows(0, Math.Min(Images, session.TrainingImages.Count));
        page.Picture("examples", Pictures(session, training), "from the top: eight images; with pixels dropped; shifted; both, each as in one step of training", hasPreview: false);

        var plot = new Plot($"{training.Count:N0} images") { XLabel = "epoch", YLabel = "test accuracy, %" };
        var rows = new List<string[]>();
        var figures = new List<(string, double)>();
        foreach ((string name, float drop, Augmentation? change) in s_ways)
        {
            Curve curve = Train(session, training, drop, change);
            if (session.Cancellation.IsCancellationRequested) break;
            rows.Add([name, $"{100 * curve.Training:F2}", $"{curve.Test[^1]:F2}"]);
            plot.Add(new Series(name, curve.Epochs, curve.Test));
            figures.Add((name.Replace(' ', '_'), curve.Test[^1]));
        }
        if (rows.Count > 0)
        {
            page.Table(["trained with", "% right: training images", "test images"], rows);
            page.Drawing("accuracy", plot.Draw(), "test accuracy over the epochs");
        }
        page.Save();
        return LecturePage.Json("augment", [.. figures]);
    }

    /// <summary>A training run: test accuracy in percent after some epochs, and in the end the share of the training images that is answered right.</summary>
    private sealed record Curve(List<double> Epochs, List<double> Test, double Training);

    private static Curve Train(Session session, DataSet training, float drop, Augmentation? change)
    {
        Options options = session.Options;
        var model = new Model(Net(drop), input: [1, Mnist.Side, Mnist.Side], new Init(options.Seed));
        using var learner = new Learner(model, T.Vector("labels", DType.Int32), (z, labels) => T.SparseCrossEntropy(z, labels),
            (cost, parameters, rate) => T.Adam(cost, parameters, rate), session.Device, options.Seed);
        int batch = Math.Min(Batch, training.Count), perEpoch = training.Count / batch, steps = options.StepsOf(Epochs, perEpoch), epochs = (steps + perEpoch - 1) / perEpoch;

        // Some epochs, a look at the test set, some more epochs.
        var curve = new Curve([], [], 0);
        while (learner.Steps < steps && !session.Cancellation.IsCancellationRequested)
        {
            learner.Fit(training, new FitOptions
            {
                Epochs = Math.Min(learner.Epochs + Between, epochs),
                Steps = steps,
                Batch = batch,
                Schedule = Schedules.Constant(Rate),
                Augment = change,
            }, session.Cancellation);
            curve.Epochs.Add((double)learner.Steps / perEpoch);
            curve.Test.Add(100 * learner.Evaluate(session.TestImages).Accuracy!.Value);
        }
        return curve with { Training = learner.Evaluate(training).Accuracy!.Value };
    }

    // Rows of eight images: as they are, and as the three ways show them to the net.
    private static Picture Pictures(Session session, DataSet training)
    {
        const int Shown = 8;
        NDArray plain = training.X.Rows(0, Math.Min(Shown, training.Count)), shifted = plain.Copy();
        var random = new SplitMix64(session.Options.Seed);
        ResNetLecture.ShiftImages(shifted, ref random);
        Tensor x = T.Input(plain.Shape, "x");
        using Function drop = T.Function([x], T.Dropout(x, Drop), device: session.Device, seed: session.Options.Seed);
        NDArray[] all = [plain, drop.Eval(plain)[0], shifted, drop.Eval(shifted)[0]];
        return ImageGrid.Make([.. all.SelectMany(images => images.Span<float>().ToArray())], Mnist.Side, Mnist.Side, columns: plain.Shape[0], scale: 3);
    }
}
