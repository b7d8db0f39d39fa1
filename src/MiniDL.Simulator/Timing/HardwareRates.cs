// What one multiprocessor can do in one clock, and how long memory takes: published limits, none of them measured with a kernel of ours.
//
// Sources. [G] CUDA C++ Programming Guide, "Throughput of Native Arithmetic Instructions". [A] NVIDIA A100 white paper and those of V100, H100, GA102 and AD102. [T] the table
// of hardware features in Ultrasonics Sonochemistry 99 (2023) 106546, for V100, A100 and H100: second-level bandwidth, and latencies of 20, 200 and 400 clocks.
//
// The one thing to understand: these are ceilings. A kernel that comes within a fifth of one of them is a good kernel.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Timing;

/// <summary>Rates for each clock; of one multiprocessor unless it says device.</summary>
/// <param name="Float32">float32 operations (lanes) [G].</param>
/// <param name="Integer">32-bit integer operations [G].</param>
/// <param name="IntegerShares">Integer operations use up lanes of the float32 ones (8.6 and 8.9: half of the lanes do either) [A].</param>
/// <param name="Float64">float64 operations [G].</param>
/// <param name="Special">Operations of the special-function unit, and conversions between types [G].</param>
/// <param name="Tensor">TF32 multiply-adds of the tensor cores, dense, from the published TFLOP/s: A100 156, RTX 3090 35.6, RTX 4090 82.6, H100 495 (at 1,830 MHz). 16-bit numbers go twice as
/// fast; 7.0 and 7.5 have these only (125 TFLOP/s of a V100), given as half as many [A].</param>
/// <param name="FirstLevelBytes">Capacity of the first-level cache and shared memory together [A].</param>
/// <param name="SecondLevelBytesPerClock">Bytes of the whole device that the second-level cache delivers [T]; where none is published, one sector for each multiprocessor.</param>
public readonly record struct HardwareRates(int Float32, int Integer, bool IntegerShares, int Float64, int Special, int Tensor, int FirstLevelBytes, double SecondLevelBytesPerClock)
{
    /// <summary>Warp instructions issued: one by each of four schedulers [A].</summary>
    public const int Issue = 4;

    /// <summary>Wavefronts of shared memory: one of 128 bytes [A].</summary>
    public const int SharedWavefronts = 1;

    /// <summary>Sectors from the first-level cache: four, 128 bytes [A].</summary>
    public const int FirstLevelSectors = 4;

    /// <summary>Clocks until a load that hits the first level can be used: as shared memory [T].</summary>
    public const int FirstLevelLatency = 20;

    /// <summary>Clocks until a load that hits the second level can be used [T].</summary>
    public const int SecondLevelLatency = 200;

    /// <summary>Clocks until a load from DRAM can be used [T].</summary>
    public const int DramLatency = 400;

    /// <summary>What a launch costs before its first block runs, in microseconds: the order of magnitude that CUDA's own samples show.</summary>
    public const double LaunchMicroseconds = 3;

    /// <summary>The rates of a device.</summary>
    /// <example><code>HardwareRates rates = HardwareRates.Of(KnownGpus.A100);   // rates.Float32 == 64</code></example>
    public static HardwareRates Of(GpuProperties gpu)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        int float32 = Multiprocessor.Of(gpu).Float32Lanes, capability = 10 * gpu.Capability.Major + gpu.Capability.Minor;
        const int KB = 1024;
        return capability switch
        {
            < 75 => new(float32, 64, false, 32, 16, 256, 128 * KB, 2048),
            75 => new(float32, 64, false, 2, 16, 256, 96 * KB, 32.0 * gpu.Multiprocessors),
            80 => new(float32, 64, false, 32, 16, 512, 192 * KB, 5120),
            86 or 89 => new(float32, 64, true, 2, 16, 128, 128 * KB, 32.0 * gpu.Multiprocessors),
            _ => new(float32, 64, false, 64, 16, 1024, 256 * KB, 5120),
        };
    }
}
