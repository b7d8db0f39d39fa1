// bench -- conv: the convolutions of the convnet on MNIST (batch 128), in their three directions.
using System.Diagnostics;
using MiniDL.Cpu;

namespace MiniDL.Bench.Gemm;

/// <summary>The suite of <c>dotnet run -c Release --project bench -- conv [--threads N]</c>.</summary>
internal static unsafe class ConvSuite
{
    private static readonly (string Name, ConvShape Shape)[] s_cases =
    [
        ("conv1 1x28x28 -> 32, 3x3, pad 2", new(128, 1, 28, 28, 32, 3, 3) { PadTop = 2, PadBottom = 2, PadLeft = 2, PadRight = 2 }),
        ("conv2 32x15x15 -> 64, 3x3", new(128, 32, 15, 15, 64, 3, 3)),
        ("conv3 64x7x7 -> 128, 3x3", new(128, 64, 7, 7, 128, 3, 3)),
    ];

    /// <summary>Measures and prints; returns the exit code.</summary>
    public static int Run(int[] threads)
    {
        Console.WriteLine($"{"convolution",-34}{"direction",-18}{"threads",8}{"ms",9}{"GFLOP/s",10}");
        foreach (int count in threads)
        {
            using var team = new ThreadTeam(count);
            double total = 0;
            foreach ((string name, ConvShape shape) in s_cases) total += Measure(name, shape, team);
            Console.WriteLine($"{"all of them",-52}{count,8}{total,9:F2}");
        }
        return 0;
    }

    private static double Measure(string name, ConvShape s, ThreadTeam team)
    {
        int xs = s.B * s.C * s.InputPlane, fs = s.O * s.C * s.Taps, ys = s.B * s.O * s.OutputPlane;
        using Scratch x = new(xs), f = new(fs), y = new(ys), dX = new(xs), dF = new(fs);
        var random = new Random(1);
        for (int i = 0; i < xs; i++) x.Floats[i] = random.NextSingle() - 0.5f;
        for (int i = 0; i < fs; i++) f.Floats[i] = random.NextSingle() - 0.5f;
        using var forward = new ConvForwardPlan(s, team);
        using var inputGradient = new ConvInputGradientPlan(s, team);
        using var filterGradient = new ConvFilterGradientPlan(s, team);
        return Time("forward", () => forward.Run(x.Floats, f.Floats, y.Floats))
            + Time("input gradient", () => inputGradient.Run(y.Floats, f.Floats, dX.Floats))
            + Time("filter gradient", () => filterGradient.Run(x.Floats, y.Floats, dF.Floats));

        double Time(string direction, Action run)
        {
            // .NET compiles a method again, optimised, once it has been in use for some 100 ms.
            for (long warm = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(warm).TotalMilliseconds < 300;) run();
            double[] ms = new double[31];
            for (int i = 0; i < ms.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                run();
                ms[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
            Array.Sort(ms);
            double median = ms[ms.Length / 2];
            Console.WriteLine($"{name,-34}{direction,-18}{team.Threads,8}{median,9:F3}{s.Flops / median * 1e-6,10:F1}");
            return median;
        }
    }
}
