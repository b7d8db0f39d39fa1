// Many small images in one picture: digits, the rows of a weight matrix, the filters of a convolution.
//
// The one thing to understand: whose range of numbers the colors span. By default each image gets its own: one strong filter would
// otherwise make all others look empty; the price is that brightness cannot be compared between two images. Where it is to be compared,
// all images share one range, and the caption should say what its end is.
namespace MiniDL.Pictures;

/// <summary>Lays equally large images of numbers out in rows and columns, each magnified and colored.</summary>
public static class ImageGrid
{
    /// <summary>Makes the picture, image 0 top left, then from left to right and from top to bottom.</summary>
    /// <param name="values">(N, height, width), row-major: as many whole images as there are numbers for.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="columns">Images side by side; fewer if there are fewer.</param>
    /// <param name="map">How numbers become colors; the range is taken from each image alone, unless it is shared.</param>
    /// <param name="scale">Each number becomes a square of so many pixels a side.</param>
    /// <param name="margin">Pixels between images, and around all of them.</param>
    /// <param name="isShared">Whether all images share one range, so that equal numbers have equal colors everywhere.</param>
    /// <returns>An RGB picture; not-a-number is magenta, margins and places left empty are dark gray.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1, or the margin below 0.</exception>
    /// <exception cref="ArgumentException">The numbers are none, or no whole number of images.</exception>
    /// <example><code>
    /// float[] filters = conv.Value.Span&lt;float&gt;().ToArray();              // (32, 1, 3, 3)
    /// ImageGrid.Make(filters, 3, 3, columns: 8, Colormap.Diverging, scale: 12).Save("filters.png");
    /// </code></example>
    public static Picture Make(ReadOnlySpan<float> values, int height, int width, int columns,
        Colormap map = Colormap.Grayscale, int scale = 1, int margin = 1, bool isShared = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(margin, 0);
        long size = (long)height * width;
        if (values.IsEmpty || values.Length % size != 0)
            throw new ArgumentException($"{values.Length} numbers are not one or more whole images of {height} x {width}", nameof(values));

        int count = (int)(values.Length / size);
        columns = Math.Min(columns, count);
        int rows = (count + columns - 1) / columns;
        int cellWidth = checked(width * scale + margin), cellHeight = checked(height * scale + margin);
        var picture = Picture.Rgb(checked(columns * cellWidth + margin), checked(rows * cellHeight + margin));
        picture.Fill(Color.Gray(64));
        var common = new Colors(map, values);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> image = values.Slice(i * (int)size, (int)size);
            Draw(picture, image, width, left: margin + i % columns * cellWidth, top: margin + i / columns * cellHeight, scale, isShared ? common : new Colors(map, image));
        }
        return picture;
    }

    private static void Draw(Picture picture, ReadOnlySpan<float> image, int width, int left, int top, int scale, Colors colors)
    {
        for (int k = 0; k < image.Length; k++)
            picture.Fill(left + k % width * scale, top + k / width * scale, scale, scale, colors.Of(image[k]));
    }
}
