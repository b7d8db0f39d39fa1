// The line that `bench -- kernels --json` ends with.
//
//     {"kernels":[{"ladder","rung","name","file","size","sampled","wrong","counters":{...},"estimate":{...},"estimates":[...],"limiter"}]}
//
// On a real GPU "measured" takes the place of counters and estimates. The one thing to understand: what is not known is not there, or null; nothing is 0 for want of a figure.
using System.Text.Json;
using MiniDL.Bench.Programs;
using MiniDL.Ladders;
using MiniDL.Simulator.Timing;

namespace MiniDL.Bench.Kernels;

/// <summary>Writes results as JSON.</summary>
internal static class KernelJson
{
    /// <summary>Prints the line.</summary>
    public static void Print(IReadOnlyList<RungResult> results) => JsonLine.Print("kernels", results, Write);

    /// <summary>Writes the members of a rung's object.</summary>
    public static void Write(Utf8JsonWriter json, RungResult result)
    {
        json.WriteString("ladder", result.Ladder.Name);
        json.WriteNumber("rung", result.Rung.Number);
        json.WriteString("name", result.Rung.Name);
        json.WriteString("file", result.Rung.File);
        json.WriteString("size", result.Problem.Size);
        json.WriteBoolean("sampled", result.Measurements.Any(measurement => measurement.IsSampled));
        json.WriteString("wrong", result.Wrong);
        if (result.Measurements is not [var first, ..]) return;
        if (!first.IsEstimate)
        {
            json.WriteStartObject("measured");
            WriteMeasurement(json, first);
            json.WriteEndObject();
            return;
        }
        CounterJson.Write(json, first);
        json.WriteStartObject("estimate");
        WriteMeasurement(json, first);
        json.WriteEndObject();
        json.WriteStartArray("estimates");
        foreach (RungMeasurement each in result.Measurements)
        {
            json.WriteStartObject();
            WriteMeasurement(json, each);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("limiter", first.Limiter);
    }

    private static void WriteMeasurement(Utf8JsonWriter json, RungMeasurement measured)
    {
        LaunchMeasurement slowest = measured.Slowest;
        json.WriteString("gpu", measured.Gpu.Name);
        Number(json, "microseconds", measured.Microseconds);
        Number(json, measured.Ladder.Measure == Measure.GigaFlops ? "gflops" : "gbps", measured.Speed);
        Number(json, "percent_of_limit", measured.PercentOfLimit);
        if (measured.IsEstimate)
        {
            json.WriteString("limiter", measured.Limiter);
            json.WriteStartArray("terms");
            foreach (IGrouping<string, TimeTerm> term in measured.Launches.SelectMany(launch => launch.Estimate!.Terms).GroupBy(term => term.Name))
            {
                json.WriteStartObject();
                json.WriteString("name", term.Key);
                Number(json, "microseconds", term.Sum(of => of.Microseconds));
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (measured.PercentOfCuBlas is { } cuBlas) Number(json, "percent_of_cublas", cuBlas);
        if (measured.PercentOfCuBlasTf32 is { } tf32) Number(json, "percent_of_cublas_tf32", tf32);
        Number(json, "occupancy", slowest.Occupancy.Fraction);
        json.WriteNumber("registers", slowest.Registers);
        json.WriteNumber("shared_bytes", slowest.SharedBytes);
        json.WriteNumber("spill_bytes", measured.Launches.Sum(launch => launch.SpillBytes));
        json.WriteNumber("launches", measured.Launches.Count);
    }

    /// <summary>A figure, rounded to what anybody can use; null if there is none.</summary>
    internal static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, Math.Round(value, 4));
        else json.WriteNull(name);
    }
}
