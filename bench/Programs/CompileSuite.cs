// bench -- compile: how long it takes to turn a graph into a program.
//
// The one thing to understand: the first compile of a process also pays for .NET compiling the compiler, which is what a user waits for; the
// warm ones show what the passes themselves cost. Two made graphs, a chain and a random DAG, show that the time grows with the number
// of nodes and not with its square.
using System.Diagnostics;
using System.Globalization;
using MiniDL.Examples;

namespace MiniDL.Bench.Programs;

/// <summary>The suite of <c>bench -- compile [--threads N] [--json]</c>.</summary>
internal static class CompileSuite
{
    private const int Rounds = 5;
    private const double WarmSeconds = 1;

    private sealed record Line(string Graph, int Nodes, double BuildMs, double CompileMs);

    /// <summary>Measures and prints; returns the exit code.</summary>
    public static int Run(int threads, bool json)
    {
        using Device device = Device.Cpu(threads);
        Line[] lines =
        [
            new("convnet step, first compile of a process", 0, 0, Median(() => FirstInOtherProcess(threads))),
            MedianOf("convnet step, warm", () => ConvNetStep(device)),
            MedianOf("chain of 5,000 ops", () => Made(device, Chain(5_000))),
            MedianOf("chain of 10,000 ops", () => Made(device, Chain(10_000))),
            MedianOf("DAG of 2,500 ops", () => Made(device, Dag(2_500))),
            MedianOf("DAG of 5,000 ops", () => Made(device, Dag(5_000))),
        ];
        Console.WriteLine($"{"graph",-44}{"nodes",8}{"build ms",10}{"compile ms",12}    median of {Rounds}");
        foreach (Line line in lines)
            Console.WriteLine($"{line.Graph,-44}{(line.Nodes == 0 ? "" : line.Nodes),8}{(line.Nodes == 0 ? "" : line.BuildMs.ToString("F1")),10}{line.CompileMs,12:F1}");
        if (json)
        {
            JsonLine.Print("graphs", lines, (writer, line) =>
            {
                writer.WriteString("graph", line.Graph);
                writer.WriteNumber("nodes", line.Nodes);
                writer.WriteNumber("build_ms", Math.Round(line.BuildMs, 3));
                writer.WriteNumber("compile_ms", Math.Round(line.CompileMs, 3));
            });
        }
        return 0;
    }

    /// <summary>Prints the milliseconds that the convnet's step takes to compile, first thing in this process.</summary>
    public static int PrintFirst(int threads)
    {
        using Device device = Device.Cpu(threads);
        Console.WriteLine(ConvNetStep(device).CompileMs.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>The milliseconds that the convnet's step takes to compile for a device.</summary>
    public static double ConvNetStepMs(Device device) => ConvNetStep(device).CompileMs;

    // The training step of the convnet for a batch of 128: build covers model, gradient and optimiser.
    private static Line ConvNetStep(Device device)
    {
        long start = Stopwatch.GetTimestamp();
        MnistProgram program = ConvNet.Build(new Init(seed: 1));
        double build = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        int nodes = Traversal.Topological([program.Cost, .. program.Updates.Select(update => update.Value)]).Count;

        start = Stopwatch.GetTimestamp();
        using Function step = T.Function([program.X, program.Y], program.Cost, program.Updates, device: device);
        step.Compile([128, 1, 28, 28], [128, 10]);
        return new Line("", nodes, build, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    private static Line Made(Device device, Func<Tensor, Tensor> graph)
    {
        long start = Stopwatch.GetTimestamp();
        Tensor x = T.Matrix("x");
        Tensor y = graph(x);
        double build = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        int nodes = Traversal.Topological(y).Count;

        start = Stopwatch.GetTimestamp();
        using Function f = T.Function([x], y, device: device);
        f.Compile([64, 64]);
        return new Line("", nodes, build, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    // x -> tanh(x) -> tanh(x) * x0 -> ..., which no rule simplifies.
    private static Func<Tensor, Tensor> Chain(int ops) => x =>
    {
        Tensor y = x;
        for (int i = 0; i < ops; i++) y = i % 2 == 0 ? T.Tanh(y) : T.Mul(y, x);
        return y;
    };

    // Each node takes two nodes of the twenty before it.
    private static Func<Tensor, Tensor> Dag(int ops) => x =>
    {
        var random = new SplitMix64(seed: 1);
        var nodes = new List<Tensor> { x, T.Exp(x) };
        Tensor Pick() => nodes[^(1 + (int)(random.NextDouble() * Math.Min(20, nodes.Count)))];
        for (int i = 0; i < ops; i++)
            nodes.Add((i % 3) switch { 0 => T.Add(Pick(), Pick()), 1 => T.Mul(Pick(), Pick()), _ => T.Maximum(Pick(), Pick()) });
        return T.Sum(T.Concat([.. nodes[^20..]], 0));
    };

    private static double FirstInOtherProcess(int threads)
    {
        string assembly = typeof(CompileSuite).Assembly.Location;
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [assembly, "compile", "--first", "--threads", $"{threads}"]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return double.TryParse(output, CultureInfo.InvariantCulture, out double milliseconds) ? milliseconds
            : throw new BenchmarkException($"the process that compiles first thing ended with code {process.ExitCode} and said: {output}");
    }

    private static double Median(Func<double> measure)
    {
        double[] values = [.. Enumerable.Range(0, Rounds).Select(_ => measure())];
        Array.Sort(values);
        return values[Rounds / 2];
    }

    private static Line MedianOf(string name, Func<Line> measure)
    {
        // .NET compiles a busy method a second time, optimised: wait for that.
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmSeconds) measure();

        Line[] lines = [.. Enumerable.Range(0, Rounds).Select(_ => measure())];
        return new Line(name, lines[0].Nodes, lines.Select(line => line.BuildMs).Order().ElementAt(Rounds / 2),
            lines.Select(line => line.CompileMs).Order().ElementAt(Rounds / 2));
    }
}
