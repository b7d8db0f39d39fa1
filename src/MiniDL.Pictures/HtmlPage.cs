// A page of headings, tables, pictures and plots as one HTML file that needs nothing else: no script, no style sheet, no picture beside it.
//
// The one thing to understand: pictures lie in the page itself. A PNG is written as text in base 64 ("data:image/png;base64,..."), a drawing is SVG, which HTML takes as it is. So the file
// can be mailed, and looks the same in ten years.
using System.Text;

namespace MiniDL.Pictures;

/// <summary>A page under construction, from top to bottom. Every text is escaped.</summary>
/// <example><code>
/// var page = new HtmlPage("modern net");
/// page.Heading("Cost");
/// page.Drawing(plot.Draw(), "mean cost by epoch");
/// page.Save("out/modern.html");
/// </code></example>
public sealed class HtmlPage(string title)
{
    private const string Style = "body{font-family:Helvetica,Arial,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
        + "table{border-collapse:collapse;margin:1em 0}th,td{padding:.25em .8em;border-bottom:1px solid #ddd;text-align:right}th:first-child,td:first-child{text-align:left}"
        + "pre{background:#f5f5f5;padding:1em;overflow:auto}figure{margin:1em 0}img{image-rendering:pixelated;max-width:100%}figcaption{color:#666}svg{max-width:100%;height:auto}";

    private readonly StringBuilder _body = new();

    /// <summary>A heading below the page's title.</summary>
    public void Heading(string text) => Add("h2", text);

    /// <summary>A paragraph.</summary>
    public void Paragraph(string text) => Add("p", text);

    /// <summary>Text as it stands: line breaks and blanks are kept.</summary>
    public void Preformatted(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _body.Append("<pre>").AppendJoin('\n', text.ReplaceLineEndings("\n").Split('\n').Select(SvgCanvas.Escape)).Append("</pre>\n");   // Escape makes blanks of line ends
    }

    /// <summary>A table; the first column is text, the others are numbers.</summary>
    /// <param name="headings">One for each column; none for a table without a first line.</param>
    /// <param name="rows">Each with as many cells.</param>
    /// <exception cref="ArgumentException">A row has more or fewer cells than there are headings.</exception>
    public void Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        ArgumentNullException.ThrowIfNull(headings);
        ArgumentNullException.ThrowIfNull(rows);
        _body.Append("<table>\n");
        if (headings.Count > 0) Row("th", headings);
        foreach (IReadOnlyList<string> row in rows)
        {
            if (headings.Count > 0 && row.Count != headings.Count) throw new ArgumentException($"a row has {row.Count} cells under {headings.Count} headings");
            Row("td", row);
        }
        _body.Append("</table>\n");
    }

    /// <summary>A picture, with a line below it.</summary>
    public void Picture(Picture picture, string caption)
    {
        ArgumentNullException.ThrowIfNull(picture);
        using var bytes = new MemoryStream();
        Png.Write(bytes, picture);
        Figure($"""<img alt="{SvgCanvas.Escape(caption)}" width="{picture.Width}" height="{picture.Height}" src="data:image/png;base64,{Convert.ToBase64String(bytes.GetBuffer(), 0, (int)bytes.Length)}">""", caption);
    }

    /// <summary>A drawing or plot, with a line below it.</summary>
    public void Drawing(SvgCanvas drawing, string caption)
    {
        ArgumentNullException.ThrowIfNull(drawing);
        Figure(drawing.ToString(), caption);
    }

    /// <summary>The file's text.</summary>
    public override string ToString() =>
        $"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{SvgCanvas.Escape(title)}</title><style>{Style}</style></head><body>""" + $"\n<h1>{SvgCanvas.Escape(title)}</h1>\n{_body}</body></html>\n";

    /// <summary>Writes the file, and makes its folder if need be.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, ToString());
    }

    private void Add(string element, string text) => _body.Append($"<{element}>{SvgCanvas.Escape(text)}</{element}>\n");

    private void Row(string element, IEnumerable<string> cells) =>
        _body.Append("<tr>").AppendJoin("", cells.Select(cell => $"<{element}>{SvgCanvas.Escape(cell)}</{element}>")).Append("</tr>\n");

    private void Figure(string content, string caption) => _body.Append($"<figure>{content}<figcaption>{SvgCanvas.Escape(caption)}</figcaption></figure>\n");
}
