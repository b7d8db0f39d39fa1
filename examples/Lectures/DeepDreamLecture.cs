// deepdream: which image does a class like best? Training keeps the images and changes the weights; here the weights are kept and the image is changed.
//
//     J(x)  =  z_c(x)  -  l2 |x|^2  -  rough (sum of the squared differences of neighbouring pixels)          z_c the logit of class c
//     x'    =  clip(x + rate g / rms(g), 0, 1)          g = dJ/dx
//
// (Logit and |x|^2: K. Simonyan, A. Vedaldi and A. Zisserman, "Deep inside convolutional networks", 2014, equation 1. Differences: A. Mahendran and A. Vedaldi, "Understanding deep image
// representations by inverting them", CVPR 2015, section 3.1, total variation with beta = 2. Steps in units of the gradient's size: A. Mordvintsev, C. Olah and M. Tyka, "Inceptionism", 2015.)
//
// Why penalties? The net has only seen smooth strokes on black, so nothing taught it to mind anything else. With the logit alone most pixels go to black or white, whichever helps by a hair,
// all over the image. |x|^2 takes away ink that does not earn its place; the differences make what is left hang together.
//
// What to look at: Climb. T.Grad does not care whether it is asked for weights or for pixels. Then both grids: the logits of the ugly ones are the higher, and those of either are above those of
// written digits. Last, a digit is pulled towards each class: how little has changed when the net changes its answer, long before a person would.
//
// --epochs and --steps are those of the training; an ascent has its own.
using MiniDL.Pictures;
using static MiniDL.Layer;

namespace MiniDL.Examples;

/// <summary>Activation maximisation on MNIST.</summary>
public static class DeepDreamLecture
{
    private const int Epochs = 2;
    private const float L2 = 0.05f, Rough = 0.3f;

    /// <summary>A small convolutional net: 108,874 parameters.</summary>
    public static Layer Net => Sequential(
        Conv2D(16, 5), Relu, MaxPool2D(2), Conv2D(32, 3), Relu, MaxPool2D(2), Layer.Flatten, Dense(128), Relu, Layer.Dropout(0.5f), Dense(Mnist.Classes));

    /// <summary>An ascent from ten images at once, image c towards class c: an entry for the start and one for what each step came to.</summary>
    /// <param name="Images">(10, 1, 28, 28).</param>
    /// <param name="Logits">z_c of image c.</param>
    /// <param name="Probabilities">p_c of image c.</param>
    public sealed record Ascent(List<NDArray> Images, List<float[]> Logits, List<float[]> Probabilities);

    /// <summary>Trains a net, climbs from noise, and pulls a digit towards each class.</summary>
    public static string Run(Session session, string? _)
    {
        // A net. Images are shifted in training, so that it learns strokes rather than places.
        var page = new LecturePage(session, "deepdream", "The image that a class likes best");
        var model = new Model(Net, input: [1, Mnist.Side, Mnist.Side], new Init(session.Options.Seed));
        using Learner learner = Train(session, model);
        double accuracy = 100 * learner.Evaluate(session.TestImages).Accuracy!.Value;
        page.Text($"A net of {model.ParameterCount:N0} parameters, {accuracy:F2} % on the test images.");

        // From noise, without penalties and with.
        NDArray noise = new Init(session.Options.Seed).Uniform([Mnist.Classes, 1, Mnist.Side, Mnist.Side], 0, 1);
        Ascent alone = Climb(session, model, noise, l2: 0, rough: 0), penalised = Climb(session, model, noise, L2, Rough);
        double[] digits = MeanLogits(learner.Predict(session.TestImages.X), session.TestImages.Y);
        page.Heading("From noise towards each class");
        page.Picture("alone", Grid(alone.Images[^1]), "0 to 9 by the logit alone.");
        page.Picture("penalised", Grid(penalised.Images[^1]), $"0 to 9 with penalties: {L2} |x|^2 and {Rough} times the squared differences. Each image spans black to white.");
        page.Table(["class", "logit, digits", "logit alone", "probability", "with penalties", "probability"], [.. Enumerable.Range(0, Mnist.Classes).Select(c => (string[])
            [$"{c}", $"{digits[c]:F1}", $"{alone.Logits[^1][c]:F1}", $"{alone.Probabilities[^1][c]:F4}", $"{penalised.Logits[^1][c]:F1}", $"{penalised.Probabilities[^1][c]:F4}"])]);
        var plot = new Plot("The logit of its class, mean of ten images") { XLabel = "step", YLabel = "logit" };
        plot.Add(Line("logit alone", alone.Logits.Count, step => alone.Logits[step].Average()));
        plot.Add(Line("with penalties", penalised.Logits.Count, step => penalised.Logits[step].Average()));
        plot.Add(Line("written digits", penalised.Logits.Count, _ => digits.Average()));
        page.Drawing("logits", plot.Draw(), "Both leave written digits behind.");

        // From a digit.
        int changed = Pull(session, page, model);
        page.Save();
        return LecturePage.Json("deepdream", ("accuracy", accuracy), ("lowest_probability", penalised.Probabilities[^1].Min()), ("lowest_probability_alone", alone.Probabilities[^1].Min()),
            ("mean_logit", penalised.Logits[^1].Average()), ("mean_logit_alone", alone.Logits[^1].Average()), ("mean_logit_of_digits", digits.Average()), ("answers_changed", changed));
    }

