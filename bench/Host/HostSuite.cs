// bench -- host: what the host spends on a training step when the GPU spends nothing.
//
// The one thing to understand: a step that is replayed is three calls, whatever it computes; what is left is the copy of the batch into pinned memory. So two
// figures matter: a replayed step without that copy, and one launch of a step that is not captured (a profile, a careful mode, the first run).
using System.Diagnostics;
using MiniDL.Bench.Programs;

namespace MiniDL.Bench.Host;

/// <summary>The suite of <c>bench -- host [--models NAME...] [--json]</c>.</summary>
internal static class HostSuite
{
    private const int Rounds = 9;
    private const double WarmSeconds = 0.3, RoundSeconds = 0.05;

    private sealed record Line(string Model, int Launches, double StepMicroseconds, double PackMicroseconds, double LaunchNanoseconds, long Allocated);

    /// <summary>Measures and prints; returns the exit code.</summary>
    public static int Run(string[] models, bool json)
    {
        Machine.NoteIfBusy();
        var lines = new List<Line>();
        Console.WriteLine($"{"program",-10}{"launches",10}{"step us",10}{"of that packing",18}{"launch ns",12}{"bytes allocated",18}    on a GPU that does nothing; median of {Rounds}");
        foreach (string model in models)
        {
            using var step = NullStep.Of(model);
            int launches = step.Ready.Launches;
            (double replay, long allocated) = Measure(step.Replay);
            (double pack, _) = Measure(step.Upload);
            (double all, long more) = Measure(step.LaunchAll);
            var line = new Line(model, launches, replay * 1e6, pack * 1e6, all * 1e9 / launches, allocated + more);
            lines.Add(line);
            Console.WriteLine($"{model,-10}{line.Launches,10}{line.StepMicroseconds,10:F2}{line.PackMicroseconds,18:F2}{line.LaunchNanoseconds,12:F1}{line.Allocated,18}");
        }
        if (json)
        {
            JsonLine.Print("steps", lines, (writer, line) =>
            {
                writer.WriteString("model", line.Model);
                writer.WriteNumber("launches_per_step", line.Launches);
                writer.WriteNumber("step_us", Math.Round(line.StepMicroseconds, 3));
                writer.WriteNumber("pack_us", Math.Round(line.PackMicroseconds, 3));
                writer.WriteNumber("launch_ns", Math.Round(line.LaunchNanoseconds, 2));
                writer.WriteNumber("allocated_bytes", line.Allocated);
            });
        }
        return lines.All(line => line.LaunchNanoseconds < 1000 && line.Allocated == 0) ? 0 : 1;
    }

    /// <summary>The median seconds of one call, and the bytes that all warm calls together allocated.</summary>
    private static (double Seconds, long Allocated) Measure(Action action)
    {
        // .NET compiles a busy method a second time, optimised: wait for that.
        int calls = 0;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < WarmSeconds; calls++) action();
        calls = Math.Max(1, (int)(calls * RoundSeconds / WarmSeconds));

        var seconds = new double[Rounds];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < calls; i++) action();
            seconds[round] = Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Array.Sort(seconds);
        return (seconds[Rounds / 2], allocated);
    }
}
