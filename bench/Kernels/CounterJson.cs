// The object "counters" of a rung in JSON: every figure of the simulator's counters, all launches together.
//
// The one thing to understand: names are those of KernelCounters, whose comments say which metric of Nsight Compute is the same.
using System.Text.Json;
using MiniDL.Simulator.Counters;

namespace MiniDL.Bench.Kernels;

/// <summary>Writes counters.</summary>
internal static class CounterJson
{
    /// <summary>Writes the member "counters".</summary>
    public static void Write(Utf8JsonWriter json, RungMeasurement measured)
    {
        KernelCounters c = measured.Counters!;
        json.WriteStartObject("counters");
        json.WriteNumber("warp_instructions", c.WarpInstructions);
        foreach (InstructionClass kind in Enum.GetValues<InstructionClass>()) json.WriteNumber($"{SnakeCase(kind)}_instructions", c.Of(kind));
        json.WriteNumber("thread_instructions", c.ThreadInstructions);
        KernelJson.Number(json, "threads_per_instruction", c.ThreadsPerInstruction);
        json.WriteNumber("flops", c.Flops);
        KernelJson.Number(json, "fma_share", KernelTables.FmaShare(c) ?? double.NaN);
        json.WriteNumber("branches", c.Branches);
        json.WriteNumber("divergent_branches", c.DivergentBranches);
        KernelJson.Number(json, "branch_uniformity", c.BranchUniformity);
        json.WriteNumber("barriers", c.Barriers);
        json.WriteNumber("load_waits", c.LoadWaits);
        json.WriteNumber("load_cover", c.LoadCover);
        json.WriteNumber("tensor_products", c.TensorProducts);
        Memory(json, "global_load", c.GlobalLoads);
        Memory(json, "global_store", c.GlobalStores);
        Memory(json, "global_atomic", c.GlobalAtomics);
        Memory(json, "local", c.Local);
        json.WriteNumber("global_bytes", c.GlobalBytes);
        if (KernelTables.Moved(measured) is { } moved) KernelJson.Number(json, "bytes_over_minimum", moved);
        Banks(json, "shared_load", c.SharedLoads);
        Banks(json, "shared_store", c.SharedStores);
        Banks(json, "shared_atomic", c.SharedAtomics);
        json.WriteNumber("shared_wavefronts", c.SharedWavefronts);
        json.WriteNumber("bank_conflicts", c.BankConflicts);
        SecondLevel(json, "read", c.SecondLevelReads);
        SecondLevel(json, "written", c.SecondLevelWrites);
        json.WriteNumber("footprint_sectors", c.FootprintSectors);
        json.WriteNumber("waves", c.Waves);
        KernelJson.Number(json, "arithmetic_intensity", c.ArithmeticIntensity);
        KernelJson.Number(json, "sampled_fraction", c.SampledFraction);
        json.WriteEndObject();
    }

    private static void Memory(Utf8JsonWriter json, string name, AccessCounts counts)
    {
        json.WriteNumber($"{name}_requests", counts.Requests);
        json.WriteNumber($"{name}_sectors", counts.Sectors);
        json.WriteNumber($"{name}_unique_bytes", counts.UniqueBytes);
        if (counts.Requests == 0) return;
        KernelJson.Number(json, $"{name}_sectors_per_request", counts.SectorsPerRequest);
        KernelJson.Number(json, $"{name}_efficiency", counts.Efficiency);
    }

    private static void Banks(Utf8JsonWriter json, string name, AccessCounts counts)
    {
        json.WriteNumber($"{name}_requests", counts.Requests);
        json.WriteNumber($"{name}_wavefronts", counts.Wavefronts);
        json.WriteNumber($"{name}_ideal_wavefronts", counts.IdealWavefronts);
    }

    private static void SecondLevel(Utf8JsonWriter json, string name, SecondLevelCounts? counts)
    {
        if (counts is not { } sectors) return;
        json.WriteNumber($"second_level_{name}_sectors", sectors.All);
        json.WriteNumber($"second_level_{name}_sectors_of_blocks", sectors.OfBlocks);
        json.WriteNumber($"second_level_{name}_sectors_of_waves", sectors.OfWaves);
        json.WriteNumber($"footprint_{name}_sectors", sectors.Different);
    }

    private static string SnakeCase(InstructionClass kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}
