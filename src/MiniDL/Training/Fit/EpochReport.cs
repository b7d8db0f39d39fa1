// What is known after an epoch, and after all of them.
using System.Text;
using System.Text.Json;

namespace MiniDL;

/// <summary>One epoch.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Steps">Steps since the learner's first.</param>
/// <param name="Cost">The mean over the epoch's steps, each before its update and with dropout.</param>
/// <param name="Accuracy">The share of the epoch's examples that were answered right, each before the update it took part in, in 0..1; null where no answer is right or wrong.</param>
/// <param name="ValidationCost">The mean cost of the validation data after the epoch, without dropout; null without such data.</param>
/// <param name="ValidationAccuracy">The share of them that is answered right, in 0..1.</param>
/// <param name="Rate">The learning rate of the last step.</param>
/// <param name="Seconds">Training and validation. Of an epoch that was interrupted and resumed, what came after.</param>
public sealed record EpochReport(int Epoch, int Steps, double Cost, double? Accuracy, double? ValidationCost, double? ValidationAccuracy, float Rate, double Seconds)
{
    /// <summary>False for the last epoch of a run that was cut off in its middle.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>The report as one line of JSON: epoch, steps, cost, accuracy, validation_cost, validation_accuracy, rate, seconds; null for what there is not or is no number.</summary>
    public string ToJson()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("epoch", Epoch);
            json.WriteNumber("steps", Steps);
            Write(json, "cost", Cost);
            Write(json, "accuracy", Accuracy);
            Write(json, "validation_cost", ValidationCost);
            Write(json, "validation_accuracy", ValidationAccuracy);
            Write(json, "rate", Rate);
            Write(json, "seconds", Seconds);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>Reads a line that <see cref="ToJson"/> wrote. What was no number is NaN, where there must be one.</summary>
    /// <exception cref="FormatException">It is no such line.</exception>
    public static EpochReport FromJson(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement json = document.RootElement;
            double? Number(string name) => json.GetProperty(name) is { ValueKind: not JsonValueKind.Null } number ? number.GetDouble() : null;
            return new EpochReport(json.GetProperty("epoch").GetInt32(), json.GetProperty("steps").GetInt32(), Number("cost") ?? double.NaN, Number("accuracy"),
                Number("validation_cost"), Number("validation_accuracy"), (float)(Number("rate") ?? double.NaN), Number("seconds") ?? double.NaN);
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"this is no report of an epoch: {line}", wrong);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number)) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}

/// <summary>Why a training run ended.</summary>
public enum FitEnd
{
    /// <summary>All epochs are done.</summary>
    Epochs,

    /// <summary>All steps are done.</summary>
    Steps,

    /// <summary>The validation cost has not fallen for as long as was to be waited.</summary>
    Patience,

    /// <summary>It was cancelled. Everything up to the last whole step is trained.</summary>
    Cancelled,

    /// <summary>The cost is no finite number any more: the rate is too large, or the data are at fault.</summary>
    Diverged,
}

/// <summary>A training run.</summary>
/// <param name="Epochs">A report for each epoch since the learner's first; the last may be of a part of one.</param>
/// <param name="End">Why it ended.</param>
public sealed record History(IReadOnlyList<EpochReport> Epochs, FitEnd End)
{
    /// <summary>The last report; null if not one step was made.</summary>
    public EpochReport? Last => Epochs.Count > 0 ? Epochs[^1] : null;
}
