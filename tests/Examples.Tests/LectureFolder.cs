using MiniDL.Pictures.Tests;

namespace MiniDL.Examples.Tests;

/// <summary>A folder for what a lecture writes with <c>--out</c>, and what tests ask of its pictures; deleted when disposed.</summary>
internal sealed class LectureFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("minidl-lecture-").FullName;

    /// <summary>The names of all files, in order.</summary>
    public string[] Names => [.. Directory.GetFiles(Path).Select(file => System.IO.Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>A file's text.</summary>
    public string Text(string name) => File.ReadAllText(System.IO.Path.Combine(Path, name));

    /// <summary>An RGB picture.</summary>
    public Pixels Picture(string name)
    {
        PngReader.Image image = PngReader.Read(File.ReadAllBytes(System.IO.Path.Combine(Path, name)));
        Assert.That(image.Channels, Is.EqualTo(3), name);
        return new Pixels(image.Width, image.Height, image.Pixels);
    }

    /// <summary>The bytes of an RGB picture.</summary>
    internal sealed record Pixels(int Width, int Height, byte[] Bytes)
    {
        public (byte R, byte G, byte B) this[int x, int y] => (Bytes[3 * (y * Width + x)], Bytes[3 * (y * Width + x) + 1], Bytes[3 * (y * Width + x) + 2]);

        /// <summary>The images of a grid, one color for each number.</summary>
        public (byte R, byte G, byte B)[][] Images(int side, int scale, int margin = 1)
        {
            int cell = side * scale + margin, columns = (Width - margin) / cell, rows = (Height - margin) / cell;
            Assert.That((Width, Height), Is.EqualTo((columns * cell + margin, rows * cell + margin)), "whole images");
            return [.. Enumerable.Range(0, columns * rows).Select(image => Enumerable.Range(0, side * side)
                .Select(k => this[margin + image % columns * cell + k % side * scale, margin + image / columns * cell + k / side * scale]).ToArray())];
        }
    }
}
