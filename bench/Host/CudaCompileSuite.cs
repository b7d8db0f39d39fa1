// bench -- compile --device cuda: how long it takes to make the convnet's training step ready for a GPU.
//
// The one thing to understand: each figure is the first compile of a fresh process, which is what a user waits for: .NET compiles the compiler, and NVRTC
// compiles the kernels (cold) or the cache has them (warm). There is no GPU in it: modules are loaded into one that does nothing.
using System.Diagnostics;
using System.Globalization;
using MiniDL.Bench.Gpus;
using MiniDL.Bench.Programs;
using MiniDL.Cuda;

namespace MiniDL.Bench.Host;

/// <summary>The suite of <c>bench -- compile --device cuda [--json]</c>.</summary>
internal static class CudaCompileSuite
{
    private const int Rounds = 5;
    private const double MostColdMs = 3000, MostBeyondCpuMs = 150;

    private sealed record Line(string What, double Milliseconds);

    /// <summary>Measures and prints; returns the exit code: 1 if it takes too long.</summary>
    public static int Run(int threads, bool json)
    {
        Machine.NoteIfBusy();
        string cache = Directory.CreateTempSubdirectory("minidl-bench-cache-").FullName;
        try
        {
            // In turns, since a shared machine is not equally fast at all times.
            var (cold, warm, cpu, work) = (new double[Rounds], new double[Rounds], new double[Rounds], new double[Rounds]);
            for (int round = 0; round < Rounds; round++)
            {
                string folder = Path.Combine(cache, $"{round}");
                (cold[round], work[round]) = FirstInOtherProcess("cuda", threads, folder);
                (warm[round], _) = FirstInOtherProcess("cuda", threads, folder);
                (cpu[round], _) = FirstInOtherProcess("cpu", threads, folder);
            }
            double beyond = Median([.. warm.Zip(cpu, (ours, theirs) => ours - theirs)]);
            Line[] lines = [new("cold cache", Median(cold)), new("    processor time", Median(work)), new("warm cache", Median(warm)), new("for the CPU", Median(cpu)), new("warm, beyond the CPU's", beyond)];
            Console.WriteLine($"the convnet's training step, first compile of a process, ms; median of {Rounds}, {Environment.ProcessorCount} cores");
            foreach (Line line in lines) Console.WriteLine($"    {line.What,-24}{line.Milliseconds,10:F0}");
            if (json)
            {
                JsonLine.Print("compile", lines, (writer, line) =>
                {
                    writer.WriteString("what", line.What);
                    writer.WriteNumber("ms", Math.Round(line.Milliseconds, 1));
                });
            }
            return Median(cold) <= MostColdMs && beyond <= MostBeyondCpuMs ? 0 : 1;
        }
        finally
        {
            Directory.Delete(cache, recursive: true);
        }
    }

    /// <summary>Prints the milliseconds that the convnet's step takes to compile for a GPU, first thing in this process, and those that this process spent on all cores:
    /// the second figure is the same on a busy machine.</summary>
    public static int PrintFirst()
    {
        using var gpu = new NullGpu();
        long start = Stopwatch.GetTimestamp();
        using var device = new CudaDevice(gpu, NvrtcCompiler.Create());
        double opened = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        double all = opened + CompileSuite.ConvNetStepMs(device);
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{all} {process.TotalProcessorTime.TotalMilliseconds}"));
        return 0;
    }

    private static (double Milliseconds, double OfProcessors) FirstInOtherProcess(string device, int threads, string cache)
    {
        string assembly = typeof(CudaCompileSuite).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", [assembly, "compile", "--first", "--device", device, "--threads", $"{threads}"]) { RedirectStandardOutput = true };
        start.Environment["MINIDL_CACHE"] = cache;
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string[] figures = output.Split(' ');
        return double.TryParse(figures[0], CultureInfo.InvariantCulture, out double milliseconds) ? (milliseconds, figures.Length > 1 ? double.Parse(figures[1], CultureInfo.InvariantCulture) : 0)
            : throw new BenchmarkException($"the process that compiles first thing ended with code {process.ExitCode} and said: {output}");
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
