// Arrays in a file, by name, in the format that Python's safetensors reads and writes.
//
// The one thing to understand: a file is written beside its place and then renamed into it. A rename is one step: whoever reads the place finds the old file or the new one, whole,
// even if the writer was killed in the middle.
using System.Buffers.Binary;
using System.Text.Json;

namespace MiniDL;

/// <summary>A safetensors file: arrays by name, and a little text.</summary>
/// <example><code>
/// SafeTensors.Save("w.safetensors", [("w", w.Value)]);
/// NDArray again = SafeTensors.Load("w.safetensors")["w"];
/// </code></example>
public sealed class SafeTensors
{
    private const string Unfinished = ".new";   // the end of the name of a file that is being written

    private readonly Dictionary<string, NDArray> _arrays = [];

    private SafeTensors(string file, IReadOnlyDictionary<string, string> metadata) => (File, Metadata) = (file, metadata);

    /// <summary>The path.</summary>
    public string File { get; }

    /// <summary>Texts by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The names of all arrays, in the order of their bytes.</summary>
    public IReadOnlyCollection<string> Names => _arrays.Keys;

    /// <summary>An array.</summary>
    /// <exception cref="DataFileException">There is none of that name; the message lists some that there are.</exception>
    public NDArray this[string name] => _arrays.TryGetValue(name, out NDArray? array) ? array
        : throw new DataFileException(File, $"has no array '{name}'; it has {string.Join(", ", Names.Take(20))}{(Names.Count > 20 ? ", ..." : "")}");

    /// <summary>Reads a file, all of it.</summary>
    /// <exception cref="DataFileException">There is no such file, it is damaged or lies about itself, or an array is of a dtype that MiniDL has not.</exception>
    public static SafeTensors Load(string path)
    {
        if (!System.IO.File.Exists(path)) throw new DataFileException(path, "no such file");
        using FileStream disk = System.IO.File.OpenRead(path);
        if (disk.Length < 8) throw new DataFileException(path, $"is no safetensors file: it has {disk.Length} bytes");
        Span<byte> word = stackalloc byte[8];
        disk.ReadExactly(word);
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(word);
        if (headerBytes > (ulong)(disk.Length - 8)) throw new DataFileException(path, $"claims a header of {headerBytes} bytes, but has only {disk.Length - 8} behind its first 8; it is cut short or no safetensors file");
        if (headerBytes > SafeTensorsHeader.MostBytes) throw new DataFileException(path, $"has a header of {headerBytes} bytes; {SafeTensorsHeader.MostBytes} is the most that is read");
        byte[] header = new byte[headerBytes];
        disk.ReadExactly(header);
        (List<SafeTensorsEntry> entries, Dictionary<string, string> metadata) = SafeTensorsHeader.Parse(path, header, disk.Length - disk.Position);

        // Everything is known to be there, now memory may be taken.
        SafeTensorsEntry[] unreadable = [.. entries.Where(entry => entry.ElementType is not ("F32" or "I32" or "BOOL"))];
        if (unreadable.Length > 0) throw new DataFileException(path, $"'{unreadable[0].Name}' is {unreadable[0].ElementType}; MiniDL reads F32, I32 and BOOL");
        if (entries.Find(entry => entry.End - entry.Begin > Array.MaxLength) is { Name: not null } large)
            throw new DataFileException(path, $"'{large.Name}' has {large.End - large.Begin} bytes; an array of MiniDL has at most {Array.MaxLength}");
        var file = new SafeTensors(path, metadata);
        foreach (SafeTensorsEntry entry in entries)
        {
            NDArray array = NDArray.Zeros(entry.Shape, entry.ElementType switch { "F32" => DType.Float32, "I32" => DType.Int32, _ => DType.Bool });
            disk.ReadExactly(array.Bytes());
            if (array.DType == DType.Bool && array.Bytes().ContainsAnyExceptInRange((byte)0, (byte)1)) throw new DataFileException(path, $"'{entry.Name}' is BOOL and has a byte that is neither 0 nor 1");
            file._arrays.Add(entry.Name, array);
        }
        return file;
    }

    /// <summary>Writes a file beside its place, makes sure that it is on the disk, and renames it into its place.</summary>
    /// <param name="path">Where to; its folder is made if need be.</param>
    /// <param name="arrays">Names and arrays, in the order of the file.</param>
    /// <param name="metadata">Texts by name.</param>
    /// <exception cref="ArgumentException">Two arrays have the same name, or one is called <c>__metadata__</c>.</exception>
    /// <exception cref="IOException">The file cannot be written; what was there before is untouched.</exception>
    public static void Save(string path, IReadOnlyList<(string Name, NDArray Array)> arrays, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        byte[] header = HeaderOf(arrays, metadata);   // before the disk is touched
        string place = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        RemoveLeftovers(place);

        // A name of its own, so that two who save to one place at the same time do not write into each other's file: the last to rename wins, whole.
        string beside = $"{place}.{Guid.NewGuid().ToString("N")[..8]}{Unfinished}";
        try
        {
            using (var disk = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                Span<byte> word = stackalloc byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(word, (ulong)header.Length);
                disk.Write(word);
                disk.Write(header);
                foreach ((_, NDArray array) in arrays) disk.Write(array.Bytes());
                disk.Flush(flushToDisk: true);
            }
            System.IO.File.Move(beside, place, overwrite: true);
        }
        catch
        {
            System.IO.File.Delete(beside);
            throw;
        }
    }

    // What a killed process left beside the place. A file that is being written is locked by its writer, and stays.
    private static void RemoveLeftovers(string place)
    {
        foreach (string leftover in Directory.EnumerateFiles(Path.GetDirectoryName(place)!, $"{Path.GetFileName(place)}.????????{Unfinished}"))
        {
            if (!leftover[^(8 + Unfinished.Length)..^Unfinished.Length].All(char.IsAsciiHexDigitLower)) continue;
            try
            {
                using var locked = new FileStream(leftover, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            catch (Exception inUse) when (inUse is IOException or UnauthorizedAccessException)
            {
                // Somebody else's: it does no harm here.
            }
        }
    }

    /// <summary>The JSON, with blanks at its end so that the arrays begin at a multiple of 8 bytes.</summary>
    private static byte[] HeaderOf(IReadOnlyList<(string Name, NDArray Array)> arrays, IReadOnlyDictionary<string, string>? metadata)
    {
        var names = new HashSet<string> { "__metadata__" };
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string text) in metadata) json.WriteString(key, text);
                json.WriteEndObject();
            }
            long at = 0;
            foreach ((string name, NDArray array) in arrays)
            {
                if (!names.Add(name)) throw new ArgumentException($"two arrays are called '{name}', or one as no array may be called");
                json.WriteStartObject(name);
                json.WriteString("dtype", array.DType switch { DType.Float32 => "F32", DType.Int32 => "I32", _ => "BOOL" });
                json.WriteStartArray("shape");
                foreach (int dim in array.Shape.Dims) json.WriteNumberValue(dim);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                json.WriteNumberValue(at += array.Bytes().Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (bytes.Length % 8 != 0) bytes.WriteByte((byte)' ');
        return bytes.ToArray();
    }
}
