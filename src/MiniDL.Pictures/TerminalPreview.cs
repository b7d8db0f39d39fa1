// A picture in a terminal: as colored half blocks, or as plain characters from light to dense.
//
// The one thing to understand: a character cell is about twice as high as it is wide, so it holds two pixels, one above the
// other. The half block U+2580 paints the upper one in the foreground color and leaves the lower one to the background; plain
// characters show the mean of the two. This file knows no terminal: it gives cells and strings, and who prints decides.
using System.Text;

namespace MiniDL.Pictures;

/// <summary>One character cell: two pixels, one above the other.</summary>
/// <param name="Upper">The foreground color of a <see cref="TerminalPreview.UpperHalfBlock"/>.</param>
/// <param name="Lower">Its background color.</param>
public readonly record struct TerminalCell(Color Upper, Color Lower);

/// <summary>Renders a picture for a terminal.</summary>
/// <example><code>
/// foreach (string line in TerminalPreview.Ascii(picture, maxColumns: 60)) Console.WriteLine(line);
/// </code></example>
public static class TerminalPreview
{
    /// <summary>The character that fills the upper half of its cell.</summary>
    public const char UpperHalfBlock = '\u2580';

    // From no ink to much ink; terminals are mostly light on dark, so ink is brightness.
    private const string Shades = " .:-=+*#%@";

    /// <summary>The picture as lines of cells, shrunk by a whole factor if it is wider than <paramref name="maxColumns"/>.</summary>
    /// <returns>Lines from top to bottom; where the height is odd, the last lower pixels are black.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxColumns"/> is below 1.</exception>
    public static TerminalCell[][] Cells(Picture picture, int maxColumns = 80)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxColumns, 1);
        int factor = CeilingDivide(picture.Width, maxColumns);
        int columns = CeilingDivide(picture.Width, factor), rows = CeilingDivide(picture.Height, factor);
        var lines = new TerminalCell[CeilingDivide(rows, 2)][];
        for (int line = 0; line < lines.Length; line++)
        {
            lines[line] = new TerminalCell[columns];
            for (int x = 0; x < columns; x++)
                lines[line][x] = new TerminalCell(
                    Mean(picture, x * factor, 2 * line * factor, factor),
                    2 * line + 1 < rows ? Mean(picture, x * factor, (2 * line + 1) * factor, factor) : Color.Black);
        }
        return lines;
    }

    /// <summary>The picture as half blocks with 24-bit color escapes (ECMA-48 SGR 38;2 and 48;2), each line reset at its end.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxColumns"/> is below 1.</exception>
    public static string[] HalfBlocks(Picture picture, int maxColumns = 80) =>
        Array.ConvertAll(Cells(picture, maxColumns), line =>
        {
            var text = new StringBuilder();
            TerminalCell? last = null;
            foreach (TerminalCell cell in line)
            {
                if (cell != last)   // colors stay until they are changed
                    text.Append($"\e[38;2;{cell.Upper.R};{cell.Upper.G};{cell.Upper.B};48;2;{cell.Lower.R};{cell.Lower.G};{cell.Lower.B}m");
                text.Append(UpperHalfBlock);
                last = cell;
            }
            return text.Append("\e[0m").ToString();
        });

    /// <summary>The picture in ten plain characters, the brighter the denser: for files, and for terminals without color.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxColumns"/> is below 1.</exception>
    public static string[] Ascii(Picture picture, int maxColumns = 80) =>
        Array.ConvertAll(Cells(picture, maxColumns), line =>
            string.Concat(line.Select(cell => Shades[(cell.Upper.Luma + cell.Lower.Luma) * (Shades.Length - 1) / (2 * 255)])));

    // The mean color of a square of the picture; of what is inside, at the right and lower border.
    private static Color Mean(Picture picture, int left, int top, int side)
    {
        int right = Math.Min(left + side, picture.Width), bottom = Math.Min(top + side, picture.Height);
        long red = 0, green = 0, blue = 0, count = (long)(right - left) * (bottom - top);
        for (int y = top; y < bottom; y++)
        {
            for (int x = left; x < right; x++)
            {
                Color color = picture[x, y];
                (red, green, blue) = (red + color.R, green + color.G, blue + color.B);
            }
        }
        return new Color((byte)(red / count), (byte)(green / count), (byte)(blue / count));
    }

    private static int CeilingDivide(int a, int b) => (a - 1) / b + 1;   // of positive numbers
}
