// Bars side by side: the same rows in several panels, each panel a quantity of its own with its own axis ("small multiples").
//
//      naive      |##                 |##########          A reader follows a row from panel to panel: as bytes fall, speed rises.
//      coalesced  |####               |####
//      tiled      |############       |##
//                  GFLOP/s             bytes / minimum
//
// The one thing to understand: panels share rows and never an axis, so that each quantity uses its whole width. Source: E. Tufte, "Envisioning Information", 1990, chapter 4.
using System.Globalization;

namespace MiniDL.Pictures;

/// <summary>One quantity over all rows.</summary>
/// <param name="Title">The quantity and its unit.</param>
/// <param name="Values">One for each row; NaN where there is none, which is drawn as a dash.</param>
/// <param name="Format">How the number behind a bar is written, as .NET writes formats.</param>
public sealed record BarPanel(string Title, IReadOnlyList<double> Values, string Format = "#,0.##")
{
    /// <summary>The bars' color.</summary>
    public Color Color { get; init; } = Plot.Palette[0];
}

/// <summary>Draws panels of bars.</summary>
public static class BarPanels
{
    private const double RowHeight = 22, Top = 70, Gap = 24, NumberWidth = 60;
    private static readonly Color s_ink = Color.Gray(60);

    /// <summary>Draws rows and panels.</summary>
    /// <param name="title">Above all.</param>
    /// <param name="rows">The rows' names.</param>
    /// <param name="panels">From left to right.</param>
    /// <param name="panelWidth">Pixels of a panel, the numbers behind its bars included.</param>
    /// <exception cref="ArgumentException">There are no rows, no panels, or a panel has not one value for each row, or a negative one.</exception>
    /// <example><code>BarPanels.Draw("sgemm", ["naive", "tiled"], [new("GFLOP/s", [280, 2700])]).Save("sgemm.svg");</code></example>
    public static SvgCanvas Draw(string title, IReadOnlyList<string> rows, IReadOnlyList<BarPanel> panels, double panelWidth = 230)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(panels);
        if (rows.Count == 0 || panels.Count == 0) throw new ArgumentException("bars need at least one row and one panel");
        if (panels.FirstOrDefault(panel => panel.Values.Count != rows.Count || panel.Values.Any(value => value < 0)) is { } wrong)
            throw new ArgumentException($"panel '{wrong.Title}' must have one value of 0 or more for each of {rows.Count} rows");
        double left = 24 + 7 * rows.Max(row => row.Length);
        var canvas = new SvgCanvas(left + panels.Count * (panelWidth + Gap), Top + rows.Count * RowHeight + 16);
        canvas.Text(16, 26, title, size: 16, color: s_ink, isBold: true);
        for (int i = 0; i < rows.Count; i++) canvas.Text(left - 10, Baseline(i), rows[i], anchor: TextAnchor.End, color: s_ink);
        for (int i = 0; i < panels.Count; i++) DrawPanel(canvas, panels[i], rows, left + i * (panelWidth + Gap), panelWidth - NumberWidth);
        return canvas;
    }

    private static void DrawPanel(SvgCanvas canvas, BarPanel panel, IReadOnlyList<string> rows, double left, double width)
    {
        double most = panel.Values.Where(double.IsFinite).DefaultIfEmpty(0).Max();
        canvas.Text(left, Top - 14, panel.Title, color: s_ink);
        canvas.Line(left, Top - 6, left, Top + rows.Count * RowHeight, s_ink);
        for (int i = 0; i < rows.Count; i++)
        {
            double value = panel.Values[i], length = double.IsFinite(value) && most > 0 ? width * value / most : 0;
            string number = double.IsFinite(value) ? value.ToString(panel.Format, CultureInfo.InvariantCulture) : "-";
            if (length > 0) canvas.Rectangle(left, Top + i * RowHeight + 2, length, RowHeight - 6, panel.Color, $"{rows[i]}: {number}");
            canvas.Text(left + length + 5, Baseline(i), number, size: 11, color: s_ink);
        }
    }

    private static double Baseline(int row) => Top + row * RowHeight + 15;
}
