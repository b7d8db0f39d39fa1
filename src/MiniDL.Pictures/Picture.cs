// A canvas of pixels, grayscale or RGB: what the writers of this project write and the terminal preview shows.
//
// The one thing to understand: the pixels are one byte array, row-major from the top left corner, with 1 or 3 bytes a
// pixel; that is, but for one byte a row, already the layout of a PNG file.
namespace MiniDL.Pictures;

/// <summary>A rectangle of 8-bit pixels, grayscale or RGB, black at first.</summary>
/// <example><code>
/// var picture = Picture.Rgb(320, 200);
/// picture[10, 20] = new Color(255, 0, 0);      // x from the left, y from the top
/// picture.Fill(100, 50, 20, 20, Color.White);
/// picture.Save("out/hello.png");
/// </code></example>
public sealed class Picture
{
    private readonly byte[] _bytes;

    private Picture(int width, int height, int channels)
    {
        if (width < 1 || height < 1 || (long)width * height * channels > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(width), $"a picture of {width} x {height} pixels cannot be made: "
                + "both must be at least 1, and all bytes must fit in one array");
        (Width, Height, Channels) = (width, height, channels);
        _bytes = new byte[width * height * channels];
    }

    /// <summary>A black picture of one byte a pixel.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1, or the picture is beyond 2 GB.</exception>
    public static Picture Grayscale(int width, int height) => new(width, height, channels: 1);

    /// <summary>A black picture of three bytes a pixel.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1, or the picture is beyond 2 GB.</exception>
    public static Picture Rgb(int width, int height) => new(width, height, channels: 3);

    /// <summary>Pixels from left to right.</summary>
    public int Width { get; }

    /// <summary>Pixels from top to bottom.</summary>
    public int Height { get; }

    /// <summary>Bytes a pixel: 1 for grayscale, 3 for RGB.</summary>
    public int Channels { get; }

    /// <summary>The bytes of row <paramref name="y"/>, from left to right: <see cref="Width"/> * <see cref="Channels"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<byte> Row(int y) => (uint)y < (uint)Height
        ? _bytes.AsSpan(y * Width * Channels, Width * Channels)
        : throw new ArgumentOutOfRangeException(nameof(y), y, $"rows of this picture are 0..{Height - 1}");

    /// <summary>The pixel in column <paramref name="x"/> of row <paramref name="y"/>. A grayscale picture keeps the
    /// <see cref="Color.Luma"/> of what it is given.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The pixel is outside the picture.</exception>
    public Color this[int x, int y]
    {
        get
        {
            Span<byte> pixel = Pixel(x, y);
            return Channels == 1 ? Color.Gray(pixel[0]) : new Color(pixel[0], pixel[1], pixel[2]);
        }
        set
        {
            Span<byte> pixel = Pixel(x, y);
            if (Channels == 1) pixel[0] = value.Luma;
            else (pixel[0], pixel[1], pixel[2]) = (value.R, value.G, value.B);
        }
    }

    /// <summary>Colors the whole picture.</summary>
    public void Fill(Color color) => Fill(0, 0, Width, Height, color);

    /// <summary>Colors a rectangle, which may be empty.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not inside the picture.</exception>
    public void Fill(int left, int top, int width, int height, Color color)
    {
        if (left < 0 || top < 0 || width < 0 || height < 0 || left > Width - width || top > Height - height)
            throw new ArgumentOutOfRangeException(nameof(left), $"the rectangle of {width} x {height} at ({left}, {top}) is not inside "
                + $"a picture of {Width} x {Height}");
        for (int y = top; y < top + height; y++)
            for (int x = left; x < left + width; x++)
                this[x, y] = color;
    }

    /// <summary>Writes the picture as a PNG file, and makes its folder if need be.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using FileStream file = File.Create(path);
        Png.Write(file, this);
    }

    private Span<byte> Pixel(int x, int y) => (uint)x < (uint)Width
        ? Row(y).Slice(x * Channels, Channels)
        : throw new ArgumentOutOfRangeException(nameof(x), x, $"columns of this picture are 0..{Width - 1}");
}
