// bench -- kernels: how fast each rung of each ladder is, and why.
//
// On a real GPU with a clock (DeviceMeter), else on the simulated one with counters and an estimate (SimulatedMeter). The one thing to understand: a rung must be right before it
// is timed; one that is not makes the suite fail.
using System.Diagnostics;
using System.Globalization;
using MiniDL.Bench.Programs;
using MiniDL.Cuda;
using MiniDL.Examples;
using MiniDL.Gpu;

namespace MiniDL.Bench.Kernels;

/// <summary>The suite of <c>bench -- kernels [--ladder NAME] [--rung N] [--n SIZE] [--device cuda|sim|sim:GPU] [--json] [--write]</c>.</summary>
internal static class KernelSuite
{
    /// <summary>Measures and prints; returns the exit code: 1 if a rung is wrong.</summary>
    /// <param name="choice">What was asked for.</param>
    /// <param name="json">Print an object as the last line.</param>
    public static int Run(KernelChoice choice, bool json)
    {
        using IMeter meter = Open(choice.Device);
        Console.WriteLine(meter.Note);
        if (meter is DeviceMeter { IsSimulated: true })
        {
            // A driver that is simulated runs every block of every repeat.
            if (choice.Write) throw new BenchmarkException("the times of a simulated driver are not written into the chapter; add --device sim for estimates");
            if (!choice.HasSize) throw new BenchmarkException("the ladders' own sizes take hours on a simulated driver: give --n, such as --n 64; or --device sim for estimates");
        }
        KernelChapter? chapter = choice.Write ? KernelChapter.Open(choice.Ladders.Select(one => one.Ladder)) : null;
        var results = new List<RungResult>();
        var terminal = new Terminal(Console.Out);
        long start = Stopwatch.GetTimestamp();
        foreach (LadderChoice one in choice.Ladders)
        {
            IReadOnlyList<RungResult> its = terminal.Follow(one.Ladder.Name, one.Rungs.Count, done => meter.Measure(one.Ladder, one.Rungs, one.Problem, done));
            results.AddRange(its);
            Print(one, its, meter.Gpus);
        }
        string[] sampled = [.. results.Where(result => result.Measurements.Any(measurement => measurement.IsSampled)).Select(result => $"{result.Ladder.Name} at {result.Problem.Size}").Distinct()];
        if (sampled.Length > 0) Console.WriteLine($"sampled, one wave of blocks of each launch: {string.Join("; ", sampled)}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{results.Count} {(results.Count == 1 ? "rung" : "rungs")} in {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s"));
        bool wrong = results.Any(result => result.Wrong is not null);
        if (chapter is not null && !wrong)
        {
            chapter.Write(results, meter.Gpus);
            Console.WriteLine($"written: {chapter.File}");
        }
        if (json) KernelJson.Print(results);
        return wrong ? 1 : 0;
    }

    private static void Print(LadderChoice one, IReadOnlyList<RungResult> results, IReadOnlyList<GpuProperties> gpus)
    {
        Console.WriteLine($"\n{one.Ladder.Name}: {one.Ladder.Formula}, {one.Problem.Size}");
        foreach (TextTable table in KernelTables.Of(results, gpus))
        {
            Console.WriteLine();
            table.Print();
        }
        Console.WriteLine();
        foreach (RungResult result in results)
            if (result.Wrong is { } wrong) Console.WriteLine($"WRONG: {one.Ladder.Name}, rung {result.Rung.Number} ({result.Rung.File}) {wrong}");
    }

    /// <summary>A real GPU where one is asked for, or may be used and is there; else the simulator.</summary>
    private static IMeter Open(DeviceChoice device)
    {
        NvrtcCompiler compiler = NvrtcCompiler.Create();
        if (!device.TryReal) return new SimulatedMeter(compiler, device.Simulated);
        try
        {
            return new DeviceMeter(DriverGpu.Open(), compiler);
        }
        catch (MissingLibraryException) when (device.Simulated.Count > 0)
        {
            return new SimulatedMeter(compiler, device.Simulated);
        }
        catch (GpuException none) when (device.Simulated.Count > 0 && none.Code == "CUDA_ERROR_NO_DEVICE")
        {
            return new SimulatedMeter(compiler, device.Simulated);
        }
    }
}
