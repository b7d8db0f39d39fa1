// A second, independent reading of the PNG specification: checks every byte of a file that this project could write. Nothing
// here is shared with the writer; the CRC is computed bit by bit, without a table.
using System.IO.Compression;
using System.Text;

namespace MiniDL.Pictures.Tests;

internal static class PngReader
{
    internal sealed record Image(int Width, int Height, int Channels, byte[] Pixels);

    public static Image Read(byte[] file)
    {
        Assert.That(file[..8], Is.EqualTo(new byte[] { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A }), "signature");
        List<(string Name, byte[] Data)> chunks = [.. Chunks(file)];
        Assert.That(chunks.Select(chunk => chunk.Name), Is.EqualTo(new[] { "IHDR", "IDAT", "IEND" }));
        byte[] header = chunks[0].Data;
        Assert.That(header, Has.Length.EqualTo(13));
        Assert.That(header[8], Is.EqualTo(8), "bit depth");
        Assert.That(header[10..], Is.EqualTo(new byte[] { 0, 0, 0 }), "compression, filter method, interlacing");
        int width = Number(header, 0), height = Number(header, 4);
        int channels = header[9] switch { 0 => 1, 2 => 3, _ => throw new InvalidDataException($"color type {header[9]}") };
        return new Image(width, height, channels, Unfilter(Inflate(chunks[1].Data), height, width * channels));
    }

    // The CRC-32 of PNG, one bit at a time.
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xEDB88320 * (crc & 1));
        }
        return ~crc;
    }

    private static IEnumerable<(string Name, byte[] Data)> Chunks(byte[] file)
    {
        int at = 8;
        while (at < file.Length)
        {
            int length = Number(file, at);
            string name = Encoding.ASCII.GetString(file, at + 4, 4);
            Assert.That((uint)Number(file, at + 8 + length), Is.EqualTo(Crc(file.AsSpan(at + 4, 4 + length))), $"CRC of {name}");
            yield return (name, file[(at + 8)..(at + 8 + length)]);
            at += 12 + length;
        }
    }

    private static byte[] Inflate(byte[] data)
    {
        using var zlib = new ZLibStream(new MemoryStream(data), CompressionMode.Decompress);
        using var raw = new MemoryStream();
        zlib.CopyTo(raw);
        return raw.ToArray();
    }

    private static byte[] Unfilter(byte[] raw, int height, int stride)
    {
        Assert.That(raw, Has.Length.EqualTo(height * (stride + 1)));
        var pixels = new byte[height * stride];
        for (int y = 0; y < height; y++)
        {
            Assert.That(raw[y * (stride + 1)], Is.Zero, $"filter of row {y}");
            raw.AsSpan(y * (stride + 1) + 1, stride).CopyTo(pixels.AsSpan(y * stride));
        }
        return pixels;
    }

    private static int Number(byte[] bytes, int at) => bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
}
