// What a compiled kernel takes of a multiprocessor, read from what ptxas reports. Occupancy follows from it, and a spill shows a kernel that wants too much.
//
// The log of a kernel looks like this:
//     ptxas info    : Compiling entry function 'softmax' for 'sm_80'
//     ptxas info    : Function properties for softmax
//     ptxas         .     40 bytes stack frame, 44 bytes spill stores, 44 bytes spill loads
//     ptxas info    : Used 32 registers, 1024 bytes smem, 360 bytes cmem[0]
// The one thing to understand: a *spill* is a register that had to be kept in (local) memory for a while because 255, or the limit that launch bounds set, were not enough.
using System.Globalization;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Resources of a kernel for one architecture.</summary>
/// <param name="Registers">Registers of 32 bits of each thread.</param>
/// <param name="SharedBytes">Static shared memory of each block.</param>
/// <param name="SpillBytes">Bytes of instructions that store and load spilled registers, of the kernel and the functions it calls. They should be 0.</param>
/// <param name="LocalBytes">Local memory of each thread: spilled registers and arrays whose index is not known when compiling.</param>
public readonly record struct KernelResources(int Registers, int SharedBytes, int SpillBytes, int LocalBytes)
{
    /// <summary>The theoretical occupancy of a launch.</summary>
    /// <param name="sm">The multiprocessor.</param>
    /// <param name="shape">The launch.</param>
    public Occupancy OccupancyOn(Multiprocessor sm, in LaunchShape shape) =>
        Occupancy.Of(sm, checked((int)shape.Block.Count), Registers, SharedBytes + shape.DynamicSharedBytes);

    /// <summary>Reads the log of a compile with <c>--ptxas-options=-v</c>.</summary>
    /// <param name="log">NVRTC's log.</param>
    /// <param name="kernel">The name of the kernel.</param>
    /// <returns>Null if the log does not tell of such a kernel.</returns>
    /// <example><code>KernelResources? resources = KernelResources.Parse(log, "softmax");</code></example>
    public static KernelResources? Parse(string log, string kernel)
    {
        ArgumentNullException.ThrowIfNull(log);
        string entry = "", function = "";
        int? registers = null;
        int shared = 0, spill = 0, local = 0;
        foreach (string line in log.Split('\n'))
        {
            // Which function the next lines are about. Properties of called functions come inside those of the kernel that is compiled.
            entry = Quoted(line, "Compiling entry function '") ?? entry;
            function = After(line, "Function properties for ") ?? function;
            if (entry != kernel) continue;

            spill += NumberBefore(line, " bytes spill stores") + NumberBefore(line, " bytes spill loads");
            if (function == kernel) local += NumberBefore(line, " bytes stack frame");
            if (!line.Contains(" registers", StringComparison.Ordinal) || !line.Contains("Used ", StringComparison.Ordinal)) continue;
            registers = NumberBefore(line, " registers");
            shared = NumberBefore(line, " bytes smem");
        }
        return registers is { } count ? new KernelResources(count, shared, spill, local) : null;
    }

    private static string? After(string line, string text)
    {
        int at = line.IndexOf(text, StringComparison.Ordinal);
        return at < 0 ? null : line[(at + text.Length)..].Trim();
    }

    private static string? Quoted(string line, string start) => After(line, start) is { } rest ? rest[..Math.Max(0, rest.IndexOf('\'', StringComparison.Ordinal))] : null;

    // "... 44 bytes spill loads" -> 44; 0 if the words do not occur.
    private static int NumberBefore(string line, string words)
    {
        int end = line.IndexOf(words, StringComparison.Ordinal), start = end;
        while (start > 0 && char.IsAsciiDigit(line[start - 1])) start--;
        return end <= 0 ? 0 : int.Parse(line.AsSpan(start, end - start), CultureInfo.InvariantCulture);
    }
}
