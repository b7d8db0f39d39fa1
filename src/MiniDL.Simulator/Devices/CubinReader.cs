// Reads from a cubin, the machine code that ptxas made, what a kernel will occupy: registers, static shared memory, local memory.
//
// A cubin is an ELF file of 64 bits (System V ABI, chapters 4 and 5) with sections of NVIDIA's:
//
//     .symtab               names of kernels: functions, by number
//     .nv.info              attributes: 2F (registers) and 11 (stack frame) with a symbol's number and a value
//     .text.KERNEL          code; up to sm_8x its sh_info has the registers too, from sm_90 on it does not
//     .nv.shared.KERNEL     its size is the static shared memory, from sm_90 on with the 1,024 bytes that the system keeps for itself
//
// NVIDIA does not document these; they were compared with ptxas' own log for sm_70, sm_80 and sm_90.
// The one thing to understand: a file is not to be trusted. Every offset and size is checked against the file's length before it is used.
using System.Buffers.Binary;
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Devices;

/// <summary>What a kernel occupies.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="StaticSharedBytes">Shared memory that the kernel declares.</param>
/// <param name="LocalBytes">Local memory of a thread: spills, and arrays indexed at run time.</param>
public readonly record struct CubinKernel(string Name, int Registers, int StaticSharedBytes, int LocalBytes);

/// <summary>Reads cubins.</summary>
/// <example><code>CubinKernel scale = CubinReader.Read(cubin).Single(kernel =&gt; kernel.Name == "scale");</code></example>
public static class CubinReader
{
    private const int SymbolTable = 2, NoBits = 8, Function = 2, FirstCapabilityWithReserve = 90, ReservedSharedBytes = 1024, MostEntries = 1 << 16;
    private const byte RegisterCount = 0x2F, FrameSize = 0x11, WithPayload = 4;

    /// <summary>The kernels of a cubin, in the order of its symbols.</summary>
    /// <exception cref="GpuException">CUDA_ERROR_INVALID_IMAGE: this is no cubin, or a damaged one.</exception>
    public static IReadOnlyList<CubinKernel> Read(ReadOnlySpan<byte> file)
    {
        Section[] sections = ReadSections(file);
        string[] symbols = ReadSymbols(file, sections);
        bool reserves = (byte)Number(file, 48, 4) >= FirstCapabilityWithReserve;
        Dictionary<string, Section> byName = [];
        foreach (Section section in sections) byName.TryAdd(section.Name, section);

        // A symbol is a kernel if there is code of that name.
        List<CubinKernel> kernels = [];
        var kernelOfSymbol = new int[symbols.Length];
        for (int symbol = 0; symbol < symbols.Length; symbol++)
        {
            kernelOfSymbol[symbol] = -1;
            if (symbols[symbol].Length == 0 || !byName.TryGetValue(".text." + symbols[symbol], out Section text)) continue;
            int shared = byName.TryGetValue(".nv.shared." + symbols[symbol], out Section found) ? (int)Math.Clamp(found.Size, 0, int.MaxValue) : 0;
            if (reserves) shared = Math.Max(0, shared - ReservedSharedBytes);
            kernelOfSymbol[symbol] = kernels.Count;
            kernels.Add(new CubinKernel(symbols[symbol], (int)(text.Info >> 24), shared, 0));
        }
        if (byName.TryGetValue(".nv.info", out Section info)) ReadAttributes(Slice(file, info.Offset, info.Size), kernelOfSymbol, kernels);
        return kernels;
    }

