// The header of a safetensors file: names, dtypes, shapes, and where each array's bytes lie.
//
//     8 bytes      N, the length of the header, least significant byte first
//     N bytes      JSON: {"__metadata__":{"epoch":"3"},"w":{"dtype":"F32","shape":[784,10],"data_offsets":[0,31360]}}, blanks at its end
//     the rest     the arrays' bytes, row-major, least significant byte first; data_offsets count from here
//
// Source: the format's description in the repository huggingface/safetensors. The one thing to understand: a header is a claim about a file whose length is known, so every claim is
// held against it before anything is allocated for it. The arrays must cover the data exactly, without a gap and without sharing a byte, which leaves a liar no room.
using System.Text.Json;

namespace MiniDL;

/// <summary>One array of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ElementType">As the format calls it: F32, I32, BOOL; others are known, and cannot be read.</param>
/// <param name="Shape">Its dims.</param>
/// <param name="Begin">Its first byte, counted from the end of the header.</param>
/// <param name="End">The byte behind its last.</param>
public readonly record struct SafeTensorsEntry(string Name, string ElementType, Shape Shape, long Begin, long End);

/// <summary>Parses and checks headers.</summary>
internal static class SafeTensorsHeader
{
    /// <summary>The longest header that is read: the reference implementation's limit.</summary>
    public const long MostBytes = 100_000_000;

    private const int MostDepth = 4;

    /// <summary>The entries in the order of their bytes, and the metadata.</summary>
    /// <param name="file">For messages.</param>
    /// <param name="json">The header.</param>
    /// <param name="dataBytes">What is left of the file behind it.</param>
    /// <exception cref="DataFileException">The header is not what the format asks for, or contradicts itself or the file.</exception>
    public static (List<SafeTensorsEntry> Entries, Dictionary<string, string> Metadata) Parse(string file, ReadOnlySpan<byte> json, long dataBytes)
    {
        if (json.IsEmpty || json[0] != '{') throw new DataFileException(file, "is no safetensors file: its header does not begin with '{'");
        var entries = new List<SafeTensorsEntry>();
        var metadata = new Dictionary<string, string>();
        var names = new HashSet<string>();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MostDepth });
            reader.Read();
            while (Next(ref reader) != JsonTokenType.EndObject)
            {
                string name = reader.GetString()!;
                if (!names.Add(name)) throw new DataFileException(file, $"the header has two entries '{name}'");
                if (Next(ref reader) != JsonTokenType.StartObject) throw new DataFileException(file, $"entry '{name}' of the header is no object");
                if (name == "__metadata__") ReadMetadata(file, ref reader, metadata);
                else entries.Add(ReadEntry(file, name, ref reader));
            }
            if (reader.Read()) throw new DataFileException(file, "the header goes on behind its end");
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException or FormatException)
        {
            throw new DataFileException(file, $"the header is no proper JSON of this format ({damaged.Message})", damaged);
        }
        CheckCover(file, entries, dataBytes);
        return (entries, metadata);
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader) => reader.Read() ? reader.TokenType : throw new JsonException("it ends too early");

    private static void ReadMetadata(string file, ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            string key = reader.GetString()!;
            if (Next(ref reader) != JsonTokenType.String) throw new DataFileException(file, $"the metadata '{key}' is no text");
            if (!metadata.TryAdd(key, reader.GetString()!)) throw new DataFileException(file, $"the metadata has '{key}' twice");
        }
    }

    private static SafeTensorsEntry ReadEntry(string file, string name, ref Utf8JsonReader reader)
    {
        string? type = null;
        long[]? dims = null, offsets = null;
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            string key = reader.GetString()!;
            Next(ref reader);
            switch (key)
            {
                case "dtype" when type is null: type = reader.GetString() ?? throw new JsonException("a dtype is null"); break;
                case "shape" when dims is null: dims = ReadNumbers(ref reader, Shape.MaxRank); break;
                case "data_offsets" when offsets is null: offsets = ReadNumbers(ref reader, 2); break;
                default: throw new DataFileException(file, $"'{name}' has '{key}', which is unknown or there twice");
            }
        }
        if (type is null || dims is null || offsets is not [long begin, long end]) throw new DataFileException(file, $"'{name}' lacks dtype, shape or data_offsets");
        if (begin < 0 || end < begin || Array.Exists(dims, dim => dim is < 0 or > int.MaxValue)) throw new DataFileException(file, $"'{name}' has impossible dims [{string.Join(", ", dims)}] or offsets [{begin}, {end}]");

        // The bytes must be those of the shape. A product of 8 dims of 31 bits does not fit any number, so it stops where no file is that large. A dim of 0 makes 0 of everything,
        // and hides what the others would come to; they are held against the same limit, since an array's strides are made of them.
        UInt128 bytes = (UInt128)SizeOf(file, name, type);
        foreach (long dim in dims) bytes = bytes > long.MaxValue ? bytes : bytes * (UInt128)Math.Max(dim, 1);
        if (bytes > long.MaxValue) throw new DataFileException(file, $"'{name}' claims dims [{string.Join(", ", dims)}], more than any file can hold");
        if (dims.Contains(0)) bytes = 0;
        if (bytes != (UInt128)(end - begin)) throw new DataFileException(file, $"'{name}' of {type} [{string.Join(", ", dims)}] would be {bytes} bytes; its offsets [{begin}, {end}] give it {end - begin}");
        return new SafeTensorsEntry(name, type, Shape.Create([.. dims.Select(dim => (int)dim)]), begin, end);
    }

    private static long[] ReadNumbers(ref Utf8JsonReader reader, int most)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("an array of numbers is expected");
        var numbers = new List<long>();
        while (Next(ref reader) != JsonTokenType.EndArray)
        {
            if (numbers.Count == most) throw new JsonException($"an array has more than {most} numbers");
            numbers.Add(reader.GetInt64());
        }
        return [.. numbers];
    }

    private static int SizeOf(string file, string name, string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" => 1,
        "U16" or "I16" or "F16" or "BF16" => 2,
        "U32" or "I32" or "F32" => 4,
        "U64" or "I64" or "F64" => 8,
        _ => throw new DataFileException(file, $"'{name}' is of an unknown dtype '{type}'"),
    };

    /// <summary>The arrays, in the order of their bytes, follow each other and fill the data.</summary>
    private static void CheckCover(string file, List<SafeTensorsEntry> entries, long dataBytes)
    {
        entries.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        long at = 0;
        foreach (SafeTensorsEntry entry in entries)
        {
            if (entry.Begin != at) throw new DataFileException(file, $"'{entry.Name}' begins at byte {entry.Begin} of the data, {(entry.Begin < at ? "inside another array" : "behind a gap")}; {at} would be right");
            at = entry.End;
        }
        if (at != dataBytes) throw new DataFileException(file, $"the arrays take {at} bytes, the file has {dataBytes} for them; it is {(at > dataBytes ? "cut short" : "too long")}");
    }
}
