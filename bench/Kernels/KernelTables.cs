// From results to tables: a table of times for each GPU, and on the simulator one of counters.
//
// bench/README.md explains the columns. The one thing to understand: a row is a rung, all its launches together; registers, occupancy and limiter are of the launch that takes longest.
using System.Globalization;
using MiniDL.Gpu;
using MiniDL.Ladders;
using MiniDL.Simulator.Counters;

namespace MiniDL.Bench.Kernels;

/// <summary>Makes tables.</summary>
internal static class KernelTables
{
    private const string Nothing = "-";

    /// <summary>How a rung is called in a row, such as <c>5 2-D thread tile</c>.</summary>
    public static string RowOf(Rung rung) => $"{rung.Number} {rung.Name}";

    /// <summary>All tables of a ladder's results.</summary>
    /// <param name="results">Of one ladder and size.</param>
    /// <param name="gpus">Those that were measured.</param>
    public static IReadOnlyList<TextTable> Of(IReadOnlyList<RungResult> results, IReadOnlyList<GpuProperties> gpus)
    {
        bool counted = results.Any(result => result.Measurements.Any(measurement => measurement.IsEstimate));
        return [.. gpus.Select(gpu => Times(results, gpu)), .. counted ? [Counted(results)] : Array.Empty<TextTable>()];
    }

    private static TextTable Times(IReadOnlyList<RungResult> results, GpuProperties gpu)
    {
        bool estimated = results.All(result => result.On(gpu)?.IsEstimate != false), products = results.Any(result => result.On(gpu)?.CuBlasMicroseconds is not null);
        string speed = results[0].Ladder.Measure == Measure.GigaFlops ? "GFLOP/s" : "GB/s";
        string[] headings = [$"{gpu.Name}, {(estimated ? "estimated" : "measured")}", "time us", speed, "% limit", .. products ? ["% cuBLAS", "% TF32"] : Array.Empty<string>(), "regs", "shared", "spills", "occup.", .. estimated ? ["limiter"] : Array.Empty<string>()];
        return new TextTable(headings, [.. results.Select(Row)]);

        IReadOnlyList<string> Row(RungResult result)
        {
            if (result.On(gpu) is not { } measured) return [RowOf(result.Rung), WhyNot(result), .. Enumerable.Repeat(Nothing, headings.Length - 2)];
            LaunchMeasurement slowest = measured.Slowest;
            bool known = slowest.Registers > 0;
            return
            [
                RowOf(result.Rung), Figure(measured.Microseconds), Figure(measured.Speed), Percent(measured.PercentOfLimit),
                .. products ? [Percent(measured.PercentOfCuBlas), Percent(measured.PercentOfCuBlasTf32)] : Array.Empty<string>(),
                known ? Text($"{slowest.Registers}") : Nothing, Text($"{slowest.SharedBytes:#,0}"), Text($"{measured.Launches.Sum(launch => launch.SpillBytes)}"),
                known ? Text($"{100 * slowest.Occupancy.Fraction:0}%") : Nothing, .. estimated ? [measured.Limiter!] : Array.Empty<string>(),
            ];
        }
    }

    private static TextTable Counted(IReadOnlyList<RungResult> results)
    {
        string[] headings = ["counted", "launches", "sectors/load", "sectors/store", "bytes used", "bank waves", "FMA", "moved", "diverge", "lanes"];
        return new TextTable(headings, [.. results.Select(Row)]);

        IReadOnlyList<string> Row(RungResult result)
        {
            if (result.Measurements is not [{ Counters: { } c } measured, ..]) return [RowOf(result.Rung), WhyNot(result), .. Enumerable.Repeat(Nothing, headings.Length - 2)];
            return
            [
                RowOf(result.Rung), Text($"{measured.Launches.Count}"), Each(c.GlobalLoads), Each(c.GlobalStores), Percent(100 * BytesUsed(c)),
                BankWaves(c) is { } waves ? Text($"{waves:0.00}") : Nothing, Percent(100 * FmaShare(c)), Moved(measured) is { } moved ? Times(moved) : Nothing,
                Percent(100 * (1 - c.BranchUniformity)), Text($"{c.ThreadsPerInstruction:0.0}"),
            ];
        }

        static string Each(AccessCounts counts) => counts.Requests == 0 ? Nothing : Text($"{counts.SectorsPerRequest:0.0}");
        static string Times(double factor) => factor < 10 ? Text($"{factor:0.00}x") : Text($"{factor:#,0}x");
    }

    /// <summary>FLOPs as a part of what there would be if every instruction were a fused multiply-add of 32 lanes, 0 to 1. Additions alone come to half. Null with tensor cores,
    /// an instruction of which does many.</summary>
    public static double? FmaShare(KernelCounters c) => c.WarpInstructions == 0 || c.Of(InstructionClass.Tensor) > 0 ? null : c.Flops / (2.0 * Multiprocessor.WarpSize * c.WarpInstructions);

    /// <summary>Wavefronts of shared memory for each that there would be without bank conflicts; null if there are none.</summary>
    public static double? BankWaves(KernelCounters c) => c.SharedWavefronts == 0 ? null : (double)c.SharedWavefronts / (c.SharedWavefronts - c.BankConflicts);

    /// <summary>The part of loaded sectors that was asked for, 0 to 1; NaN if nothing is loaded.</summary>
    public static double BytesUsed(KernelCounters c) => c.GlobalLoads.Requests == 0 ? double.NaN : c.GlobalLoads.Efficiency;

    /// <summary>Bytes of the sectors of all requests, by those that the problem needs at least; null on a real GPU.</summary>
    public static double? Moved(RungMeasurement measured) => measured.Counters is { } c && measured.Problem.MinimumBytes > 0 ? c.GlobalBytes / measured.Problem.MinimumBytes : null;

    private static string WhyNot(RungResult result) => result.Wrong is not null ? "WRONG" : Text($"needs sm_{result.Rung.Needs.Major}{result.Rung.Needs.Minor}");

    // Three figures or more; a time of 0, as a GPU without a clock tells it, is none.
    private static string Figure(double value) => !double.IsFinite(value) || value == 0 ? Nothing : value >= 100 ? Text($"{value:#,0}") : value >= 10 ? Text($"{value:0.0}") : Text($"{value:0.00}");

    private static string Percent(double? value) => value is { } known && double.IsFinite(known) ? Text($"{known:0.0}") : Nothing;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
