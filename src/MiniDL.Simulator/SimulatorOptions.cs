// What a simulated GPU is, and how it runs.
using MiniDL.Gpu;

namespace MiniDL.Simulator;

/// <summary>What a simulated GPU counts.</summary>
public enum Counting
{
    /// <summary>Nothing is reported.</summary>
    Off,

    /// <summary>Instructions and requests to memory: cheap.</summary>
    On,

    /// <summary>Also where sectors come from, caches or DRAM, for estimates of time.</summary>
    WithCaches,
}

/// <summary>What a simulated GPU checks while kernels run. Names and meanings are those of NVIDIA's Compute Sanitizer.</summary>
[Flags]
public enum CheckKinds
{
    /// <summary>Only what would crash: accesses out of bounds stop a kernel always.</summary>
    None = 0,

    /// <summary>Wrong addresses become findings too; <see cref="SimulatedGpu.FindLeaks"/> names memory that was not freed.</summary>
    Memory = 1,

    /// <summary>Two accesses of one address, one of them a write, that nothing puts in order.</summary>
    Race = 2,

    /// <summary>Reads of memory that nobody has written.</summary>
    Initialised = 4,

    /// <summary>Lanes missing where they are waited for or read from.</summary>
    Synchronisation = 8,

    /// <summary>All of them.</summary>
    All = 15,
}

/// <summary>Options of a <see cref="SimulatedGpu"/>.</summary>
public sealed record SimulatorOptions
{
    /// <summary>The device: an A100 if nothing else is said; <see cref="KnownGpus"/> has others.</summary>
    public GpuProperties Properties { get; init; } = KnownGpus.A100;

    /// <summary>Threads of the host that run blocks. Results do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Permutes the order in which blocks and warps run; 0 is the natural order. A kernel whose result changes with it has a race.</summary>
    public int Seed { get; init; }

    /// <summary>The most warp instructions that one block may execute before its kernel is stopped.</summary>
    public long InstructionLimit { get; init; } = 1L << 31;

    /// <summary>What is counted, and reported in <see cref="SimulatedGpu.Reports"/>.</summary>
    public Counting Counting { get; init; }

    /// <summary>Of launches too large to run, run only so many waves of blocks (a wave is what the device holds at once), evenly spread over the grid; counters are
    /// scaled up and marked as sampled. Results are then incomplete, and a kernel whose blocks wait for each other may not end. 0 runs everything.</summary>
    public int SampledWaves { get; init; }

    /// <summary>What is checked while kernels run; see <see cref="SimulatedGpu.Findings"/>. Launches with checks run on one thread.</summary>
    public CheckKinds Checks { get; init; }

    /// <summary>Approximate functions (ex2.approx and their like) stray within the error that PTX documents, so that a kernel that relies on more shows.</summary>
    public bool Jitter { get; init; }

    /// <summary>Where printf of kernels goes.</summary>
    public TextWriter Output { get; init; } = Console.Out;
}
