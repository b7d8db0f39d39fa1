// bench -- step: how long a training step of each program of the progression takes on the CPU device.
//
// The one thing to understand: the graphs, the data and the loop are those of the examples. What is timed is what they run.
using System.Diagnostics;
using System.Text.Json;
using MiniDL.Examples;

namespace MiniDL.Bench.Programs;

/// <summary>The suite of <c>bench -- step [--models NAME...] [--steps N] [--threads N] [--profile] [--json]</c>; "norms" among the names stands for the rows of <see cref="NormalisationSuite"/>.</summary>
internal sealed class StepSuite(string? dataFolder, int threads, int steps)
{
    /// <summary>The programs that can be named.</summary>
    public static readonly string[] Models = ["logistic", "old", "modern", "conv"];

    /// <summary>The name of the rows about normalisation.</summary>
    public const string Norms = "norms";

    private const int Batch = 128;
    private const double WarmSeconds = 0.5;   // .NET compiles a busy method a second time, optimised; that takes some 100 ms

    private readonly Lazy<Mnist> _data = new(() => Mnist.Load(Mnist.FindFolder(dataFolder)));

    private sealed record Line(string Model, double Milliseconds, double Flops, int Launches)
    {
        public double Gflops => Flops / Milliseconds / 1e6;
    }

    /// <summary>Measures and prints; returns the exit code.</summary>
    public int Run(string[] models, bool profile, bool json)
    {
        Machine.NoteIfBusy();
        string[] programs = [.. models.Where(model => model != Norms)];
        List<Line> lines = programs.Length > 0 ? Measure(programs, profile) : [];
        List<NormalisationSuite.Line> norms = models.Contains(Norms) ? new NormalisationSuite(threads, steps).Run(profile) : [];
        if (json) PrintJson(lines, norms);
        return 0;
    }

    private List<Line> Measure(string[] models, bool profile)
    {
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
            int step = 0;
            if (profile) PrintProfile(trainer.Step, () => trainer.Train(step++), steps);
        }
        return lines;
    }

    private void PrintJson(List<Line> lines, List<NormalisationSuite.Line> norms)
    {
        IEnumerable<Action<Utf8JsonWriter>> rows =
        [
            .. lines.Select(line => (Action<Utf8JsonWriter>)(writer =>
            {
                writer.WriteString("model", line.Model);
                writer.WriteNumber("threads", threads);
                writer.WriteNumber("batch", Batch);
                writer.WriteNumber("ms_per_step", Math.Round(line.Milliseconds, 4));
                writer.WriteNumber("gflops", Math.Round(line.Gflops, 2));
                writer.WriteNumber("launches_per_step", line.Launches);
            })),
            .. norms.Select(line => (Action<Utf8JsonWriter>)(writer =>
            {
                writer.WriteString("model", line.Name);
                writer.WriteString("shape", $"{line.Shape}");
                writer.WriteNumber("threads", threads);
                writer.WriteNumber("ms_per_step", Math.Round(line.Milliseconds, 4));
                writer.WriteNumber("read_twice_write_once_ms", Math.Round(line.Yardstick, 4));
                writer.WriteNumber("ratio", Math.Round(line.Ratio, 3));
                writer.WriteNumber("launches_per_step", line.Launches);
            })),
        ];
        JsonLine.Print("steps", rows, (writer, write) => write(writer));
    }

    /// <summary>A program, compiled and warm.</summary>
    public Trainer Prepare(string model, Device device)
    {
        MnistProgram program = Progression.Mnist.Single(chapter => chapter.Name == model).Build(new Init(seed: 1));
        var trainer = new Trainer(program, _data.Value, device, Batch, seed: 1);
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

    /// <summary>Prints the mean time of each stage over some runs, the slowest first.</summary>
    public static void PrintProfile(Function function, Action run, int runs)
    {
        function.StartProfile();
        for (int i = 0; i < runs; i++) run();
        IReadOnlyList<StageTime> stages = function.Profile();
        double total = stages.Sum(stage => stage.Milliseconds);
        Console.WriteLine($"    {"us",9}{"share",8}{"GFLOP/s",10}{"GB/s",8}  stage");
        foreach (StageTime stage in stages.OrderByDescending(stage => stage.Milliseconds))
            Console.WriteLine($"    {stage.Milliseconds * 1000,9:F1}{stage.Milliseconds / total,8:P0}{stage.Flops / stage.Milliseconds / 1e6,10:F1}"
                + $"{stage.Bytes / stage.Milliseconds / 1e6,8:F1}  {stage.Name}   # {stage.Source}");
    }
}
