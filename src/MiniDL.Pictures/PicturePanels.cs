// Pictures side by side with a line of text above each: what six filters make of one digit, what five nets make of one set of points.
//
// The one thing to understand: a PNG has pixels and no words, so labels need another ground. The panels are an SVG drawing into which the pictures are embedded; the words stay sharp.
namespace MiniDL.Pictures;

/// <summary>One panel.</summary>
/// <param name="Label">A short line, written above the picture.</param>
/// <param name="Picture">The picture.</param>
public sealed record PicturePanel(string Label, Picture Picture);

/// <summary>Lays pictures with labels out in rows and columns.</summary>
public static class PicturePanels
{
    private const double Gap = 16, LabelHeight = 22, TitleHeight = 34;
    private static readonly Color s_ink = Color.Gray(60);

    /// <summary>Draws them, from left to right and from top to bottom.</summary>
    /// <param name="title">Above all.</param>
    /// <param name="panels">At least one. All get the same place, that of the widest and the highest.</param>
    /// <param name="columns">Panels side by side; fewer if there are fewer.</param>
    /// <param name="scale">Pixels of the drawing for a pixel of a picture.</param>
    /// <exception cref="ArgumentException">There are no panels.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no column, or the scale is not above 0.</exception>
    /// <example><code>PicturePanels.Draw("image kernels", [new("blur", blurred), new("sharpen", sharpened)], columns: 2).Save("kernels.svg");</code></example>
    public static SvgCanvas Draw(string title, IReadOnlyList<PicturePanel> panels, int columns, double scale = 1)
    {
        ArgumentNullException.ThrowIfNull(panels);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (!(scale > 0)) throw new ArgumentOutOfRangeException(nameof(scale), scale, "a pixel must become larger than nothing");
        if (panels.Count == 0) throw new ArgumentException("there is no picture to lay out", nameof(panels));

        columns = Math.Min(columns, panels.Count);
        int rows = (panels.Count + columns - 1) / columns;
        double width = scale * panels.Max(panel => panel.Picture.Width), height = scale * panels.Max(panel => panel.Picture.Height);
        var canvas = new SvgCanvas(Gap + columns * (width + Gap), TitleHeight + rows * (LabelHeight + height + Gap));
        canvas.Text(Gap, 22, title, size: 16, color: s_ink, isBold: true);
        for (int i = 0; i < panels.Count; i++)
        {
            double left = Gap + i % columns * (width + Gap), top = TitleHeight + i / columns * (LabelHeight + height + Gap);
            canvas.Text(left, top + 14, panels[i].Label, size: 13, color: s_ink);
            canvas.Image(left, top + LabelHeight, scale * panels[i].Picture.Width, scale * panels[i].Picture.Height, panels[i].Picture);
        }
        return canvas;
    }
}
