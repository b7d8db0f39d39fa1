// difference: what did each step of the progression bring? The models side by side, trained alike.
//
//     linear       w x                                            one number; it has a cost, but nothing to be right about
//     logistic     softmax(X w)                                   7,840 numbers
//     old          softmax(sigmoid(X wH) wO)                      at the talk's rate of 0.05, and at 0.5
//     modern       two layers of rectifiers, dropout, RMSprop
//     conv         three convolutions, two products, dropout, RMSprop
//
// The test error, 100 % minus the accuracy, is drawn on a logarithmic axis: from 98 to 99 % every second error is gone, which is as much as from 80 to 90. What to look at:
//
//     The order at the end is that of the progression, with one exception: the old net at the printed rate is behind the logistic regression, which has a hundredth of its numbers.
//     The order at the start is not. The convnet begins with 300 steps in which nothing can be seen.
//     Over seconds instead of epochs the picture is another one: the logistic regression is through with all its epochs before the convnet has done a tenth of one.
//     The training cost cannot be compared as the error can: that of the modern net and the convnet is measured with dropout, and is higher than it would be without.
//
// --epochs N: passes over the training set, for every model. --steps N: at most so many steps each; alone, they may go beyond the default epochs.
using System.Diagnostics;
using MiniDL.Pictures;

namespace MiniDL.Examples;

/// <summary>The models of the progression in one table and in the same plots.</summary>
public static class DifferenceLecture
{
    private const int Epochs = 4;

    /// <summary>Where a model stands after an epoch.</summary>
    /// <param name="Epoch">From the start; not a whole number where --steps ended it before.</param>
    /// <param name="Cost">Mean over the epoch's steps, each before its update.</param>
    /// <param name="Accuracy">On the test set, in percent.</param>
    /// <param name="Seconds">Of training since the start, without the looks at the test set.</param>
    public sealed record Point(double Epoch, double Cost, double Accuracy, double Seconds);

    /// <summary>A model's run.</summary>
    /// <param name="Name">The program.</param>
    /// <param name="Parameters">The number of weights.</param>
    /// <param name="Points">One for each epoch, and one for a part of one at the end.</param>
    public sealed record Curve(string Name, long Parameters, IReadOnlyList<Point> Points);

    /// <summary>Trains them all, and shows them together.</summary>
    public static string Run(Session session, string? _)
    {
        var page = new LecturePage(session, "difference", "Quantifying the difference");
        RunResult line = Linear.Run(session);
        var curves = new List<Curve>();
        foreach (MnistChapter chapter in Progression.Mnist)
        {
            if (session.Cancellation.IsCancellationRequested) break;
            Curve curve = Train(session, chapter);
            if (curve.Points.Count == 0) break;
            curves.Add(curve);
            Point last = curve.Points[^1];
            session.Terminal.WriteLine($"{curve.Name}: test accuracy {last.Accuracy:F2} % after {last.Epoch:0.##} epochs and {last.Seconds:F1} s");
        }

        page.Table(["model", "parameters", "epochs", "cost", "test accuracy", "seconds/epoch"],
        [
            [line.Model, $"{line.Parameters}", $"{line.Epochs}", $"{line.FinalCost:F4}", "-", $"{line.Seconds / line.Epochs:F4}"],
            .. curves.Select(curve => curve.Points[^1] is var last
                ? new[] { curve.Name, $"{curve.Parameters:N0}", $"{last.Epoch:0.##}", $"{last.Cost:F4}", $"{last.Accuracy:F2} %", $"{last.Seconds / last.Epoch:F2}" } : []),
        ]);
        page.Text("The linear program fits a line, so that its cost is a squared error and it has no accuracy. The others' is the mean cross-entropy of the last epoch's steps: guessing costs log 10 = 2.3026.");
        if (curves.Count > 0)
        {
            // 0 has no place on a logarithmic axis: no error at all is drawn as half of one.
            double ErrorOf(Point point) => Math.Max(100 - point.Accuracy, 50.0 / session.Mnist.TestLabels.Count);
            page.Drawing("error", Draw(curves, "Test error by epoch", "epoch", "wrong of the test set, percent", point => point.Epoch, ErrorOf), "Equal heights are equal ratios: one labelled line down, nine of ten errors are gone.");
            page.Drawing("cost", Draw(curves, "Training cost by epoch", "epoch", "mean cross-entropy", point => point.Epoch, point => point.Cost), "With dropout, where a model has it.");
            page.Drawing("time", Draw(curves, "Test error by time", "seconds of training", "wrong of the test set, percent", point => point.Seconds, ErrorOf, isTime: true), "The same errors over the time they took.");
        }
        page.Save();
        return LecturePage.Json("difference", [("linear_cost", line.FinalCost ?? double.NaN),
            .. curves.SelectMany(curve => new[] { ($"{Key(curve)}_accuracy", curve.Points[^1].Accuracy), ($"{Key(curve)}_cost", curve.Points[^1].Cost), ($"{Key(curve)}_seconds_per_epoch", curve.Points[^1].Seconds / curve.Points[^1].Epoch) })]);
    }

    /// <summary>Trains one program of the progression, with a look at the test set after each epoch.</summary>
    /// <exception cref="DivergedException">The cost became NaN or infinite.</exception>
    public static Curve Train(Session session, MnistChapter chapter)
    {
        Options options = session.Options;
        MnistProgram program = chapter.Build(new Init(options.Seed));
        using var trainer = new Trainer(program, session.Mnist, session.Device, options.Batch, options.Seed);
        int perEpoch = trainer.BatchesPerEpoch, steps = options.StepsOf(Epochs, perEpoch);
        var points = new List<Point>();
        return session.Terminal.Follow(chapter.Name, steps, tick =>
        {
            double seconds = 0;
            for (int done = 0; done < steps && !session.Cancellation.IsCancellationRequested;)
            {
                // One epoch, or what is left of the steps. Only this is timed.
                double costs = 0;
                int count = 0;
                long start = Stopwatch.GetTimestamp();
                for (; count < Math.Min(perEpoch, steps - done) && !session.Cancellation.IsCancellationRequested; count++)
                {
                    costs += trainer.Train(done + count);
                    tick(done + count + 1);
                }
                seconds += Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (count == 0) break;
                if (!double.IsFinite(costs)) throw new DivergedException($"{chapter.Name}: the cost became {costs} by step {done + count}; the data are at fault");
                done += count;
                points.Add(new Point((double)done / perEpoch, costs / count, trainer.Accuracy(), seconds));
            }
            return new Curve(chapter.Name, program.ParameterCount, points);
        });
    }

    private static SvgCanvas Draw(List<Curve> curves, string title, string xLabel, string yLabel, Func<Point, double> x, Func<Point, double> y, bool isTime = false)
    {
        var plot = new Plot(title) { XLabel = xLabel, YLabel = yLabel, XIsLog = isTime, YIsLog = true };
        foreach (Curve curve in curves) plot.Add(new Series(curve.Name, [.. curve.Points.Select(x)], [.. curve.Points.Select(y)]) { HasPoints = true });
        return plot.Draw();
    }

    private static string Key(Curve curve) => curve.Name.Replace('-', '_').Replace('.', '_');
}