    /// <summary>J, added up over a batch.</summary>
    /// <param name="logits">z(x), (B, 10).</param>
    /// <param name="x">(B, 1, 28, 28).</param>
    /// <param name="classes">The class of each image, one-hot: (B, 10).</param>
    /// <param name="l2">The weight of |x|^2.</param>
    /// <param name="rough">The weight of the squared differences.</param>
    public static Tensor Objective(Tensor logits, Tensor x, Tensor classes, float l2, float rough)
    {
        Tensor right = T.Slice(x, T.All, T.All, T.All, (1, Mnist.Side)) - T.Slice(x, T.All, T.All, T.All, (0, Mnist.Side - 1));   // (B, 1, 28, 27)
        Tensor down = T.Slice(x, T.All, T.All, (1, Mnist.Side)) - T.Slice(x, T.All, T.All, (0, Mnist.Side - 1));                  // (B, 1, 27, 28)
        return T.Sum(logits * classes) - l2 * T.Sum(T.Square(x)) - rough * (T.Sum(T.Square(right)) + T.Sum(T.Square(down)));
    }

    /// <summary>Climbs from ten images at once. The rate falls to 0 in a straight line.</summary>
    /// <param name="session">The command.</param>
    /// <param name="model">The net; it stays as it is.</param>
    /// <param name="start">(10, 1, 28, 28).</param>
    /// <param name="l2">The weight of |x|^2.</param>
    /// <param name="rough">The weight of the squared differences.</param>
    /// <param name="steps">How many.</param>
    /// <param name="rate">What a pixel moves in the first step, on a root mean square.</param>
    public static Ascent Climb(Session session, Model model, NDArray start, float l2, float rough, int steps = 200, float rate = 0.1f)
    {
        // The image is the variable, the weights are not updated: that is all the difference from training.
        Shared x = T.Shared(start, "x");
        Tensor z = model.Use(x), pace = T.Scalar("pace"), classes = T.OneHot(T.Range(Mnist.Classes), Mnist.Classes);   // image c, class c
        Tensor g = T.Grad(Objective(z, x, classes, l2, rough), x);
        Tensor rms = T.Sqrt(T.Mean(T.Square(g), axes: [1, 2, 3], keepDims: true) + 1e-12f);                            // (10, 1, 1, 1)
        using Function step = T.Function([pace], [x, T.Sum(z * classes, axis: 1), T.Sum(T.Softmax(z) * classes, axis: 1)],
            updates: [(x, T.Clip(x + pace * g / rms, 0, 1))], device: session.Device);

        var ascent = new Ascent([], [], []);
        for (int i = 0; i <= steps && !(i > 0 && session.Cancellation.IsCancellationRequested); i++)
        {
            NDArray[] before = step.Eval(rate * (1 - (float)i / steps));   // outputs are those before the step; the last step has rate 0
            ascent.Images.Add(before[0]);
            ascent.Logits.Add(before[1].Span<float>().ToArray());
            ascent.Probabilities.Add(before[2].Span<float>().ToArray());
        }
        return ascent;
    }

