// A lecture that trains a model of layers: what all of them do around Learner.Fit.
using System.Diagnostics;

namespace MiniDL.Examples;

/// <summary>Runs a learner under the options of the command line: progress, log, checkpoint, page.</summary>
public static class LearnerRun
{
    /// <summary>Trains, or goes on with a checkpoint, and tells how it went.</summary>
    /// <param name="session">The command.</param>
    /// <param name="name">The lecture's name.</param>
    /// <param name="claim">What its authors say of it.</param>
    /// <param name="learner">Model, loss and optimiser.</param>
    /// <param name="training">What to learn from.</param>
    /// <param name="options">Epochs as they are by default; what the command line says goes before. Validation is the test set.</param>
    /// <exception cref="DivergedException">The cost became NaN or infinite.</exception>
    /// <exception cref="UsageException">A batch is larger than the training set.</exception>
    public static RunResult Run(Session session, string name, string claim, Learner learner, DataSet training, FitOptions options)
    {
        Options asked = session.Options;
        var outputs = new RunOutputs(asked, name);
        if (asked.Batch > training.Count) throw new UsageException($"a batch of {asked.Batch} is more than the {training.Count} training examples; choose a smaller --batch");
        if (outputs.Resume is not null) learner.Load(outputs.Resume);
        var before = new StartingPoint(learner.Model.Parameters);
        session.Terminal.WriteLine($"{name}: {learner.Model.ParameterCount:N0} parameters{(learner.Steps > 0 ? $"; goes on after step {learner.Steps}" : "")}");

        // Compile first, so that it is not counted as a step.
        long start = Stopwatch.GetTimestamp();
        learner.TrainingStep.Compile(training.X.Shape.With(0, asked.Batch), training.Y.Shape.With(0, asked.Batch));
        double compileMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;

        int perEpoch = training.Count / asked.Batch, steps = asked.StepsOf(options.Epochs, perEpoch);
        var times = new StepTimes(steps);
        History history = session.Terminal.Follow(name, steps, tick =>
        {
            times.Begin();
            return learner.Fit(training, options with
            {
                Epochs = (steps + perEpoch - 1) / perEpoch,
                Steps = steps,
                Batch = asked.Batch,
                Checkpoint = outputs.Save,
                Progress = new Told(report => Tell(session, name, outputs, report)),
                AfterStep = done =>
                {
                    times.End();
                    tick(done);
                    times.Begin();
                },
            }, session.Cancellation);
        });
        if (history.End == FitEnd.Diverged) throw new DivergedException($"{name}: the cost became {history.Last!.Cost} by step {learner.Steps}; the data or the learning rate are at fault");
        if (history.End == FitEnd.Cancelled) session.Terminal.WriteLine($"{name}: stopped after step {learner.Steps}{(outputs.Save is null ? "" : $"; saved in {outputs.Save}")}");

        Measured test = learner.Evaluate(options.Validation!);
        var result = new RunResult(name, asked.Device, (learner.Steps + perEpoch - 1) / perEpoch, learner.Steps, asked.Batch, learner.Model.ParameterCount, times.MedianMs, compileMs,
            100 * test.Accuracy, history.Last?.Cost, learner.TrainingStep.Launches, Stopwatch.GetElapsedTime(start).TotalSeconds, Outcome: $"{100 * test.Accuracy:F2} %", claim)
        {
            UpdateNorm = before.Distance(),
        };
        if (outputs.WritePage(name, $"{learner.Model.Summary()}", result) is { } page) session.Terminal.WriteLine($"written: {page}");
        return result;
    }

    private static void Tell(Session session, string name, RunOutputs outputs, EpochReport report)
    {
        outputs.Add(report);
        session.Terminal.WriteLine($"{name}: epoch {report.Epoch,3}{(report.IsWhole ? "" : $", step {report.Steps}")}: mean cost {report.Cost:F4}, training accuracy {100 * report.Accuracy:F2} %"
            + (report.ValidationAccuracy is { } right ? $", test accuracy {100 * right:F2} %" : "") + $", {report.Seconds:F1} s");
    }

    private sealed class Told(Action<EpochReport> tell) : IProgress<EpochReport>
    {
        public void Report(EpochReport value) => tell(value);
    }
}
