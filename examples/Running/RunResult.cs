// What a run comes to: a row of the table for people, one JSON object for programs.
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace MiniDL.Examples;

/// <summary>The result of one run.</summary>
/// <param name="Model">The program's name.</param>
/// <param name="Device">The device, as asked for.</param>
/// <param name="Epochs">Passes over the training set, a started one counted.</param>
/// <param name="Steps">Training steps.</param>
/// <param name="Batch">Examples in a step.</param>
/// <param name="Parameters">Weights.</param>
/// <param name="MsPerStep">The median time of a training step, in milliseconds.</param>
/// <param name="CompileMs">From the graph to a training step that can run, in milliseconds.</param>
/// <param name="Accuracy">On the whole test set, in percent; null without one.</param>
/// <param name="FinalCost">Of the last step, before its update; null without a cost.</param>
/// <param name="LaunchesPerStep">Kernels and cuBLAS calls of a step on a GPU, stages on the CPU, 0 on the reference.</param>
/// <param name="Seconds">Everything together but for loading the data.</param>
/// <param name="Outcome">What the table shows as result.</param>
/// <param name="Claim">What the talk says.</param>
public sealed record RunResult(string Model, string Device, int Epochs, int Steps, int Batch, long Parameters, double MsPerStep, double CompileMs,
    double? Accuracy, double? FinalCost, int LaunchesPerStep, double Seconds, string Outcome, string Claim)
{
    /// <summary>The L2 norm of all parameters' change since the start; 0 without parameters.</summary>
    public double UpdateNorm { get; init; }

    /// <summary>The most memory that the process has held so far, in MB of 10^6 bytes.</summary>
    public double PeakRssMb { get; } = PeakMemory();

    /// <summary>The one line that <c>--json</c> asks for: the object of a single run (the first, where a name stands for two), or for
    /// <c>all</c> an object whose "models" is an array of such objects.</summary>
    public static string Json(string name, IReadOnlyList<RunResult> results)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            if (name == "all")
            {
                json.WriteStartObject();
                json.WriteStartArray("models");
                foreach (RunResult result in results) result.Write(json);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            else
            {
                results[0].Write(json);
            }
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("model", Model);
        json.WriteString("device", Device);
        json.WriteNumber("epochs", Epochs);
        json.WriteNumber("steps", Steps);
        json.WriteNumber("batch", Batch);
        json.WriteNumber("parameters", Parameters);
        json.WriteNumber("ms_per_step", Math.Round(MsPerStep, 5));
        json.WriteNumber("compile_ms", Math.Round(CompileMs, 2));
        WriteOrNull(json, "accuracy", Accuracy);
        WriteOrNull(json, "final_cost", FinalCost);
        json.WriteNumber("update_norm", UpdateNorm);
        json.WriteNumber("launches_per_step", LaunchesPerStep);
        json.WriteNumber("peak_rss_mb", Math.Round(PeakRssMb, 1));
        json.WriteNumber("seconds", Math.Round(Seconds, 6));
        json.WriteEndObject();
    }

    private static void WriteOrNull(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number) json.WriteNumber(name, Math.Round(number, 6));
        else json.WriteNull(name);
    }

    private static double PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / 1e6;
    }
}