    /// <summary>Attributes follow one another: format, attribute, two bytes that are a value or, with a payload, its length.</summary>
    private static void ReadAttributes(ReadOnlySpan<byte> info, int[] kernelOfSymbol, List<CubinKernel> kernels)
    {
        int at = 0;
        while (at + 4 <= info.Length)
        {
            int length = info[at] == WithPayload ? BinaryPrimitives.ReadUInt16LittleEndian(info[(at + 2)..]) : 0;
            if (length > info.Length - at - 4) throw Damaged($"an attribute at {at} of .nv.info goes beyond its end");
            if (length >= 8 && info[at + 1] is RegisterCount or FrameSize) Set(info[at + 1], info.Slice(at + 4, 8));
            at += 4 + length;
        }

        void Set(byte attribute, ReadOnlySpan<byte> payload)
        {
            uint symbol = BinaryPrimitives.ReadUInt32LittleEndian(payload);
            int value = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]), int.MaxValue);
            if (symbol >= kernelOfSymbol.Length) throw Damaged($"an attribute names symbol {symbol} of {kernelOfSymbol.Length}");
            int kernel = kernelOfSymbol[symbol];
            if (kernel < 0) return;
            kernels[kernel] = attribute == RegisterCount ? kernels[kernel] with { Registers = value } : kernels[kernel] with { LocalBytes = value };
        }
    }

    private readonly record struct Section(string Name, int Type, long Offset, long Size, int Link, uint Info);

    private static Section[] ReadSections(ReadOnlySpan<byte> file)
    {
        if (file.Length < 64 || !file.StartsWith("\u007fELF"u8) || file[4] != 2 || file[5] != 1) throw Damaged("it does not begin as a little-endian ELF file of 64 bits does");
        long table = Number(file, 40, 8);
        (int size, int count, int names) = ((int)Number(file, 58, 2), (int)Number(file, 60, 2), (int)Number(file, 62, 2));
        if (size < 64 || names >= count) throw Damaged($"its section table has entries of {size} bytes, and names in section {names} of {count}");

        var sections = new Section[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = Slice(file, table + (long)i * size, size);
            sections[i] = new("", (int)Number(entry, 4, 4), Number(entry, 24, 8), Number(entry, 32, 8), (int)Number(entry, 40, 4), (uint)Number(entry, 44, 4));
        }
        ReadOnlySpan<byte> text = Bytes(file, sections[names]);
        for (int i = 0; i < count; i++) sections[i] = sections[i] with { Name = NameAt(text, Number(Slice(file, table + (long)i * size, size), 0, 4)) };
        return sections;
    }

    /// <summary>Names of functions by symbol number; of other symbols an empty text.</summary>
    private static string[] ReadSymbols(ReadOnlySpan<byte> file, Section[] sections)
    {
        foreach (Section section in sections)
        {
            if (section.Type != SymbolTable) continue;
            ReadOnlySpan<byte> table = Bytes(file, section);
            if (section.Link < 0 || section.Link >= sections.Length) throw Damaged("its symbols' names are in no section");
            ReadOnlySpan<byte> names = Bytes(file, sections[section.Link]);
            var symbols = new string[Math.Min(table.Length / 24, MostEntries)];
            for (int i = 0; i < symbols.Length; i++)
            {
                ReadOnlySpan<byte> symbol = table.Slice(i * 24, 24);
                symbols[i] = (symbol[4] & 0xF) == Function ? NameAt(names, Number(symbol, 0, 4)) : "";
            }
            return symbols;
        }
        throw Damaged("it has no symbols");
    }

    private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> file, Section section) => section.Type == NoBits ? [] : Slice(file, section.Offset, section.Size);

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> file, long offset, long size) =>
        offset >= 0 && size >= 0 && offset <= file.Length && size <= file.Length - offset ? file.Slice((int)offset, (int)size)
            : throw Damaged($"it has {file.Length} bytes, but {size} are to be found at {offset}");

    /// <summary>A little-endian number of 2, 4 or 8 bytes.</summary>
    private static long Number(ReadOnlySpan<byte> bytes, int at, int size) => size switch
    {
        2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]),
        _ => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]),
    };

    private static string NameAt(ReadOnlySpan<byte> names, long at)
    {
        if (at >= names.Length) throw Damaged($"a name begins at {at} of {names.Length} bytes of names");
        ReadOnlySpan<byte> rest = names[(int)at..];
        int end = rest.IndexOf((byte)0);
        return end < 0 ? throw Damaged("a name does not end") : Encoding.UTF8.GetString(rest[..end]);
    }

    private static GpuException Damaged(string what) => new("cuModuleLoadData", "CUDA_ERROR_INVALID_IMAGE", $"this is no whole cubin: {what}");
}
