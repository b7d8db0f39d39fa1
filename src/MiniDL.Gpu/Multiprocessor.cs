// What one streaming multiprocessor (SM) of a compute capability has: the limits that occupancy follows from, known without a device.
//
// The one thing to understand: a compute capability fixes the SM; GPUs of the same capability differ in how many SMs they have, how fast they are clocked
// and what memory they have. So registers and occupancy of a kernel can be told for GPUs that are not here.
namespace MiniDL.Gpu;

/// <summary>The limits of one multiprocessor. Source: CUDA C++ Programming Guide, table "Technical Specifications per Compute Capability".</summary>
/// <param name="Threads">Resident threads.</param>
/// <param name="Blocks">Resident blocks.</param>
/// <param name="Registers">Registers of 32 bits.</param>
/// <param name="SharedBytes">Shared memory.</param>
/// <param name="SharedBytesPerBlock">Shared memory that one block may have at most.</param>
/// <param name="ReservedSharedBytes">Shared memory that the system takes for itself for each resident block.</param>
/// <param name="SharedUnit">Shared memory is handed out in multiples of so many bytes.</param>
/// <param name="Float32Lanes">Fused multiply-adds of float32 in one clock.</param>
/// <example><code>Multiprocessor sm = Multiprocessor.Of((8, 0));   // sm.Threads == 2048</code></example>
public readonly record struct Multiprocessor(int Threads, int Blocks, int Registers, int SharedBytes, int SharedBytesPerBlock,
    int ReservedSharedBytes, int SharedUnit, int Float32Lanes)
{
    /// <summary>Threads of a warp, on every GPU so far.</summary>
    public const int WarpSize = 32;

    /// <summary>Parts of an SM that have registers of their own: a warp lives in one of them, so warps come in fours.</summary>
    public const int Partitions = 4;

    /// <summary>Registers are handed out to whole warps in multiples of so many.</summary>
    public const int RegisterUnit = 256;

    /// <summary>Registers that the compiler gives to one thread at most.</summary>
    public const int MostRegistersPerThread = 255;

    /// <summary>Threads of one block at most.</summary>
    public const int MostThreadsPerBlock = 1024;

    private const int KB = 1024;

    /// <summary>Resident warps.</summary>
    public int Warps => Threads / WarpSize;

    /// <summary>The capabilities that the table has.</summary>
    public static IReadOnlyList<(int Major, int Minor)> KnownCapabilities { get; } = [(7, 0), (7, 5), (8, 0), (8, 6), (8, 9), (9, 0)];

    /// <summary>The multiprocessor of a compute capability.</summary>
    /// <exception cref="ArgumentException">The capability is not in the table.</exception>
    public static Multiprocessor Of((int Major, int Minor) capability) => capability switch
    {
        (7, 0) => new(2048, 32, 65_536, 96 * KB, 96 * KB, 0, 256, 64),
        (7, 5) => new(1024, 16, 65_536, 64 * KB, 64 * KB, 0, 256, 64),
        (8, 0) => new(2048, 32, 65_536, 164 * KB, 163 * KB, 1 * KB, 128, 64),
        (8, 6) => new(1536, 16, 65_536, 100 * KB, 99 * KB, 1 * KB, 128, 128),
        (8, 9) => new(1536, 24, 65_536, 100 * KB, 99 * KB, 1 * KB, 128, 128),
        (9, 0) => new(2048, 32, 65_536, 228 * KB, 227 * KB, 1 * KB, 128, 128),
        _ => throw new ArgumentException($"the limits of compute capability {capability.Major}.{capability.Minor} are not in the table, which has "
            + $"{string.Join(", ", KnownCapabilities.Select(known => $"{known.Major}.{known.Minor}"))}; a device tells its own: use Of(GpuProperties)"),
    };

    /// <summary>The multiprocessor of a device, by what the device tells of itself. Later capabilities are taken to be like 9.0 in what a device does not tell.</summary>
    public static Multiprocessor Of(GpuProperties gpu)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        Multiprocessor like = Of(KnownCapabilities.LastOrDefault(known => known.CompareTo(gpu.Capability) <= 0, KnownCapabilities[0]));
        return like with
        {
            Threads = gpu.ThreadsPerMultiprocessor,
            Blocks = gpu.BlocksPerMultiprocessor,
            Registers = gpu.RegistersPerMultiprocessor,
            SharedBytes = gpu.SharedBytesPerMultiprocessor,
            SharedBytesPerBlock = gpu.SharedBytesPerBlock,
        };
    }

    /// <summary>Peak float32 arithmetic of a device in TFLOP/s: SMs * lanes * 2 * clock, a fused multiply-add being two operations. 0 if its clock is unknown.</summary>
    public static double PeakTeraFlops(GpuProperties gpu) => 2e-6 * Of(gpu).Float32Lanes * gpu.Multiprocessors * gpu.ClockMHz;
}
