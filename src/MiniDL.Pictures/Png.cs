// PNG: a picture as a file, in the plainest of the ways that the format allows.
//
//     signature                89 'P' 'N' 'G' 0D 0A 1A 0A
//     chunk IHDR               width, height, bit depth 8, color type (0 gray, 2 RGB), and three zeros
//     chunk IDAT               all rows, each with a filter byte before it, packed by zlib
//     chunk IEND               empty
//
// and a chunk is: length of the data, four letters, the data, CRC-32 of letters and data. Numbers are big-endian.
// Source: Portable Network Graphics (PNG) Specification, W3C/ISO 15948, sections 5 (chunks), 9 (filters) and annex D (CRC).
//
// The one thing to understand: the filter byte is always 0 here, "as it is". The other filters predict a pixel from its
// neighbours to make photographs smaller; the flat squares of a magnified picture pack well without them.
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace MiniDL.Pictures;

/// <summary>Writes pictures in the PNG format, 8 bits per channel.</summary>
/// <example><code>using var file = File.Create("digit.png"); Png.Write(file, picture);</code></example>
public static class Png
{
    private static readonly uint[] CrcTable = MakeCrcTable();

    /// <summary>Writes <paramref name="picture"/> at the current position of <paramref name="target"/>.</summary>
    public static void Write(Stream target, Picture picture)
    {
        target.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);

        // The header: the last three bytes say zlib, the five filters, and no interlacing; each is the only or plainest choice.
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, picture.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], picture.Height);
        header[8] = 8;
        header[9] = picture.Channels == 1 ? (byte)0 : (byte)2;
        header[10..].Clear();
        WriteChunk(target, "IHDR", header);

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (int y = 0; y < picture.Height; y++)
            {
                zlib.WriteByte(0);   // the row's filter: none
                zlib.Write(picture.Row(y));
            }
        }
        WriteChunk(target, "IDAT", packed.GetBuffer().AsSpan(0, (int)packed.Length));
        WriteChunk(target, "IEND", []);
    }

    private static void WriteChunk(Stream target, string name, ReadOnlySpan<byte> data)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        target.Write(word);
        ReadOnlySpan<byte> letters = Encoding.ASCII.GetBytes(name);
        target.Write(letters);
        target.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(word, ~UpdateCrc(UpdateCrc(0xFFFFFFFF, letters), data));
        target.Write(word);
    }

    // CRC-32: the remainder of the message, as a polynomial over the two-element field, after division by
    // x^32 + x^26 + x^23 + ... + 1 (0xEDB88320 with its bits reversed). The table holds the remainders of all single bytes.
    private static uint UpdateCrc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            crc = CrcTable[(byte)(crc ^ b)] ^ crc >> 8;
        return crc;
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (uint n = 0; n < 256; n++)
        {
            uint remainder = n;
            for (int bit = 0; bit < 8; bit++)
                remainder = (remainder & 1) != 0 ? 0xEDB88320 ^ remainder >> 1 : remainder >> 1;
            table[n] = remainder;
        }
        return table;
    }
}
