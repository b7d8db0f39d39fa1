// transfer: a net that knows the digits 0 to 4 lends its eyes to one that must learn 5 to 9 from a few examples.
//
//     features   conv 5x5, 16 filters, relu, max-pool 2, conv 5x5, 32 filters, relu, max-pool 2     (B, 1, 28, 28) -> (B, 512)     13,248 parameters
//     head       dropout 0.5, dense 5                                                               (B, 512) -> (B, 5)              2,565 parameters
//
// Three ways to the digits 5 to 9, from the same images, with the same cost (cross-entropy) and as many steps of Adam:
//
//     scratch       all 15,813 parameters are new, and all are trained
//     frozen        the features are those learned on 0 to 4; only a new head is trained
//     precomputed   the same, but the features of each image are computed once, before training, and the head alone is the net
//
// The one thing to understand: nothing has to be switched off to freeze a layer. The cost is differentiated with respect to the head's parameters, so there are updates for these only, and the
// convolutions' backward pass is never written. And what does not change need not be computed again: frozen and precomputed take the same steps to the last bit, but one runs the convolutions in each.
//
// What to look at: the first rows of the table and the last. Ten examples of a digit are too few to learn good filters from, and borrowed ones do better; with a thousand a net of its own wins, for its
// filters are made for these digits. (J. Yosinski et al., "How transferable are features in deep neural networks?", NIPS 2014, asks this of ImageNet; the split of the digits is that of Keras' examples.)
//
// --epochs N is for the net on 0 to 4; --steps N for every net.
using System.Diagnostics;
using MiniDL.Pictures;
using static MiniDL.Layer;

namespace MiniDL.Examples;

/// <summary>Transfer learning from one half of MNIST to the other.</summary>
public static class TransferLecture
{
    private const int Digits = 5, SourceEpochs = 4, Epochs = 3, LeastSteps = 400;
    private const float Rate = 0.001f;

    /// <summary>The convolutions alone: (B, 1, 28, 28) -> (B, 512).</summary>
    public static Model FeaturesOnly() => new(Sequential(Features), input: [1, Mnist.Side, Mnist.Side], new Init(0));

    /// <summary>Convolutions and head. The names of the head's parameters begin with <c>dense</c>.</summary>
    public static Model Whole(ulong seed) => new(Sequential([.. Features, Layer.Dropout(0.5f), Dense(Digits)]), input: [1, Mnist.Side, Mnist.Side], new Init(seed));

    /// <summary>The head alone, for features that are there already.</summary>
    public static Model HeadOnly(int features) => new(Sequential(Layer.Dropout(0.5f), Dense(Digits)), input: [features], new Init(0));

    private static Layer[] Features => [Conv2D(16, 5), Relu, MaxPool2D(2), Conv2D(32, 5), Relu, MaxPool2D(2), Layer.Flatten];

    /// <summary>Trains a net on 0 to 4, then three nets on each number of examples of 5 to 9.</summary>
    public static string Run(Session session, string? _)
    {
        (ulong seed, int batch) = (session.Options.Seed, session.Options.Batch);
        var page = new LecturePage(session, "transfer", "Transfer learning");

        // A net learns the digits 0 to 4, from all there are.
        Model source = Whole(seed);
        (DataSet known, DataSet knownTest) = (Half(session.TrainingImages, firstDigit: 0), Half(session.TestImages, firstDigit: 0));
        Fitted learned = Fit(session, source, source.Parameters, known, knownTest, session.Options.StepsOf(SourceEpochs, Math.Max(1, known.Count / batch)));
        page.Text($"digits 0 to 4, {known.Count:N0} images: test accuracy {100 * learned.Accuracy:F2} %");

        // What its convolutions make of the images of 5 to 9, each looked at once.
        Model eyes = FeaturesOnly();
        Copy(from: source, to: eyes);
        DataSet test = Half(session.TestImages, firstDigit: 5), testFeatures = Precompute(session, eyes, test);

        var rows = new List<Row>();
        foreach (int perDigit in (int[])[3, 10, 30, 100, 1000, int.MaxValue])
        {
            DataSet few = Half(session.TrainingImages, firstDigit: 5, perDigit);
            if (session.Cancellation.IsCancellationRequested || few.Count == rows.LastOrDefault()?.Count) break;   // the second: there are no more
            int steps = session.Options.Steps ?? Math.Max(LeastSteps, Epochs * few.Count / batch);

            // From scratch.
            Model scratch = Whole(seed + 1);
            Fitted fromScratch = Fit(session, scratch, scratch.Parameters, few, test, steps);

            // With the convolutions of the source, which the optimiser is not told of.
            Model frozen = Whole(seed + 1), head = HeadOnly(testFeatures.X.Shape[1]);
            Copy(from: source, to: frozen, word: "conv2d");
            Copy(from: frozen, to: head);
            Fitted withFrozen = Fit(session, frozen, frozen.ParametersOf("dense"), few, test, steps);

            // The same head on numbers that are there already.
            long start = Stopwatch.GetTimestamp();
            DataSet features = Precompute(session, eyes, few);
            double onceMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            Fitted withPrecomputed = Fit(session, head, head.Parameters, features, testFeatures, steps);
            if (!session.Cancellation.IsCancellationRequested) rows.Add(new Row(few.Count, fromScratch, withFrozen, withPrecomputed, onceMs));
        }
        NDArray shown = Half(session.TrainingImages, firstDigit: 5, perDigit: 10).X;
        page.Picture("few", ImageGrid.Make(shown.Span<float>(), Mnist.Side, Mnist.Side, columns: 10, scale: 2), $"{shown.Shape[0]} images: all that the nets of the second row get to see of the digits 5 to 9", hasPreview: false);
        if (rows.Count > 0) Show(page, rows);
        page.Save();
        return LecturePage.Json("transfer", [("accuracy_0_to_4", 100 * learned.Accuracy), .. rows.SelectMany(row => ((string, double)[])
            [($"scratch_{row.Count}", 100 * row.Scratch.Accuracy), ($"frozen_{row.Count}", 100 * row.Frozen.Accuracy), ($"precomputed_{row.Count}", 100 * row.Precomputed.Accuracy), ($"speedup_{row.Count}", row.Frozen.Ms / row.Precomputed.Ms)])]);
    }

