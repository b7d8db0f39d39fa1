// From a number to a color. The one thing to understand: what the middle of the scale means. Of an image it means nothing,
// so grayscale runs from the smallest number to the largest; of a weight zero means "no influence", so the diverging map
// keeps zero white, whatever the range, and shows the sign as the hue.
namespace MiniDL.Pictures;

/// <summary>How the numbers of one image become colors.</summary>
public enum Colormap
{
    /// <summary>The smallest number black, the largest white. An image of one number throughout is mid-gray.</summary>
    Grayscale,

    /// <summary>Zero white, positive toward red, negative toward blue; full color at the largest absolute value.</summary>
    Diverging,
}

/// <summary>The map of one image: its colors and the range of its numbers.</summary>
internal readonly struct Colors
{
    // Not a number stands out in both maps.
    private static readonly Color NotANumber = new(255, 0, 255);

    // Full red and full blue of the diverging map: equally dark, so that neither sign looks stronger.
    private static readonly Color Positive = new(178, 24, 43);
    private static readonly Color Negative = new(33, 102, 172);

    private readonly Colormap _map;
    private readonly double _low, _high;

    /// <summary>Takes the range from the finite numbers of <paramref name="values"/>.</summary>
    public Colors(Colormap map, ReadOnlySpan<float> values)
    {
        _map = map;
        (_low, _high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (float value in values)
        {
            if (!float.IsFinite(value)) continue;
            _low = Math.Min(_low, value);
            _high = Math.Max(_high, value);
        }
        if (map == Colormap.Diverging)
            (_low, _high) = (-Math.Max(-_low, _high), Math.Max(-_low, _high));
    }

    /// <summary>The color of one number; infinities take the color of the nearer end of the range.</summary>
    public Color Of(float value)
    {
        if (float.IsNaN(value)) return NotANumber;
        double position = _high > _low ? Math.Clamp((value - _low) / (_high - _low), 0, 1)
            : float.IsFinite(value) ? 0.5
            : value > 0 ? 1 : 0;
        if (_map == Colormap.Grayscale) return Color.Gray((byte)Math.Round(255 * position));
        double strength = Math.Abs(2 * position - 1);
        Color full = position > 0.5 ? Positive : Negative;
        return new Color(Toward(full.R), Toward(full.G), Toward(full.B));

        byte Toward(byte channel) => (byte)Math.Round(255 + strength * (channel - 255));
    }
}
