// Well-known GPUs by name, as data sheets describe them: what the simulator pretends to be, and what occupancy and rooflines are told for.
//
// The one thing to understand: the clock is the boost clock with which the vendor's figure of TFLOP/s comes out; a real card runs at what heat and power allow.
namespace MiniDL.Gpu;

/// <summary>The properties of some GPUs. Sources: NVIDIA's data sheets and architecture white papers.</summary>
/// <example><code>GpuProperties gpu = KnownGpus.Find("a100");</code></example>
public static class KnownGpus
{
    /// <summary>V100 SXM2 with 16 GB: 15.7 TFLOP/s, 900 GB/s.</summary>
    public static GpuProperties V100 { get; } = Describe("V100", (7, 0), multiprocessors: 80, clockMHz: 1530, memoryGB: 16, memoryGBPerSecond: 900, l2MB: 6);

    /// <summary>A100 with 40 GB: 19.5 TFLOP/s, 1,555 GB/s.</summary>
    public static GpuProperties A100 { get; } = Describe("A100", (8, 0), multiprocessors: 108, clockMHz: 1410, memoryGB: 40, memoryGBPerSecond: 1555, l2MB: 40);

    /// <summary>GeForce RTX 3090: 35.6 TFLOP/s, 936 GB/s.</summary>
    public static GpuProperties Rtx3090 { get; } = Describe("RTX 3090", (8, 6), multiprocessors: 82, clockMHz: 1695, memoryGB: 24, memoryGBPerSecond: 936, l2MB: 6);

    /// <summary>RTX A6000: 38.7 TFLOP/s, 768 GB/s.</summary>
    public static GpuProperties RtxA6000 { get; } = Describe("RTX A6000", (8, 6), multiprocessors: 84, clockMHz: 1800, memoryGB: 48, memoryGBPerSecond: 768, l2MB: 6);

    /// <summary>GeForce RTX 4090: 82.6 TFLOP/s, 1,008 GB/s.</summary>
    public static GpuProperties Rtx4090 { get; } = Describe("RTX 4090", (8, 9), multiprocessors: 128, clockMHz: 2520, memoryGB: 24, memoryGBPerSecond: 1008, l2MB: 72);

    /// <summary>H100 SXM with 80 GB: 66.9 TFLOP/s, 3,350 GB/s.</summary>
    public static GpuProperties H100 { get; } = Describe("H100 SXM", (9, 0), multiprocessors: 132, clockMHz: 1980, memoryGB: 80, memoryGBPerSecond: 3350, l2MB: 50);

    /// <summary>All of them, oldest first.</summary>
    public static IReadOnlyList<GpuProperties> All { get; } = [V100, A100, Rtx3090, RtxA6000, Rtx4090, H100];

    /// <summary>A GPU by part of its name, such as <c>a100</c>, <c>3090</c>, <c>RTX 4090</c> or <c>rtx-a6000</c>: case, blanks and hyphens do not matter.</summary>
    /// <exception cref="ArgumentException">No name or more than one contains it; the message lists all.</exception>
    public static GpuProperties Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string wanted = Plain(name);
        GpuProperties[] found = wanted.Length == 0 ? [] : [.. All.Where(gpu => Plain(gpu.Name).Contains(wanted, StringComparison.Ordinal))];
        return found.Length == 1 ? found[0]
            : throw new ArgumentException($"{(found.Length == 0 ? "no" : "more than one")} known GPU is called '{name}'; there are {string.Join(", ", All.Select(gpu => gpu.Name))}");
    }

    private static string Plain(string name) => name.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();

    private static GpuProperties Describe(string name, (int, int) capability, int multiprocessors, int clockMHz, int memoryGB, double memoryGBPerSecond, int l2MB)
    {
        Multiprocessor sm = Multiprocessor.Of(capability);
        return new GpuProperties
        {
            Name = name,
            Capability = capability,
            Multiprocessors = multiprocessors,
            MemoryBytes = (long)memoryGB << 30,
            ThreadsPerMultiprocessor = sm.Threads,
            BlocksPerMultiprocessor = sm.Blocks,
            RegistersPerMultiprocessor = sm.Registers,
            SharedBytesPerMultiprocessor = sm.SharedBytes,
            SharedBytesPerBlock = sm.SharedBytesPerBlock,
            L2Bytes = l2MB << 20,
            ClockMHz = clockMHz,
            MemoryGBPerSecond = memoryGBPerSecond,
        };
    }
}
