// IDX: the file format of MNIST, read into bytes and a shape. Plain or gzip'd.
//
//     00 00 TT RR   two zero bytes, the type of the elements (08 = unsigned byte), the rank
//     dims          RR integers of 4 bytes, most significant byte first
//     elements      row-major
//
// Source: "The IDX file format", at the foot of LeCun, Cortes and Burges, The MNIST database of handwritten digits.
//
// It stands before the pipeline: data come in here. The one thing to understand: a header is a claim, not a fact. Sixteen
// bytes can claim terabytes, so the claim is first compared with the size of the file, and memory is then taken only in
// step with the bytes that really arrive.
using System.Buffers.Binary;
using System.IO.Compression;

namespace MiniDL;

/// <summary>The contents of one IDX file of unsigned bytes: its shape and its elements.</summary>
/// <example><code>
/// Idx images = Idx.Read("examples/data/mnist/train-images-idx3-ubyte");   // finds the .gz beside it too
/// Shape shape = images.Shape;                                             // (60000, 28, 28)
/// byte corner = images.Values.Span[0];
/// </code></example>
public sealed class Idx
{
    private const int UnsignedByte = 0x08;
    private const int FirstBlock = 1 << 20;   // bytes taken on trust before any element has arrived

    private Idx(Shape shape, byte[] values)
    {
        Shape = shape;
        Values = values;
    }

    /// <summary>The dims of the header, outermost first: (60000, 28, 28) for the images of MNIST.</summary>
    public Shape Shape { get; }

    /// <summary>The elements, row-major; exactly as many as the shape has.</summary>
    public ReadOnlyMemory<byte> Values { get; }

    /// <summary>Reads an IDX file of unsigned bytes. Whether it is gzip'd is told by its first bytes, not by its name.</summary>
    /// <param name="path">The file; if it is not there, the same path with <c>.gz</c> added or removed is tried.</param>
    /// <exception cref="DataFileException">No such file; not an IDX file of bytes; cut short, damaged, or of another size
    /// than its header claims.</exception>
    public static Idx Read(string path)
    {
        string file = Find(path);
        using FileStream disk = File.OpenRead(file);
        long size = UnpackedSize(disk, file, out bool zipped);
        using Stream stream = zipped ? new GZipStream(disk, CompressionMode.Decompress) : disk;
        try
        {
            Shape shape = ReadHeader(stream, file, size, zipped);
            return new Idx(shape, ReadValues(stream, file, (int)shape.Count));
        }
        catch (InvalidDataException damaged)
        {
            throw new DataFileException(file, $"the gzip data are damaged ({damaged.Message}); fetch the file again", damaged);
        }
    }

    // The path itself, or its twin with or without .gz.
    private static string Find(string path)
    {
        string twin = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path + ".gz";
        return File.Exists(path) ? path
            : File.Exists(twin) ? twin
            : throw new DataFileException(path, $"no such file, and no {twin} either; give the path of an IDX file, plain or gzip'd");
    }

    // The number of bytes once unpacked: the length of a plain file; of a gzip file what its last four bytes say (RFC 1952,
    // ISIZE: little-endian, modulo 2^32). The latter is one more claim, but it costs nothing, and a file cut short fails here.
    private static long UnpackedSize(FileStream disk, string file, out bool zipped)
    {
        const int SmallestGzip = 18;   // a header of 10 bytes and a trailer of 8
        Span<byte> word = stackalloc byte[4];
        int got = disk.ReadAtLeast(word[..2], 2, throwOnEndOfStream: false);
        zipped = got == 2 && word[0] == 0x1F && word[1] == 0x8B;
        long size = disk.Length;
        if (zipped)
        {
            if (size < SmallestGzip)
                throw new DataFileException(file, $"a gzip file has at least {SmallestGzip} bytes, this one has {size}; fetch it again");
            disk.Seek(-4, SeekOrigin.End);
            disk.ReadExactly(word);
            size = BinaryPrimitives.ReadUInt32LittleEndian(word);
        }
        disk.Position = 0;
        return size;
    }

