// What the bench found out about one rung at one size on one GPU: measured there, or counted on the simulator and estimated.
//
// Tables, pictures and JSON are made from these records alone. The one thing to understand: the physical limit is that of the problem, not of the kernel. No kernel can be
// faster than the larger of FLOPs by peak arithmetic and minimum bytes by peak bandwidth (the roofline); bytes that a kernel moves in vain count against it.
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Ladders;
using MiniDL.Simulator;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Timing;

namespace MiniDL.Bench.Kernels;

/// <summary>One rung, one size, one GPU.</summary>
/// <param name="Ladder">The ladder.</param>
/// <param name="Rung">The rung.</param>
/// <param name="Problem">What was computed.</param>
/// <param name="Gpu">On which GPU; a simulated one tells the properties of what it stands for.</param>
/// <param name="Microseconds">All launches together: the median on a real GPU, else the estimate.</param>
/// <param name="Launches">What each launch takes and, on the simulator, counted.</param>
internal sealed record RungMeasurement(Ladder Ladder, Rung Rung, Problem Problem, GpuProperties Gpu, double Microseconds, IReadOnlyList<LaunchMeasurement> Launches)
{
    /// <summary>True if the time is an estimate.</summary>
    public bool IsEstimate => Launches.Any(launch => launch.Estimate is not null);

    /// <summary>True if only a part of a launch ran, and counters were scaled up.</summary>
    public bool IsSampled => Launches.Any(launch => launch.Counters?.IsSampled == true);

    /// <summary>GFLOP/s or GB/s, as the ladder tells its speed.</summary>
    public double Speed => (Ladder.Measure == Measure.GigaFlops ? Problem.Flops : Problem.MinimumBytes) / Microseconds / 1e3;

    /// <summary>The shortest time that the GPU's float32 arithmetic and memory allow for the problem, in microseconds. NaN if the GPU does not tell its clock or bandwidth.</summary>
    public double LimitMicroseconds => Gpu.ClockMHz <= 0 || Gpu.MemoryGBPerSecond <= 0 ? double.NaN
        : Math.Max(Problem.Flops / (Multiprocessor.PeakTeraFlops(Gpu) * 1e6), Problem.MinimumBytes / (Gpu.MemoryGBPerSecond * 1e3));

    /// <summary>How near the rung comes to that, in percent. NaN for a rung that rounds its operands: the limit is that of float32.</summary>
    public double PercentOfLimit => Rung.IsFloat32 ? 100 * LimitMicroseconds / Microseconds : double.NaN;

    /// <summary>What cuBLAS takes for the same product in float32, in microseconds; null for other ladders and on the simulator.</summary>
    public double? CuBlasMicroseconds { get; init; }

    /// <summary>What cuBLAS takes with operands rounded to TF32; null where <see cref="CuBlasMicroseconds"/> is, and on GPUs without tensor cores for it.</summary>
    public double? CuBlasTf32Microseconds { get; init; }

    /// <summary>The rung's speed as a part of cuBLAS' in float32, in percent.</summary>
    public double? PercentOfCuBlas => 100 * CuBlasMicroseconds / Microseconds;

    /// <summary>The rung's speed as a part of cuBLAS' in TF32, in percent.</summary>
    public double? PercentOfCuBlasTf32 => 100 * CuBlasTf32Microseconds / Microseconds;

    /// <summary>Counters of all launches together; null on a real GPU.</summary>
    public KernelCounters? Counters
    {
        get
        {
            if (Launches.Any(launch => launch.Counters is null)) return null;
            var sum = new KernelCounters();
            foreach (LaunchMeasurement launch in Launches) sum.Add(launch.Counters!);
            return sum;
        }
    }

    /// <summary>The launch that takes longest; on a real GPU, where launches are timed together, the first.</summary>
    public LaunchMeasurement Slowest => Launches.MaxBy(launch => launch.Estimate?.Microseconds ?? 0)!;

    /// <summary>What limits the slowest launch, by the estimate; null on a real GPU.</summary>
    public string? Limiter => Slowest.Estimate?.Limiter;
}

/// <summary>One launch of a rung.</summary>
/// <param name="Kernel">The function.</param>
/// <param name="Shape">Blocks and threads.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="SharedBytes">Shared memory of a block.</param>
/// <param name="SpillBytes">Bytes of spilled registers.</param>
/// <param name="Occupancy">Resident blocks and warps.</param>
/// <param name="Counters">What it did, on the simulator.</param>
/// <param name="Estimate">Its estimated time, on the simulator.</param>
internal sealed record LaunchMeasurement(string Kernel, LaunchShape Shape, int Registers, int SharedBytes, int SpillBytes, Occupancy Occupancy, KernelCounters? Counters, TimeEstimate? Estimate)
{
    /// <summary>Puts together what is known of a launch.</summary>
    /// <param name="launch">The launch.</param>
    /// <param name="compiled">Its kernel, compiled for the GPU.</param>
    /// <param name="gpu">The GPU.</param>
    /// <param name="report">What the simulator counted; null on a real GPU.</param>
    public static LaunchMeasurement Of(RungLaunch launch, CompiledKernel compiled, GpuProperties gpu, LaunchReport? report)
    {
        // Where NVRTC is older than the GPU it made PTX only, and nobody knows the registers.
        KernelResources resources = compiled.Resources ?? default;
        Occupancy occupancy = resources.OccupancyOn(Multiprocessor.Of(gpu), launch.Shape);
        return new LaunchMeasurement(launch.Source.Name, launch.Shape, resources.Registers, resources.SharedBytes + launch.Shape.DynamicSharedBytes, resources.SpillBytes,
            occupancy, report?.Counters, report?.Estimate(gpu));
    }
}