    // Ten copies of the first test image, each towards a class. Returns how many the net came to call by their class.
    private static int Pull(Session session, LecturePage page, Model model)
    {
        NDArray copies = NDArray.Zeros([Mnist.Classes, 1, Mnist.Side, Mnist.Side]), turned = copies.Copy();
        Span<float> digit = session.TestImages.X.Rows(0, 1).Span<float>();
        for (int c = 0; c < Mnist.Classes; c++) digit.CopyTo(copies.Rows(c, 1).Span<float>());
        Ascent pull = Climb(session, model, copies, l2: 0, rough: 0, steps: 60, rate: 0.02f);

        var steps = new int[Mnist.Classes];
        var changes = new double[Mnist.Classes];
        for (int c = 0; c < Mnist.Classes; c++)
        {
            steps[c] = pull.Probabilities.FindIndex(p => p[c] > 0.5f);
            Span<float> image = pull.Images[steps[c] < 0 ? ^1 : steps[c]].Rows(c, 1).Span<float>();
            image.CopyTo(turned.Rows(c, 1).Span<float>());
            for (int i = 0; i < Mnist.Pixels; i++) changes[c] += Math.Abs(image[i] - digit[i]) / Mnist.Pixels;
        }
        page.Heading("From a digit towards each class");
        page.Picture("turned", Grid(turned), $"The first test image, a {session.TestImages.Y.Span<int>()[0]}, pulled towards 0 to 9 until the net gives that class more than one half.");
        page.Picture("pulled", Grid(pull.Images[^1]), "The same, pulled on to the last step.");
        page.Table(["towards", "steps until above one half", "a pixel's mean change then", "probability at last"], [.. Enumerable.Range(0, Mnist.Classes).Select(c => (string[])
            [$"{c}", steps[c] < 0 ? "-" : $"{steps[c]}", $"{changes[c]:F3}", $"{pull.Probabilities[^1][c]:F4}"])]);
        return steps.Count(step => step >= 0);
    }

    private static Learner Train(Session session, Model model)
    {
        if (session.Options.Batch > session.TrainingImages.Count)
            throw new UsageException($"a batch of {session.Options.Batch} is more than the {session.TrainingImages.Count} training examples; choose a smaller --batch");
        var learner = new Learner(model, T.Vector("labels", DType.Int32), loss: (z, labels) => T.SparseCrossEntropy(z, labels),
            optimiser: (cost, parameters, rate) => T.Adam(cost, parameters, rate), session.Device, session.Options.Seed);
        int perEpoch = session.TrainingImages.Count / session.Options.Batch, steps = session.Options.StepsOf(Epochs, perEpoch);
        History history = session.Terminal.Follow("deepdream", steps, tick => learner.Fit(session.TrainingImages, new FitOptions
        {
            Epochs = (steps + perEpoch - 1) / perEpoch,
            Steps = steps,
            Batch = session.Options.Batch,
            Augment = ResNetLecture.ShiftImages,
            AfterStep = tick,
        }, session.Cancellation));
        return history.End == FitEnd.Diverged ? throw new DivergedException($"deepdream: the cost became {history.Last!.Cost}") : learner;
    }

    // Of each class, the mean over its images of its own logit.
    private static double[] MeanLogits(NDArray logits, NDArray labels)
    {
        double Own(int image) => logits.Span<float>()[image * Mnist.Classes + labels.Span<int>()[image]];
        ILookup<int, int> images = Enumerable.Range(0, labels.Count).ToLookup(image => labels.Span<int>()[image]);
        return [.. Enumerable.Range(0, Mnist.Classes).Select(c => images[c].Select(Own).DefaultIfEmpty(double.NaN).Average())];
    }

    private static Series Line(string name, int count, Func<int, double> y) => new(name, [.. Enumerable.Range(0, count).Select(step => (double)step)], [.. Enumerable.Range(0, count).Select(y)]);

    private static Picture Grid(NDArray images) => ImageGrid.Make(images.Span<float>(), Mnist.Side, Mnist.Side, columns: 5, scale: 3);
}
