// What a run leaves behind besides its table: a line per epoch in a log, a page with plots, a checkpoint.
//
// The one thing to understand: every program, of the progression or of the lectures, tells its epochs in the same form (EpochReport), so that one file knows how to write them down.
using MiniDL.Pictures;

namespace MiniDL.Examples;

/// <summary>The files of one run.</summary>
/// <param name="options">The command line.</param>
/// <param name="name">The run's name.</param>
public sealed class RunOutputs(Options options, string name)
{
    private readonly List<EpochReport> _reports = [];
    private readonly List<(string Caption, Picture Picture)> _pictures = [];

    /// <summary>Where a checkpoint is saved, or null.</summary>
    public string? Save { get; } = PlaceOf(options.Save, options.Name, name);

    /// <summary>The checkpoint to go on from, or null.</summary>
    public string? Resume { get; } = PlaceOf(options.Resume, options.Name, name);

    /// <summary>Whether somebody reads every epoch, so that each is worth measuring on the test set.</summary>
    public bool WantsEveryEpoch => options.Log is not null || options.Out is not null;

    /// <summary>Notes an epoch: appends its line to the log at once, so that it can be watched while the run goes on.</summary>
    public void Add(EpochReport report)
    {
        _reports.Add(report);
        if (options.Log is null) return;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Log))!);
        File.AppendAllText(options.Log, $$"""{"model":"{{name}}",{{report.ToJson()[1..]}}""" + "\n");
    }

    /// <summary>A picture for the page.</summary>
    public void Add(Picture picture, string caption) => _pictures.Add((caption, picture));

    /// <summary>Writes the page, if there is a folder for it.</summary>
    /// <param name="title">The page's title.</param>
    /// <param name="summary">The model's layers or parameters, as text.</param>
    /// <param name="result">What the run came to.</param>
    /// <returns>Its path, or null.</returns>
    public string? WritePage(string title, string summary, RunResult result)
    {
        if (options.Out is null) return null;
        var page = new HtmlPage(title);
        page.Table(["", "result"], [["result", result.Outcome], ["claim", result.Claim], ["parameters", $"{result.Parameters:N0}"], ["epochs", $"{result.Epochs}"], ["steps", $"{result.Steps:N0}"],
            ["median step", $"{result.MsPerStep:F3} ms"], ["time", $"{result.Seconds:F1} s"]]);
        Plots(page);
        foreach ((string caption, Picture picture) in _pictures) page.Picture(picture, caption);
        page.Heading("Model");
        page.Preformatted(summary);
        page.Heading("Configuration");
        page.Table(["option", "value"], [["program", name], ["device", options.Device], ["batch", $"{options.Batch}"], ["seed", $"{options.Seed}"],
            ["threads", options.Threads == 0 ? "one per core" : $"{options.Threads}"], ["data", options.Data ?? "MNIST"], ["resumed from", Resume ?? "-"]]);
        if (_reports.Count > 0)
        {
            page.Heading("Epochs");
            page.Table(["epoch", "steps", "cost", "accuracy", "test cost", "test accuracy", "rate", "seconds"], _reports.Select(report => new[]
            {
                $"{report.Epoch}", $"{report.Steps}", $"{report.Cost:F4}", Percent(report.Accuracy), report.ValidationCost is { } cost ? $"{cost:F4}" : "", Percent(report.ValidationAccuracy), $"{report.Rate:G4}", $"{report.Seconds:F1}",
            }));
        }
        string path = Path.Combine(options.Out, name + ".html");
        page.Save(path);
        return path;
    }

    private void Plots(HtmlPage page)
    {
        Draw(page, "cost", "mean cost", 1, ("training", report => report.Cost), ("test", report => report.ValidationCost));
        Draw(page, "accuracy", "percent", 100, ("training", report => report.Accuracy), ("test", report => report.ValidationAccuracy));
    }

    // One plot; a line for each quantity that some epoch has.
    private void Draw(HtmlPage page, string title, string unit, double factor, params (string Name, Func<EpochReport, double?> Value)[] lines)
    {
        var plot = new Plot(title) { XLabel = "epoch", YLabel = unit };
        bool isEmpty = true;
        foreach ((string line, Func<EpochReport, double?> value) in lines)
        {
            EpochReport[] with = [.. _reports.Where(report => value(report) is { } number && double.IsFinite(number))];
            if (with.Length == 0) continue;
            plot.Add(new Series(line, [.. with.Select(report => (double)report.Epoch)], [.. with.Select(report => factor * value(report)!.Value)]) { HasPoints = true });
            isEmpty = false;
        }
        if (!isEmpty) page.Drawing(plot.Draw(), $"{title} by epoch");
    }

    private static string Percent(double? share) => share is { } number ? $"{100 * number:F2} %" : "";

    // A name may stand for several runs (old, all): then each has a file of its own, with the run's name before the extension.
    private static string? PlaceOf(string? asked, string program, string run) => asked is null || program == run ? asked
        : Path.Combine(Path.GetDirectoryName(asked) ?? "", $"{Path.GetFileNameWithoutExtension(asked)}-{run}{Path.GetExtension(asked)}");
}
