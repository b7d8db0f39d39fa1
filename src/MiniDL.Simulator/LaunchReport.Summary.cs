// A launch's counters as a page for people.
using System.Globalization;
using System.Text;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator;

public sealed partial class LaunchReport
{
    /// <summary>The counters in words, a line for each that is not zero.</summary>
    /// <example><code>Console.Write(gpu.Reports[^1]);</code></example>
    public override string ToString()
    {
        var text = new StringBuilder();
        KernelCounters c = Counters;
        Line($"{Kernel}: grid {Shape.Grid}, blocks of {Shape.Block} threads, {SharedBytes:#,0} bytes of shared memory{(Registers > 0 ? $", {Registers} registers" : "")}");
        if (c.IsSampled) Line($"  SAMPLED: {100 * c.SampledFraction:0.##}% of the blocks ran, counts are scaled up");
        Line($"  {"warp instructions",-19}{c.WarpInstructions,17:#,0}   of PTX; {c.ThreadsPerInstruction:0.0} threads each");
        foreach (InstructionClass kind in Enum.GetValues<InstructionClass>())
            if (c.Of(kind) > 0) Line($"    {Name(kind),-17}{c.Of(kind),17:#,0}   {100.0 * c.Of(kind) / c.WarpInstructions:0.0}%");
        Line($"  {"FLOPs",-19}{c.Flops,17:#,0}");
        Line($"  {"branches",-19}{c.Branches,17:#,0}   {c.DivergentBranches:#,0} divergent (PTX level)");
        if (c.Barriers > 0) Line($"  {"barrier arrivals",-19}{c.Barriers,17:#,0}");
        Memory("global loads", c.GlobalLoads);
        Memory("global stores", c.GlobalStores);
        Memory("global atomics", c.GlobalAtomics);
        Memory("local memory", c.Local);
        Banks("shared loads", c.SharedLoads);
        Banks("shared stores", c.SharedStores);
        Banks("shared atomics", c.SharedAtomics);
        if (c.FootprintSectors >= 0)
            Line($"  {"footprint",-19}{32 * c.FootprintSectors,17:#,0}   bytes; {32 * (c.SecondLevelReadSectors + c.SecondLevelWrittenSectors):#,0} bytes between the caches; {c.ArithmeticIntensity:0.00} FLOPs a byte");
        return text.ToString();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

        void Memory(string name, in AccessCounts counts)
        {
            if (counts.Requests > 0) Line($"  {name,-19}{counts.Requests,17:#,0}   requests, {counts.Sectors:#,0} sectors, {counts.SectorsPerRequest:0.0} a request, {100 * counts.Efficiency:0.0}% of their bytes used");
        }

        void Banks(string name, in AccessCounts counts)
        {
            if (counts.Requests > 0) Line($"  {name,-19}{counts.Requests,17:#,0}   requests, {counts.Wavefronts:#,0} wavefronts, {counts.BankConflicts:#,0} of them by bank conflicts");
        }
    }

    private static string Name(InstructionClass kind) => kind switch
    {
        InstructionClass.SpecialFunction => "special function",
        InstructionClass.GlobalMemory => "global memory",
        InstructionClass.SharedMemory => "shared memory",
        InstructionClass.LocalMemory => "local memory",
        InstructionClass.Synchronisation => "synchronisation",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
