// What a launch did, for whoever wants to compare kernels: counters, and a listing by source line.
using System.Globalization;
using System.Text;
using MiniDL.Gpu;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Execute;
using MiniDL.Simulator.Timing;

namespace MiniDL.Simulator;

/// <summary>Counts of one source line of a kernel, or of one line of PTX where there is no line information.</summary>
/// <param name="File">The source file; empty if unknown.</param>
/// <param name="Line">The line.</param>
/// <param name="WarpInstructions">Warp-level instructions.</param>
/// <param name="ThreadInstructions">Instructions of single threads.</param>
/// <param name="Divergences">Branches at which the lanes of a warp parted.</param>
/// <param name="Accesses">What its loads and stores cost.</param>
public readonly record struct LineCounts(string File, int Line, long WarpInstructions, long ThreadInstructions, long Divergences, AccessCounts Accesses);

/// <summary>A launch and what it did.</summary>
public sealed partial class LaunchReport
{
    private readonly Profile _profile;
    private readonly KernelCode _kernel;

    internal LaunchReport(KernelCode kernel, in LaunchShape shape, Profile profile, int registers, double sampled, DeviceMemory memory)
    {
        (_kernel, _profile, Shape, Registers) = (kernel, profile, shape, registers);
        Counters = profile.Count(kernel);
        if (sampled < 1) Counters = Counters.Sampled(sampled, profile.Accesses?.Traffic?.Extrapolate(1 / sampled, [.. memory.Live.Select(SectorsOf)]) ?? default);
    }

    /// <summary>The kernel's name.</summary>
    public string Kernel => _kernel.Name;

    /// <summary>Blocks and threads.</summary>
    public LaunchShape Shape { get; }

    /// <summary>The counters.</summary>
    public KernelCounters Counters { get; }

    /// <summary>Registers of a thread, if the module came with a cubin; else 0.</summary>
    public int Registers { get; }

    /// <summary>Shared memory of a block, static and dynamic.</summary>
    public int SharedBytes => _kernel.StaticSharedBytes + Shape.DynamicSharedBytes;

    /// <summary>An estimate of the time on a device. Needs the registers.</summary>
    /// <example><code>Console.Write(gpu.Reports[^1].Estimate(KnownGpus.A100));</code></example>
    public TimeEstimate Estimate(GpuProperties device) => TimingModel.Estimate(Counters, Shape, Registers, SharedBytes, device);

    /// <summary>Counts by source line, in the order of files and lines. Of a sampled launch these are of the blocks that ran.</summary>
    public IReadOnlyList<LineCounts> Lines()
    {
        var lines = new SortedDictionary<(string, int), LineCounts>();
        InstructionCount[] counts = _profile.Sum();
        for (int i = 0; i < counts.Length; i++)
        {
            Origin origin = _kernel.Origins[i];
            // The store half of cp.async has counts of memory, and is no instruction of its own.
            long warps = origin.Opcode.Length == 0 ? 0 : counts[i].Warps, lanes = origin.Opcode.Length == 0 ? 0 : counts[i].Lanes;
            bool known = origin.File > 0;
            string file = known ? _kernel.Files.GetValueOrDefault(origin.File, "") : "";
            int line = known ? origin.SourceLine : origin.PtxLine;
            LineCounts sum = lines.GetValueOrDefault((file, line));
            AccessCounts accesses = _profile.Accesses is { } memory ? memory.Counts[i] : default;
            lines[(file, line)] = new LineCounts(file, line, sum.WarpInstructions + warps, sum.ThreadInstructions + lanes, sum.Divergences + counts[i].Diverged, sum.Accesses + accesses);
        }
        return [.. lines.Values];
    }

    /// <summary>The source with counts in front of each line that has any.</summary>
    /// <param name="source">The text that was compiled.</param>
    public string Listing(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Dictionary<int, LineCounts> byLine = [];
        foreach (LineCounts line in Lines()) if (line.File.Length > 0) byLine.TryAdd(line.Line, line);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Kernel}, {Shape.Grid} blocks of {Shape.Block} threads (instructions of PTX{(Counters.IsSampled ? "; sampled" : "")})\n");
        text.Append("  warp instr. threads diverged  requests   sectors wavefronts conflicts\n");
        int number = 0;
        foreach (string line in source.ReplaceLineEndings("\n").Split('\n'))
        {
            string counts = byLine.TryGetValue(++number, out LineCounts c) ? Columns(c) : new string(' ', 76);
            text.Append(CultureInfo.InvariantCulture, $"{counts} {number,4} {line}\n");
        }
        return text.ToString();
    }

    private static (ulong First, ulong End) SectorsOf(Allocation allocation) =>
        (allocation.Address / GlobalAccess.SectorBytes, (allocation.Address + (ulong)allocation.Bytes + GlobalAccess.SectorBytes - 1) / GlobalAccess.SectorBytes);

    private static string Columns(in LineCounts c)
    {
        double threads = c.WarpInstructions == 0 ? 0 : (double)c.ThreadInstructions / c.WarpInstructions;
        return string.Create(CultureInfo.InvariantCulture, $"{c.WarpInstructions,13:#,0} {threads,7:0.0} {c.Divergences,8:#,0} {c.Accesses.Requests,9:#,0} {c.Accesses.Sectors,9:#,0} {c.Accesses.Wavefronts,10:#,0} {c.Accesses.BankConflicts,9:#,0}")
            .PadRight(76);
    }
}
