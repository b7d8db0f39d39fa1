// What a check found: who did what where, and who else.
//
// The one thing to understand: a mistake in a loop shows a million times. A finding is kept once for each pair of instructions, with the first occurrence and a count.
using System.Globalization;
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Checks;

/// <summary>Which check found it; named as the tools of NVIDIA's Compute Sanitizer are.</summary>
public enum CheckKind
{
    /// <summary>Addresses that are not the kernel's: out of bounds, misaligned, freed; and memory never freed.</summary>
    MemCheck,

    /// <summary>Two accesses of one address, one of them a write, that nothing puts in order.</summary>
    RaceCheck,

    /// <summary>A read of memory that nobody has written.</summary>
    InitCheck,

    /// <summary>Threads that wait for others that do not come, or exchange values with lanes that are not there.</summary>
    SyncCheck,
}

/// <summary>A party to a finding: a thread at a line.</summary>
/// <param name="Line">The source line, as far as line information tells.</param>
/// <param name="Block">The block's place in the grid.</param>
/// <param name="Thread">The thread's place in its block.</param>
public readonly record struct Party(string Line, Dim3 Block, Dim3 Thread)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Line}, block ({Block.X},{Block.Y},{Block.Z}), thread ({Thread.X},{Thread.Y},{Thread.Z})";
}

/// <summary>A finding.</summary>
/// <param name="Check">The check.</param>
/// <param name="Kernel">The kernel; empty if a copy or the host did it.</param>
/// <param name="What">What happened, such as <c>read after write of shared memory</c>.</param>
/// <param name="Who">The thread that did it.</param>
/// <param name="Address">The device address, or the offset in shared memory.</param>
/// <param name="Bytes">The size of the access; 0 if there is none.</param>
/// <param name="Other">The other thread of a race.</param>
/// <param name="Count">How often the same instructions did the same.</param>
public sealed record Finding(CheckKind Check, string Kernel, string What, Party Who, ulong Address, int Bytes, Party? Other, long Count)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Check.ToString().ToLowerInvariant()}: {(Kernel.Length > 0 ? $"kernel {Kernel}: " : "")}{What}");
        if (Bytes > 0) text.Append(CultureInfo.InvariantCulture, $", {Bytes} bytes at 0x{Address:x}");
        if (Kernel.Length > 0) text.Append(CultureInfo.InvariantCulture, $"\n  by {Who}");
        if (Other is { } other) text.Append(CultureInfo.InvariantCulture, $"\n  and {other}");
        if (Count > 1) text.Append(CultureInfo.InvariantCulture, $"\n  {Count} times");
        return text.ToString();
    }
}
