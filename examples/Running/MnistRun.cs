// The training loop that all programs on MNIST share.
using System.Diagnostics;

namespace MiniDL.Examples;

/// <summary>Trains one chapter of the progression and tells how it went.</summary>
public static class MnistRun
{
    /// <summary>Trains for the epochs or steps asked for.</summary>
    /// <exception cref="DivergedException">The cost became NaN or infinite.</exception>
    public static RunResult Run(Session session, MnistChapter chapter)
    {
        Mnist data = session.Mnist;   // loaded here, if it is not yet, so that it does not count as training
        Options options = session.Options;
        long start = Stopwatch.GetTimestamp();

        MnistProgram program = chapter.Build(new Init(options.Seed));
        var outputs = new RunOutputs(options, chapter.Name);
        using var trainer = new Trainer(program, data, session.Device, options.Batch, options.Seed);
        int done = outputs.Resume is null ? 0 : trainer.Load(outputs.Resume);
        var before = new StartingPoint(program.Parameters);
        session.Terminal.WriteLine($"{chapter.Name}: {chapter.Title}; {program.ParameterCount:N0} parameters{(done > 0 ? $"; goes on after step {done}" : "")}");

        int steps = options.StepsOf(chapter.Epochs, trainer.BatchesPerEpoch);
        var times = new StepTimes(steps);
        var loop = new Loop(trainer, chapter.Name, session, outputs, times);
        (done, float? cost) = session.Terminal.Follow(chapter.Name, steps, tick => loop.Train(done, steps, tick));
        double accuracy = loop.Accuracy ?? trainer.Accuracy();

        session.Weights(chapter.Name, program, outputs);
        var result = new RunResult(chapter.Name, options.Device, (done + trainer.BatchesPerEpoch - 1) / trainer.BatchesPerEpoch, done, options.Batch,
            program.ParameterCount, times.MedianMs, trainer.CompileMs, accuracy, cost, trainer.Launches,
            Stopwatch.GetElapsedTime(start).TotalSeconds, Outcome: $"{accuracy:F2} %", Claim: chapter.Claim + " %")
        {
            UpdateNorm = before.Distance(),
        };
        string parameters = string.Join('\n', program.Parameters.Select(parameter => $"{parameter.Name,-6} {parameter.Shape,-20} {parameter.Shape.Count,12:N0}"));
        if (outputs.WritePage($"{chapter.Name}: {chapter.Title}", parameters, result) is { } page) session.Terminal.WriteLine($"written: {page}");
        return result;
    }

    /// <summary>The steps, and what is told between them.</summary>
    private sealed class Loop(Trainer trainer, string name, Session session, RunOutputs outputs, StepTimes times)
    {
        /// <summary>On the test set, after the last step; null if it was not measured then.</summary>
        public double? Accuracy { get; private set; }

        /// <summary>Trains from one step to another, or until Ctrl-C.</summary>
        /// <returns>The steps that are done then, and the last one's cost; null if there was nothing left to do.</returns>
        public (int Done, float? Cost) Train(int done, int steps, Action<int> tick)
        {
            (float? last, double sum, int summed) = (null, 0, 0);
            long epochStart = Stopwatch.GetTimestamp();
            while (done < steps && !session.Cancellation.IsCancellationRequested)
            {
                // One step. Only this is timed.
                times.Begin();
                float cost = trainer.Train(done);
                times.End();
                if (!float.IsFinite(cost)) throw new DivergedException($"{name}: the cost became {cost} in step {done}; the data or the learning rate are at fault");
                (last, sum, summed, Accuracy) = (cost, sum + cost, summed + 1, null);
                tick(++done);

                // After an epoch, and at the end, look where things stand.
                bool whole = done % trainer.BatchesPerEpoch == 0;
                if (!whole && done < steps) continue;
                Tell(done, sum / summed, whole, isLast: done == steps, epochStart);
                if (outputs.Save is not null) trainer.Save(outputs.Save, done);
                (sum, summed, epochStart) = (0, 0, Stopwatch.GetTimestamp());
            }
            if (session.Cancellation.IsCancellationRequested)
            {
                if (outputs.Save is not null) trainer.Save(outputs.Save, done);
                session.Terminal.WriteLine($"{name}: stopped after step {done}{(outputs.Save is null ? "" : $"; saved in {outputs.Save}")}");
            }
            return (done, last);
        }

        // Every epoch if a log or a page wants it, and otherwise some.
        private void Tell(int done, double mean, bool whole, bool isLast, long epochStart)
        {
            int epoch = (done + trainer.BatchesPerEpoch - 1) / trainer.BatchesPerEpoch;
            bool isTold = isLast || IsTold(epoch);
            if (!isTold && !outputs.WantsEveryEpoch) return;
            Accuracy = trainer.Accuracy();
            outputs.Add(new EpochReport(epoch, done, mean, null, null, Accuracy / 100, float.NaN, Stopwatch.GetElapsedTime(epochStart).TotalSeconds) { IsWhole = whole });
            if (isTold)
                session.Terminal.WriteLine($"{name}: epoch {epoch,3}{(whole ? "" : $", step {done - (epoch - 1) * trainer.BatchesPerEpoch}")}: mean cost {mean:F4}, test accuracy {Accuracy:F2} %");
        }
    }

    // 1, 2, 3, 5, 10, 20, 30, 50, 100, ...
    private static bool IsTold(int epoch)
    {
        while (epoch % 10 == 0) epoch /= 10;
        return epoch is 1 or 2 or 3 or 5;
    }
}

/// <summary>Training went wrong: the cost is no number any more.</summary>
public sealed class DivergedException(string message) : Exception(message);

/// <summary>How long the steps of a run took.</summary>
/// <param name="steps">How many there will be; the first million are kept.</param>
public sealed class StepTimes(int steps)
{
    private readonly long[] _ticks = new long[Math.Min(steps, 1_000_000)];
    private int _count;
    private long _start;

    /// <summary>A step starts.</summary>
    public void Begin() => _start = Stopwatch.GetTimestamp();

    /// <summary>It has ended.</summary>
    public void End()
    {
        long ticks = Stopwatch.GetTimestamp() - _start;
        if (_count < _ticks.Length) _ticks[_count++] = ticks;
    }

    /// <summary>The median in milliseconds; 0 when there was no step.</summary>
    public double MedianMs
    {
        get
        {
            if (_count == 0) return 0;
            long[] sorted = _ticks[.._count];
            Array.Sort(sorted);
            return 1000.0 * sorted[_count / 2] / Stopwatch.Frequency;
        }
    }
}
