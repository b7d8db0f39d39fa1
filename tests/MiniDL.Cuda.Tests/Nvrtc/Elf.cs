// Reads a cubin, which is an ELF file of 64 bits: a second witness for what ptxas reports.
//
// The number of registers stands in section .nv.info, in an attribute of code 0x2f: (index of the kernel's symbol, registers). Up to sm_89 it also stands in the upper
// eight bits of the field sh_info of .text.KERNEL; on sm_90 these are 0. The lower 24 bits are the symbol's index on all of them.
// Static shared memory is the size of section .nv.shared.KERNEL; from sm_90 on that has the 1,024 bytes in it that the system reserves.
using System.Buffers.Binary;
using System.Text;

namespace MiniDL.Cuda.Tests;

internal sealed record ElfSection(string Name, long Offset, long Size, uint Info);

internal sealed class Elf
{
    private readonly byte[] _file;

    /// <summary>Reads the section headers. Source: ELF-64 Object File Format, figures 2 and 7.</summary>
    public Elf(byte[] file)
    {
        _file = file;
        ReadOnlySpan<byte> bytes = file;
        int table = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes[0x28..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x3a..]), count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x3c..]);
        int names = BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x3e..]);
        int strings = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes[(table + names * size + 0x18)..]);
        var sections = new List<ElfSection>();
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = bytes.Slice(table + i * size, size);
            ReadOnlySpan<byte> name = bytes[(strings + (int)BinaryPrimitives.ReadUInt32LittleEndian(header))..];
            sections.Add(new ElfSection(Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]), BinaryPrimitives.ReadInt64LittleEndian(header[0x18..]),
                BinaryPrimitives.ReadInt64LittleEndian(header[0x20..]), BinaryPrimitives.ReadUInt32LittleEndian(header[0x2c..])));
        }
        Sections = sections;
    }

    public IReadOnlyList<ElfSection> Sections { get; }

    public int Registers(string kernel)
    {
        const byte WithBytes = 4, RegisterCount = 0x2f;
        uint symbol = Find($".text.{kernel}")!.Info & 0xffffff;
        ElfSection info = Find(".nv.info")!;
        ReadOnlySpan<byte> attributes = _file.AsSpan((int)info.Offset, (int)info.Size);
        for (int at = 0; at < attributes.Length;)
        {
            // An attribute: format, code, and either a 16-bit value or that many bytes.
            (byte format, byte code, int size) = (attributes[at], attributes[at + 1], BinaryPrimitives.ReadUInt16LittleEndian(attributes[(at + 2)..]));
            if (format == WithBytes && code == RegisterCount && BinaryPrimitives.ReadUInt32LittleEndian(attributes[(at + 4)..]) == symbol)
                return BinaryPrimitives.ReadInt32LittleEndian(attributes[(at + 8)..]);
            at += 4 + (format == WithBytes ? size : 0);
        }
        throw new InvalidDataException($"the cubin does not tell the registers of {kernel}");
    }

    public long SharedBytes(string kernel, bool reservesInside) =>
        Find($".nv.shared.{kernel}") is { } shared ? shared.Size - (reservesInside ? 1024 : 0) : 0;

    public ElfSection? Find(string name) => Sections.SingleOrDefault(section => section.Name == name);
}
