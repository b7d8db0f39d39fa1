// bench -- step: how long a training step of each program of the progression takes on the CPU device.
//
// The one thing to understand: the graphs, the data and the loop are those of the examples. What is timed is what they run.
using System.Diagnostics;
using MiniDL.Examples;

namespace MiniDL.Bench.Programs;

/// <summary>The suite of <c>bench -- step [--models NAME...] [--steps N] [--threads N] [--profile] [--json]</c>.</summary>
internal sealed class StepSuite(string? dataFolder, int threads, int steps)
{
    /// <summary>The programs that can be named.</summary>
    public static readonly string[] Models = ["logistic", "old", "modern", "conv"];

    private const int Batch = 128;
    private const double WarmSeconds = 0.5;   // .NET compiles a busy method a second time, optimised; that takes some 100 ms

    private readonly Mnist _data = Mnist.Load(Mnist.FindFolder(dataFolder));

    private sealed record Line(string Model, double Milliseconds, double Flops, int Launches)
    {
        public double Gflops => Flops / Milliseconds / 1e6;
    }

    /// <summary>Measures and prints; returns the exit code.</summary>
    public int Run(string[] models, bool profile, bool json)
    {
        Machine.NoteIfBusy();
        using Device device = Device.Cpu(threads);
        var lines = new List<Line>();
        Console.WriteLine($"{"program",-10}{"ms/step",10}{"GFLOP",10}{"GFLOP/s",10}{"stages",8}    batch {Batch}, {threads} thread(s), median of {steps} steps");
        foreach (string model in models)
        {
            using Trainer trainer = Prepare(model, device);
            Program program = trainer.Step.Program!;
            var line = new Line(model, Median(trainer, steps), program.Flops, program.Stages.Count);
            lines.Add(line);
            Console.WriteLine($"{model,-10}{line.Milliseconds,10:F3}{line.Flops / 1e9,10:F3}{line.Gflops,10:F1}{line.Launches,8}");
            if (profile) PrintProfile(trainer);
        }
        if (json)
        {
            JsonLine.Print("steps", lines, (writer, line) =>
            {
                writer.WriteString("model", line.Model);
                writer.WriteNumber("threads", threads);
                writer.WriteNumber("batch", Batch);
                writer.WriteNumber("ms_per_step", Math.Round(line.Milliseconds, 4));
                writer.WriteNumber("gflops", Math.Round(line.Gflops, 2));
                writer.WriteNumber("launches_per_step", line.Launches);
            });
        }
        return 0;
    }

    /// <summary>A program, compiled and warm.</summary>
    public Trainer Prepare(string model, Device device)
    {
        MnistProgram program = Progression.Mnist.Single(chapter => chapter.Name == model).Build(new Init(seed: 1));
        var trainer = new Trainer(program, _data, device, Batch, seed: 1);
        long start = Stopwatch.GetTimestamp();
        for (int step = 0; step < 5 || Stopwatch.GetElapsedTime(start).TotalSeconds < WarmSeconds; step++) trainer.Train(step);
        return trainer;
    }

    /// <summary>The median time of some steps, in milliseconds.</summary>
    public static double Median(Trainer trainer, int steps)
    {
        var times = new StepTimes(steps);
        for (int step = 0; step < steps; step++)
        {
            times.Begin();
            trainer.Train(step);
            times.End();
        }
        return times.MedianMs;
    }

    private void PrintProfile(Trainer trainer)
    {
        trainer.Step.StartProfile();
        for (int step = 0; step < steps; step++) trainer.Train(step);
        IReadOnlyList<StageTime> stages = trainer.Step.Profile();
        double total = stages.Sum(stage => stage.Milliseconds);
        Console.WriteLine($"    {"us",9}{"share",8}{"GFLOP/s",10}{"GB/s",8}  stage");
        foreach (StageTime stage in stages.OrderByDescending(stage => stage.Milliseconds))
            Console.WriteLine($"    {stage.Milliseconds * 1000,9:F1}{stage.Milliseconds / total,8:P0}{stage.Flops / stage.Milliseconds / 1e6,10:F1}"
                + $"{stage.Bytes / stage.Milliseconds / 1e6,8:F1}  {stage.Name}   # {stage.Source}");
    }
}
