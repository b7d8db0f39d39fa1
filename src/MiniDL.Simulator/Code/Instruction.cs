// An instruction ready to execute: 32 bytes, no strings, nothing left to look up.
//
// The one thing to understand: an operand is the number of a 64-byte unit in the frame. Registers, numbers written in the instruction and predicates all have such a
// place (a number is spread over the 32 lanes of a row once), so that the executor finds every operand by one shift and one addition and never asks what kind it is.
using System.Runtime.InteropServices;

namespace MiniDL.Simulator.Code;

/// <summary>A decoded instruction.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Instruction
{
    /// <summary>Bytes of a unit of the frame. A row of 32-bit lanes has two, one of 64-bit lanes four, a predicate one.</summary>
    public const int Unit = 64;

    /// <summary>What to do.</summary>
    public Op Op;

    /// <summary>The predicate's unit; unit 0 is always true.</summary>
    public ushort Guard;

    /// <summary>Destination and sources. Loads of vectors have their further destinations, stores their further sources in B, C and E.</summary>
    public ushort D, A, B, C, E;

    /// <summary>Details of the operation: see <see cref="Access"/> and the enums of each.</summary>
    public byte Detail, Detail2;

    /// <summary>Whether the predicate must be false.</summary>
    public bool GuardNegated;

    /// <summary>What an access or a fence orders, for the checks.</summary>
    public Order Order;

    /// <summary>The target of a branch, a place in a side table, or details.</summary>
    public int Target;

    /// <summary>The function pointer of arithmetic, the offset of a memory operand, or a constant.</summary>
    public long Value;
}

/// <summary>What an access orders: the memory consistency model of PTX (section 8), as far as checks look at it.</summary>
[Flags]
internal enum Order : byte
{
    /// <summary>Nothing: a weak access.</summary>
    None = 0,

    /// <summary>Volatile, or relaxed and stronger: of two such accesses neither is a race.</summary>
    Strong = 1,

    /// <summary>A fence, or an access that has one in front of it (.release, .acq_rel).</summary>
    Fences = 2,

    /// <summary>The fence is for the whole device rather than the block.</summary>
    OfDevice = 4,

    /// <summary>A load through the read-only path (.nc): what it reads must not be written while the kernel runs.</summary>
    ReadOnly = 8,
}

/// <summary>How a load or store goes, in the bits of Detail.</summary>
internal static class Access
{
    /// <summary>Bits 0-1: log2 of the bytes of an element.</summary>
    public const int SizeBits = 3;

    /// <summary>Bits 2-3: log2 of the number of elements.</summary>
    public const int CountShift = 2;

    /// <summary>The element's sign is extended into the register.</summary>
    public const int Signed = 1 << 4;

    /// <summary>The registers have 64 bits.</summary>
    public const int Wide = 1 << 5;

    /// <summary>The address register has 64 bits.</summary>
    public const int WideAddress = 1 << 6;

    /// <summary>Volatile, or an acquire: a loop of these may be waiting for another thread.</summary>
    public const int Polls = 1 << 7;
}