    /// <summary>What became of a net: the share of test images that it answers right, the mean cost of each epoch, and the milliseconds of the fastest epoch (the machine's other work can only slow one down).</summary>
    public sealed record Fitted(double Accuracy, double[] Costs, double Ms);

    /// <summary>Trains some parameters of a model, and no others.</summary>
    public static Fitted Fit(Session session, Model model, IReadOnlyList<Shared> trained, DataSet data, DataSet test, int steps)
    {
        using var learner = new Learner(model, T.Vector("labels", DType.Int32), (z, labels) => T.SparseCrossEntropy(z, labels),
            (cost, _, rate) => T.Adam(cost, trained, rate), session.Device, session.Options.Seed);
        int batch = Math.Min(session.Options.Batch, data.Count), epochs = (steps + data.Count / batch - 1) / (data.Count / batch);
        learner.TrainingStep.Compile(data.X.Shape.With(0, batch), data.Y.Shape.With(0, batch));   // now, so that no epoch's time has it
        History history = learner.Fit(data, new FitOptions { Epochs = epochs, Steps = steps, Batch = batch, Schedule = Schedules.Constant(Rate) }, session.Cancellation);
        double fastest = history.Epochs.Where(epoch => epoch.IsWhole).Select(epoch => 1000 * epoch.Seconds).DefaultIfEmpty(double.NaN).Min();
        return new Fitted(learner.Evaluate(test).Accuracy!.Value, [.. history.Epochs.Select(epoch => epoch.Cost)], fastest);
    }

    /// <summary>Parameters go from one model to another by name: those whose names begin with some word.</summary>
    public static void Copy(Model from, Model to, string word = "")
    {
        foreach (Shared parameter in to.Parameters)
            if (parameter.Name!.StartsWith(word, StringComparison.Ordinal)) parameter.Value = from.Parameters.Single(one => one.Name == parameter.Name).Value;
    }

    /// <summary>A function computes the features of all images, and that is what it takes to make a data set of them.</summary>
    public static DataSet Precompute(Session session, Model eyes, DataSet images)
    {
        Tensor x = T.Input([Shape.Unknown, .. eyes.Input.Dims], "x");
        using Function look = T.Function([x], eyes.Use(x), device: session.Device);
        NDArray features = NDArray.Zeros(eyes.OutputShape.With(0, images.Count));
        for (int start = 0, count; start < images.Count; start += count)
            look.Run(images.X.Rows(start, count = Math.Min(250, images.Count - start))).CopyTo(features.Rows(start, count).Span<float>());
        return new DataSet(features, images.Y);
    }

    /// <summary>The first so many examples of each of five digits, in the order of the data; labels are counted from the first of these digits.</summary>
    public static DataSet Half(DataSet data, int firstDigit, int perDigit = int.MaxValue)
    {
        var seen = new int[Digits];
        int[] labels = data.Y.Span<int>().ToArray();
        int[] rows = [.. Enumerable.Range(0, data.Count).Where(i => labels[i] - firstDigit is >= 0 and < Digits && seen[labels[i] - firstDigit]++ < perDigit)];
        NDArray images = NDArray.Zeros(data.X.Shape.With(0, rows.Length));
        for (int i = 0; i < rows.Length; i++) data.X.Rows(rows[i], 1).Span<float>().CopyTo(images.Rows(i, 1).Span<float>());
        return new DataSet(images, NDArray.From([.. rows.Select(row => labels[row] - firstDigit)], [rows.Length]));
    }

    private sealed record Row(int Count, Fitted Scratch, Fitted Frozen, Fitted Precomputed, double OnceMs);

    private static void Show(LecturePage page, List<Row> rows)
    {
        page.Table(["images of 5 to 9, test accuracy in %", "scratch", "frozen", "precomputed"], [.. rows.Select(row =>
            (string[])[$"{row.Count:N0}", $"{100 * row.Scratch.Accuracy:F2}", $"{100 * row.Frozen.Accuracy:F2}", $"{100 * row.Precomputed.Accuracy:F2}"])]);
        page.Table(["images of 5 to 9, ms/epoch", "scratch", "frozen", "precomputed", "times faster than frozen", "ms once, for features"], [.. rows.Select(row =>
            (string[])[$"{row.Count:N0}", $"{row.Scratch.Ms:F1}", $"{row.Frozen.Ms:F1}", $"{row.Precomputed.Ms:F2}", $"{row.Frozen.Ms / row.Precomputed.Ms:F0}", $"{row.OnceMs:F1}"])]);

        double[] counts = [.. rows.Select(row => row.Count / (double)Digits)];
        var plot = new Plot("Learning 5 to 9") { XLabel = "examples of each digit", YLabel = "test accuracy, %", XIsLog = true };
        plot.Add(new Series("features of 0 to 4", counts, [.. rows.Select(row => 100 * row.Frozen.Accuracy)]) { HasPoints = true });
        plot.Add(new Series("from scratch", counts, [.. rows.Select(row => 100 * row.Scratch.Accuracy)]) { HasPoints = true });
        page.Drawing("accuracy", plot.Draw(), "test accuracy on the digits 5 to 9 over the number of training examples");
    }
}
