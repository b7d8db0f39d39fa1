// What a lecture that is no plain training run has to show: text, tables, pictures and plots.
//
// The one thing to understand: everything is shown once, by one call, and goes to two places: the terminal, and, with --out DIR, the page DIR/NAME.html, beside which pictures and plots also lie
// as files of their own.
using System.Text;
using System.Text.Json;
using MiniDL.Pictures;

namespace MiniDL.Examples;

/// <summary>Collects and shows a lecture's results.</summary>
/// <param name="session">The command.</param>
/// <param name="name">The lecture's name, which its files begin with.</param>
/// <param name="title">The page's title.</param>
/// <example><code>
/// var page = new LecturePage(session, "moons", "Two moons");
/// page.Picture("2-units", picture, "two hidden units");
/// page.Save();
/// return LecturePage.Json("moons", ("accuracy_2", accuracy));
/// </code></example>
public sealed class LecturePage(Session session, string name, string title)
{
    private readonly HtmlPage _page = new(title);

    /// <summary>A line on the terminal, a paragraph on the page.</summary>
    public void Text(string text)
    {
        session.Terminal.WriteLine(text);
        _page.Paragraph(text);
    }

    /// <summary>A heading, on the page only.</summary>
    public void Heading(string text) => _page.Heading(text);

    /// <summary>A table in both places; the first column is text, the others are numbers.</summary>
    /// <param name="headings">One for each column.</param>
    /// <param name="rows">Each with as many cells.</param>
    public void Table(string[] headings, IReadOnlyList<string[]> rows)
    {
        session.Terminal.Table(headings, rows);
        _page.Table(headings, rows);
    }

    /// <summary>A picture: <c>NAME-STEM.png</c>, on the page, and a preview on the terminal.</summary>
    /// <param name="stem">What distinguishes its file, such as <c>filters</c>.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="caption">The line below it.</param>
    /// <param name="hasPreview">False where a terminal shows too little of it to help. There is none with --json either.</param>
    public void Picture(string stem, Picture picture, string caption, bool hasPreview = true)
    {
        if (hasPreview && !session.Options.Json)
        {
            session.Terminal.WriteLine(caption);
            session.Terminal.Show(picture);
        }
        _page.Picture(picture, caption);
        if (PathOf(stem, "png") is not { } path) return;
        picture.Save(path);
        session.Terminal.WriteLine($"written: {path}");
    }

    /// <summary>A plot or drawing: <c>NAME-STEM.svg</c>, and on the page.</summary>
    /// <param name="stem">What distinguishes its file.</param>
    /// <param name="drawing">The drawing.</param>
    /// <param name="caption">The line below it.</param>
    public void Drawing(string stem, SvgCanvas drawing, string caption)
    {
        _page.Drawing(drawing, caption);
        if (PathOf(stem, "svg") is not { } path) return;
        drawing.Save(path);
        session.Terminal.WriteLine($"written: {path}");
    }

    /// <summary>Writes the page, if there is a folder for it, with what the command line chose at its end.</summary>
    public void Save()
    {
        if (session.Options.Out is not { } folder) return;
        Options options = session.Options;
        _page.Heading("Configuration");
        _page.Table(["option", "value"], [["lecture", name], ["device", options.Device], ["seed", $"{options.Seed}"], ["epochs", options.Epochs is { } epochs ? $"{epochs}" : "its default"],
            ["steps", options.Steps is { } steps ? $"{steps}" : "its default"], ["data", options.Data ?? "MNIST"]]);
        string path = Path.Combine(folder, name + ".html");
        _page.Save(path);
        session.Terminal.WriteLine($"written: {path}");
    }

    /// <summary>The line of <c>--json</c>: an object of numbers, a number that is not finite being null.</summary>
    /// <param name="name">The lecture.</param>
    /// <param name="figures">Keys, in lower case with underscores, and numbers.</param>
    public static string Json(string name, params ReadOnlySpan<(string Key, double Value)> figures)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("lecture", name);
            foreach ((string key, double value) in figures)
            {
                if (double.IsFinite(value)) json.WriteNumber(key, value);
                else json.WriteNull(key);
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private string? PathOf(string stem, string extension) => session.Options.Out is { } folder ? Path.Combine(folder, $"{name}-{stem}.{extension}") : null;
}
