// bench -- gemm: MiniDL's matrix product beside OpenBLAS, over squares and over the shapes of the five programs.
//
// The one thing to understand: the two are measured in turns, several rounds each, and the medians are compared, so that a
// machine that is busy or changes its clock hits both alike. Only the ratio means anything on another day.
using System.Diagnostics;
using System.Text.Json;
using MiniDL.Cpu;

namespace MiniDL.Bench.Gemm;

/// <summary>The GEMM suite of <c>dotnet run -c Release --project bench -- gemm [--json] [--threads N]</c>.</summary>
internal static unsafe class GemmSuite
{
    /// <summary>C[M,N] = A[M,K] B[K,N]; the flags say which is stored transposed.</summary>
    private sealed record Case(int M, int K, int N, bool TransposeA = false, bool TransposeB = false)
    {
        public double Flops => 2.0 * M * N * K;

        public override string ToString() => $"{M}x{K}{(TransposeA ? "^T" : "")} {K}x{N}{(TransposeB ? "^T" : "")}";

        public GemmShape Shape => new(M, N, K)
        {
            ARow = TransposeA ? 1 : K,
            AColumn = TransposeA ? M : 1,
            BRow = TransposeB ? 1 : N,
            BColumn = TransposeB ? K : 1,
        };
    }

    private sealed record Line(Case Case, int Threads, double Ours, double Theirs);

    private static readonly Case[] s_cases =
    [
        // Squares.
        new(64, 64, 64), new(128, 128, 128), new(256, 256, 256), new(512, 512, 512), new(1024, 1024, 1024), new(2048, 2048, 2048),

        // The networks: forward, gradient for the weights (A transposed), gradient for the input (B transposed).
        new(128, 784, 625), new(784, 128, 625, TransposeA: true),
        new(128, 625, 625), new(625, 128, 625, TransposeA: true), new(128, 625, 625, TransposeB: true),
        new(128, 1152, 625), new(1152, 128, 625, TransposeA: true), new(128, 625, 1152, TransposeB: true),

        // Ten classes: the logistic model and every last layer.
        new(128, 784, 10), new(784, 128, 10, TransposeA: true),
        new(128, 625, 10), new(625, 128, 10, TransposeA: true), new(128, 10, 625, TransposeB: true),

        // A convolution as a product.
        new(64, 288, 21632),
    ];

    /// <summary>Measures and prints; returns the exit code.</summary>
    public static int Run(bool json, int[] threads)
    {
        OpenBlas.Initialise();
        Console.WriteLine(OpenBlas.IsAvailable ? $"peer: OpenBLAS, kernel {OpenBlas.Core}" : OpenBlas.HowToInstall);
        if (Environment.GetEnvironmentVariable("OPENBLAS_CORETYPE") is { Length: > 0 } core)
            Console.WriteLine($"note: OPENBLAS_CORETYPE={core} is set; unset it to let OpenBLAS choose its own kernel");
        Console.WriteLine($"{"shape",-26}{"threads",8}{"GFLOP/s",10}{"OpenBLAS",10}{"ratio",8}");

        Warm();
        var lines = new List<Line>();
        foreach (int count in threads)
        {
            using var team = new ThreadTeam(count);
            foreach (Case test in s_cases)
            {
                Line line = Measure(test, team);
                lines.Add(line);
                Console.WriteLine($"{test,-26}{count,8}{line.Ours,10:F1}{line.Theirs,10:F1}{line.Ours / line.Theirs,8:F2}");
            }
            if (OpenBlas.IsAvailable)
                Console.WriteLine($"geometric mean of the ratio, {count} thread(s): {Mean(lines.Where(line => line.Threads == count)):F3}");
        }
        if (json) PrintJson(lines);
        return 0;
    }

    /// <summary>Runs the small cases for a while: .NET compiles a method again, optimised, once it has been in use for some
    /// 100 ms, and a turn is shorter than that.</summary>
    private static void Warm()
    {
        using var team = new ThreadTeam(1);
        for (int pass = 0; pass < 3; pass++)
            foreach (Case test in s_cases.Where(test => test.Flops < 2e8))
            {
                using Scratch memory = Memory(test, out float* a, out float* b, out float* c);
                using var plan = new GemmPlan(test.Shape, team);
                Seconds(TimeSpan.FromMilliseconds(30), test, plan, a, b, c, peer: false);
            }
    }

    private static Scratch Memory(Case test, out float* a, out float* b, out float* c)
    {
        long aFloats = Scratch.Padded((long)test.M * test.K), bFloats = Scratch.Padded((long)test.K * test.N);
        var memory = new Scratch(aFloats + bFloats + (long)test.M * test.N);
        a = memory.Floats;
        b = a + aFloats;
        c = b + bFloats;
        var random = new Random(1);
        for (float* x = a; x < c; x++) *x = random.NextSingle() - 0.5f;
        return memory;
    }

    private static Line Measure(Case test, ThreadTeam team)
    {
        using Scratch memory = Memory(test, out float* a, out float* b, out float* c);
        using var plan = new GemmPlan(test.Shape, team);
        if (OpenBlas.IsAvailable) OpenBlas.SetThreads(team.Threads);

        // In turns. OpenBLAS's threads go on spinning for some 25 ms after their turn, and the operating system needs a few
        // more until each thread has a core of its own; so a turn begins with runs that do not count.
        TimeSpan warm = TimeSpan.FromMilliseconds(team.Threads > 1 ? 60 : 5), timed = TimeSpan.FromMilliseconds(20);
        const int Rounds = 5;
        Span<double> ours = stackalloc double[Rounds], theirs = stackalloc double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            Seconds(warm, test, plan, a, b, c, peer: false);
            ours[round] = Seconds(timed, test, plan, a, b, c, peer: false);
            if (OpenBlas.IsAvailable) Seconds(warm, test, plan, a, b, c, peer: true);
            theirs[round] = OpenBlas.IsAvailable ? Seconds(timed, test, plan, a, b, c, peer: true) : double.NaN;
        }
        return new Line(test, team.Threads, test.Flops / Median(ours) * 1e-9, test.Flops / Median(theirs) * 1e-9);
    }

    /// <summary>Runs for about <paramref name="length"/>; returns the mean seconds of one run.</summary>
    private static double Seconds(TimeSpan length, Case test, GemmPlan plan, float* a, float* b, float* c, bool peer)
    {
        long start = Stopwatch.GetTimestamp();
        for (int runs = 1; ; runs++)
        {
            if (peer) OpenBlas.Gemm(test.TransposeA, test.TransposeB, test.M, test.N, test.K, a, b, c);
            else plan.Run(a, b, c);
            if (Stopwatch.GetElapsedTime(start) is var elapsed && elapsed >= length) return elapsed.TotalSeconds / runs;
        }
    }

    private static double Median(Span<double> values)
    {
        values.Sort();
        return values[values.Length / 2];
    }

    private static double Mean(IEnumerable<Line> lines) =>
        Math.Exp(lines.Average(line => Math.Log(line.Ours / line.Theirs)));

    private static void PrintJson(List<Line> lines) => Console.WriteLine(JsonSerializer.Serialize(new
    {
        shapes = lines.Select(line => new
        {
            m = line.Case.M,
            n = line.Case.N,
            k = line.Case.K,
            threads = line.Threads,
            gflops = Math.Round(line.Ours, 2),
            openblas_gflops = OpenBlas.IsAvailable ? Math.Round(line.Theirs, 2) : (double?)null,
        }),
        geomean_ratio = OpenBlas.IsAvailable ? Math.Round(Mean(lines), 4) : (double?)null,
    }));
}