    // Everything before the elements. Returns only if the claimed number of elements is what the file says it holds.
    private static Shape ReadHeader(Stream stream, string file, long size, bool zipped)
    {
        Span<byte> bytes = stackalloc byte[4 + 4 * Shape.MaxRank];
        ReadAll(stream, bytes[..4], file, "its first 4 bytes, the magic number");
        CheckMagic(bytes[..4], file);
        int rank = bytes[3];
        int headerLength = 4 + 4 * rank;
        ReadAll(stream, bytes[4..headerLength], file, $"the {rank} dims of its header");

        // Multiply the dims as they come; below the bound each product fits in 64 bits.
        Span<int> dims = stackalloc int[rank];
        long count = 1;
        for (int axis = 0; axis < rank; axis++)
        {
            uint dim = BinaryPrimitives.ReadUInt32BigEndian(bytes[(4 + 4 * axis)..]);
            count *= dim;
            if (dim > int.MaxValue || count > Array.MaxLength)
                throw new DataFileException(file, $"dim {axis} of its header is {dim}, which makes {count} elements so far; "
                    + $"the file holds {size} bytes: this is not an IDX file, or it is damaged");
            dims[axis] = (int)dim;
        }
        Shape shape = Shape.Create(dims);
        long claimed = headerLength + count;
        if (claimed == size) return shape;
        string held = zipped ? $"the last 4 bytes of the gzip file say {size}: it was cut short, or has bytes behind its end"
            : $"the file holds {size}: {(size < claimed ? "it was cut short" : "bytes trail behind the last element")}";
        throw new DataFileException(file, $"the header claims shape {shape}, {headerLength} + {count} bytes; {held}, or the header "
            + "is wrong; fetch the file again");
    }

    private static void CheckMagic(ReadOnlySpan<byte> magic, string file)
    {
        if (magic[0] != 0 || magic[1] != 0)
            throw new DataFileException(file, $"an IDX file starts with bytes 00 00, this one with {magic[0]:X2} {magic[1]:X2}; it is something else");
        if (magic[2] != UnsignedByte)
            throw new DataFileException(file, $"elements of type {magic[2]:X2} ({TypeName(magic[2])}); only 08 (unsigned byte) is read");
        if (magic[3] is 0 or > Shape.MaxRank)
            throw new DataFileException(file, $"rank {magic[3]}; 1 to {Shape.MaxRank} dims are read");
    }

    private static string TypeName(byte type) => type switch
    {
        0x09 => "signed byte",
        0x0B => "int16",
        0x0C => "int32",
        0x0D => "float32",
        0x0E => "float64",
        _ => "no type that IDX has",
    };

    // Reads count elements and makes sure that nothing follows. Memory grows by a factor of four as elements arrive, so a
    // lying file never costs more than a megabyte and four times what it really holds.
    private static byte[] ReadValues(Stream stream, string file, int count)
    {
        var values = new byte[Math.Min(count, FirstBlock)];
        int read = 0;
        while (true)
        {
            read += stream.ReadAtLeast(values.AsSpan(read), values.Length - read, throwOnEndOfStream: false);
            if (read < values.Length)
                throw new DataFileException(file, $"{count} elements expected, the data end after {read}: it was cut short; fetch the file again");
            if (read == count) break;
            Array.Resize(ref values, (int)Math.Min(count, 4L * values.Length));
        }
        return stream.ReadByte() < 0 ? values
            : throw new DataFileException(file, $"bytes trail behind the last of {count} elements; fetch the file again");
    }

    private static void ReadAll(Stream stream, Span<byte> bytes, string file, string what)
    {
        int got = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (got < bytes.Length)
            throw new DataFileException(file, $"the file ends inside {what}: {bytes.Length} bytes expected, {got} found");
    }
}
