// What the C interface of the simulated GPU must know beyond the seam: whether addresses are good before work is queued, and whether the device has failed.
//
// The one thing to understand: the seam is what MiniDL needs of a GPU, and a driver is asked for a little more. It stands here, in one place, and only the shared library uses it.
using MiniDL.Gpu;

namespace MiniDL.Simulator;

public sealed unsafe partial class SimulatedGpu
{
    /// <summary>What a kernel did wrong; nothing is done any more from then on.</summary>
    internal GpuException? Error => _error;

    /// <summary>Whether a range lies inside of one live piece of memory.</summary>
    internal bool IsMemory(ulong address, long bytes) => _memory.Host(address, bytes) != null;

    /// <summary>Says what lies at an address that is not memory.</summary>
    internal string Describe(ulong address) => _memory.Describe(address);

    /// <summary>What is wrong with a module's kernels, a line for each instruction; the seam says so only when a kernel gets there.</summary>
    internal static IReadOnlyList<string> Faults(IGpuModule module) => [.. ((SimulatedModule)module).KernelNames.SelectMany(name => ((SimulatedModule)module).Kernel(name).Code.Messages)];

    /// <summary>The address and size of a variable of a module.</summary>
    internal static (ulong Address, long Bytes)? Variable(IGpuModule module, string name) => ((SimulatedModule)module).Variable(name);

    /// <summary>Sets words of 1, 2 or 4 bytes; the seam sets bytes only.</summary>
    internal void FillWords<TWord>(ulong destination, TWord value, long words, IGpuStream stream) where TWord : unmanaged => Do(stream, () =>
    {
        byte* start = Host($"cuMemsetD{8 * sizeof(TWord)}", destination, words * sizeof(TWord));
        for (long done = 0; done < words; done += MostWordsAtOnce) new Span<TWord>((TWord*)start + done, (int)Math.Min(words - done, MostWordsAtOnce)).Fill(value);
        MarkWritten(destination, words * sizeof(TWord));
    });

    private const long MostWordsAtOnce = 1 << 28;
}
