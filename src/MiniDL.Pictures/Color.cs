// One pixel's color. The one thing to understand: everything here is 8 bits per channel in sRGB, as PNG files and terminals
// take it; no gamma is undone, because pictures of weights are for looking at, not for measuring.
namespace MiniDL.Pictures;

/// <summary>A color of three bytes: red, green and blue, each 0..255.</summary>
/// <example><code>Color orange = new(255, 128, 0); Color middle = Color.Gray(128);</code></example>
public readonly record struct Color(byte R, byte G, byte B)
{
    /// <summary>0, 0, 0.</summary>
    public static Color Black => Gray(0);

    /// <summary>255, 255, 255.</summary>
    public static Color White => Gray(255);

    /// <summary>A color whose three bytes are the same.</summary>
    public static Color Gray(byte level) => new(level, level, level);

    /// <summary>How bright the color looks, 0..255: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded. Of a gray it is
    /// its level.</summary>
    public byte Luma => (byte)((299 * R + 587 * G + 114 * B + 500) / 1000);
}
