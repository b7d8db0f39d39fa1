// What finds out how fast rungs are: a real GPU with a clock, or a simulated one with counters.
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Kernels;

/// <summary>Checks and measures the rungs of ladders.</summary>
internal interface IMeter : IDisposable
{
    /// <summary>The GPUs that are measured or estimated for.</summary>
    IReadOnlyList<GpuProperties> Gpus { get; }

    /// <summary>What a reader should know about the GPUs before looking at figures.</summary>
    string Note { get; }

    /// <summary>Measures rungs at one size; those that compute something wrong are not timed.</summary>
    /// <param name="ladder">The ladder.</param>
    /// <param name="rungs">Some of its rungs.</param>
    /// <param name="problem">The size.</param>
    /// <param name="done">Is called with the number of rungs that are done, several times.</param>
    IReadOnlyList<RungResult> Measure(Ladder ladder, IReadOnlyList<Rung> rungs, Problem problem, Action<int> done);
}

/// <summary>What came out for one rung.</summary>
/// <param name="Ladder">The ladder.</param>
/// <param name="Rung">The rung.</param>
/// <param name="Problem">The size.</param>
/// <param name="Wrong">The first thing that was wrong; null if it is right.</param>
/// <param name="Measurements">One for each GPU that can run it; none if it is wrong.</param>
internal sealed record RungResult(Ladder Ladder, Rung Rung, Problem Problem, string? Wrong, IReadOnlyList<RungMeasurement> Measurements)
{
    /// <summary>The measurement on a GPU; null if it is wrong or the GPU cannot run it.</summary>
    public RungMeasurement? On(GpuProperties gpu) => Measurements.FirstOrDefault(measurement => measurement.Gpu.Name == gpu.Name);
}
