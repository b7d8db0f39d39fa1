// A drawing of lines, rectangles, circles and words as an SVG file: the ground under plots and bar panels.
//
// SVG is text that any browser shows, sharp at any size. The one thing to understand: coordinates are pixels with y pointing down, shapes lie over each other in the order
// they were drawn, and every word that comes from outside is escaped, so that a name with < or & in it cannot break the file.
using System.Globalization;
using System.Text;

namespace MiniDL.Pictures;

/// <summary>Where a text lies from its point.</summary>
public enum TextAnchor
{
    /// <summary>To the right of it.</summary>
    Start,

    /// <summary>Around it.</summary>
    Middle,

    /// <summary>To the left of it.</summary>
    End,
}

/// <summary>A white drawing to which shapes are added.</summary>
/// <example><code>
/// var canvas = new SvgCanvas(200, 100);
/// canvas.Line(0, 50, 200, 50, Color.Black);
/// canvas.Text(100, 40, "a line", anchor: TextAnchor.Middle);
/// canvas.Save("out/line.svg");
/// </code></example>
public sealed class SvgCanvas
{
    private readonly StringBuilder _shapes = new();

    /// <summary>An empty drawing.</summary>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is not a number above 0.</exception>
    public SvgCanvas(double width, double height)
    {
        if (!(width > 0 && width < 1e6 && height > 0 && height < 1e6)) throw new ArgumentOutOfRangeException(nameof(width), $"a drawing of {width} x {height} pixels cannot be made");
        (Width, Height) = (width, height);
    }

    /// <summary>Pixels from left to right.</summary>
    public double Width { get; }

    /// <summary>Pixels from top to bottom.</summary>
    public double Height { get; }

    /// <summary>A straight line.</summary>
    public void Line(double x1, double y1, double x2, double y2, Color color, double thickness = 1, bool dashed = false) =>
        Add($"""<line x1="{Number(x1)}" y1="{Number(y1)}" x2="{Number(x2)}" y2="{Number(y2)}" stroke="{Hex(color)}" stroke-width="{Number(thickness)}"{(dashed ? " stroke-dasharray=\"5 4\"" : "")}/>""");

    /// <summary>Lines from point to point; nothing if there are fewer than two.</summary>
    public void Polyline(IReadOnlyList<(double X, double Y)> points, Color color, double thickness = 2)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Count < 2) return;
        string list = string.Join(' ', points.Select(point => $"{Number(point.X)},{Number(point.Y)}"));
        Add($"""<polyline points="{list}" fill="none" stroke="{Hex(color)}" stroke-width="{Number(thickness)}" stroke-linejoin="round"/>""");
    }

    /// <summary>A filled rectangle. A browser shows <paramref name="hint"/> when the pointer rests on it.</summary>
    public void Rectangle(double left, double top, double width, double height, Color color, string hint = "") =>
        Add($"""<rect x="{Number(left)}" y="{Number(top)}" width="{Number(width)}" height="{Number(height)}" fill="{Hex(color)}"{Hinted("rect", hint)}""");

    /// <summary>A filled circle.</summary>
    public void Circle(double x, double y, double radius, Color color, string hint = "") =>
        Add($"""<circle cx="{Number(x)}" cy="{Number(y)}" r="{Number(radius)}" fill="{Hex(color)}"{Hinted("circle", hint)}""");

    /// <summary>A picture, stretched over a rectangle. It lies in the file itself, as a PNG in base 64.</summary>
    /// <param name="left">Of the rectangle.</param>
    /// <param name="top">Of the rectangle.</param>
    /// <param name="width">Of the rectangle.</param>
    /// <param name="height">Of the rectangle.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="isSmooth">Whether a viewer may blend neighbouring pixels; without it each becomes a sharp square.</param>
    public void Image(double left, double top, double width, double height, Picture picture, bool isSmooth = false)
    {
        ArgumentNullException.ThrowIfNull(picture);
        using var bytes = new MemoryStream();
        Png.Write(bytes, picture);
        Add($"""<image x="{Number(left)}" y="{Number(top)}" width="{Number(width)}" height="{Number(height)}" preserveAspectRatio="none"{(isSmooth ? "" : " style=\"image-rendering:pixelated\"")} href="data:image/png;base64,{Convert.ToBase64String(bytes.GetBuffer(), 0, (int)bytes.Length)}"/>""");
    }

    /// <summary>A line of text; <paramref name="y"/> is its baseline. Upright texts read from bottom to top.</summary>
    public void Text(double x, double y, string text, double size = 12, TextAnchor anchor = TextAnchor.Start, Color color = default, bool isUpright = false, bool isBold = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        string place = anchor switch { TextAnchor.Middle => " text-anchor=\"middle\"", TextAnchor.End => " text-anchor=\"end\"", _ => "" };
        string turned = isUpright ? $""" transform="rotate(-90 {Number(x)} {Number(y)})" """.TrimEnd() : "";
        Add($"""<text x="{Number(x)}" y="{Number(y)}" font-size="{Number(size)}" fill="{Hex(color)}"{place}{(isBold ? " font-weight=\"bold\"" : "")}{turned}>{Escape(text)}</text>""");
    }

    /// <summary>The file's text.</summary>
    public override string ToString() =>
        $"""<svg xmlns="http://www.w3.org/2000/svg" width="{Number(Width)}" height="{Number(Height)}" viewBox="0 0 {Number(Width)} {Number(Height)}" font-family="Helvetica, Arial, sans-serif">""" + "\n"
        + $"""<rect width="{Number(Width)}" height="{Number(Height)}" fill="#ffffff"/>""" + $"\n{_shapes}</svg>\n";

    /// <summary>Writes the file, and makes its folder if need be.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, ToString());
    }

    /// <summary>A text as it may stand in XML: five characters have names, and control characters, which XML forbids, become blanks.</summary>
    public static string Escape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var escaped = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())   // half of a surrogate pair comes as U+FFFD
        {
            escaped.Append(rune.Value switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                < 32 or 0xFFFE or 0xFFFF => " ",
                _ => rune.ToString(),
            });
        }
        return escaped.ToString();
    }

    private void Add(string shape) => _shapes.Append(shape).Append('\n');

    private static string Hinted(string element, string hint) => hint.Length == 0 ? "/>" : $"><title>{Escape(hint)}</title></{element}>";

    private static string Hex(Color color) => $"#{color.R:x2}{color.G:x2}{color.B:x2}";

    // Hundredths of a pixel are enough. What is not a number would make a viewer reject the whole file.
    private static string Number(double value) => double.IsFinite(value) ? value.ToString("0.##", CultureInfo.InvariantCulture)
        : throw new ArgumentException("a coordinate of a drawing must be a finite number");
}
