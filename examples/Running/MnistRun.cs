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
        var before = new StartingPoint(program.Parameters);
        using var trainer = new Trainer(program, data, session.Device, options.Batch, options.Seed);
        session.Terminal.WriteLine($"{chapter.Name}: {chapter.Title}; {program.ParameterCount:N0} parameters");

        int steps = options.StepsOf(chapter.Epochs, trainer.BatchesPerEpoch);
        var times = new StepTimes(steps);
        (float cost, double accuracy) = session.Terminal.Follow(chapter.Name, steps,
            tick => Train(trainer, steps, times, chapter.Name, session.Terminal, tick));

        session.Weights(chapter.Name, program);
        return new RunResult(chapter.Name, options.Device, (steps + trainer.BatchesPerEpoch - 1) / trainer.BatchesPerEpoch, steps, options.Batch,
            program.ParameterCount, times.MedianMs, trainer.CompileMs, accuracy, cost, trainer.Launches,
            Stopwatch.GetElapsedTime(start).TotalSeconds, Outcome: $"{accuracy:F2} %", Claim: chapter.Claim + " %")
        {
            UpdateNorm = before.Distance(),
        };
    }

    private static (float Cost, double Accuracy) Train(Trainer trainer, int steps, StepTimes times, string name, Terminal terminal, Action<int> tick)
    {
        (float cost, double accuracy, double sum) = (0, 0, 0);
        for (int step = 0; step < steps; step++)
        {
            // One step. Only this is timed.
            times.Begin();
            cost = trainer.Train(step);
            times.End();
            if (!float.IsFinite(cost)) throw new DivergedException($"{name}: the cost became {cost} in step {step}; the data or the learning rate are at fault");
            sum += cost;
            tick(step + 1);

            // After some epochs, and at the end, measure on the test set.
            int inEpoch = step % trainer.BatchesPerEpoch + 1, epoch = step / trainer.BatchesPerEpoch + 1;
            bool last = step == steps - 1, whole = inEpoch == trainer.BatchesPerEpoch;
            if (last || (whole && IsTold(epoch)))
            {
                accuracy = trainer.Accuracy();
                terminal.WriteLine($"{name}: epoch {epoch,3}{(whole ? "" : $", step {inEpoch}")}: mean cost {sum / inEpoch:F4}, test accuracy {accuracy:F2} %");
            }
            if (whole) sum = 0;
        }
        return (cost, accuracy);
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
