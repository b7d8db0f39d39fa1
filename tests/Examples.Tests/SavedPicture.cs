using System.Buffers.Binary;
using System.IO.Compression;
using MiniDL.Pictures;

namespace MiniDL.Examples.Tests;

/// <summary>Reads an RGB picture back from the PNG file that a lecture wrote: rows without a filter, as MiniDL.Pictures writes them.</summary>
internal sealed class SavedPicture
{
    private readonly byte[] _rows;   // each with a byte for its filter in front

    public SavedPicture(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        using var packed = new MemoryStream();
        for (int at = 8; at < file.Length;)   // chunks: length, type, data, CRC
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            ReadOnlySpan<byte> type = file.AsSpan(at + 4, 4), data = file.AsSpan(at + 8, length);
            if (type.SequenceEqual("IHDR"u8))
            {
                (Width, Height) = (BinaryPrimitives.ReadInt32BigEndian(data), BinaryPrimitives.ReadInt32BigEndian(data[4..]));
                Assert.That((data[8], data[9]), Is.EqualTo(((byte)8, (byte)2)), "8 bits, RGB");
            }
            if (type.SequenceEqual("IDAT"u8)) packed.Write(data);
            at += 12 + length;
        }
        packed.Position = 0;
        using var rows = new MemoryStream();
        using (var unpack = new ZLibStream(packed, CompressionMode.Decompress)) unpack.CopyTo(rows);
        _rows = rows.ToArray();
    }

    public int Width { get; }

    public int Height { get; }

    public Color this[int x, int y]
    {
        get
        {
            int row = y * (1 + 3 * Width);
            Assert.That(_rows[row], Is.Zero, "no filter");
            return new Color(_rows[row + 1 + 3 * x], _rows[row + 2 + 3 * x], _rows[row + 3 + 3 * x]);
        }
    }
}
