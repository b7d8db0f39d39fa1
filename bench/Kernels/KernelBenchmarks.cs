// bench -- bdn --filter '*Kernel*': rungs of the ladders through BenchmarkDotNet, with error bars.
//
// It times the host's clock around 16 replays of a rung's launches and the wait for the last, in a process of its own. The one thing to understand: caches stay warm from one replay
// to the next, which flatters small problems; `bench -- kernels` begins each repeat with cold ones.
using System.Globalization;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Kernels;

using Summary = BenchmarkDotNet.Reports.Summary;   // MiniDL has one of its own

/// <summary>A rung at a size: a row of the benchmark.</summary>
/// <param name="Ladder">The ladder's name.</param>
/// <param name="Stem">The rung's file, without ending.</param>
/// <param name="N">The size.</param>
public sealed record RungCase(string Ladder, string Stem, int N)
{
    /// <summary>What it computes.</summary>
    internal Ladder Its => LadderList.All.First(ladder => ladder.Name == Ladder);

    /// <summary>How.</summary>
    internal Rung Rung => Its.Rungs.First(rung => rung.Stem == Stem);

    /// <summary>At which size.</summary>
    internal Problem Problem => Its.OfSize(N);

    public override string ToString() => $"{Ladder}/{Stem} {N}";
}

/// <summary>Every rung on the GPU of this machine.</summary>
[Config(typeof(SpeedConfig))]
public class KernelBenchmarks
{
    private const int Replays = 16, SimulatedSize = 64;

    private ReplayedRung _ready = null!;

    [ParamsSource(nameof(Cases))]
    public RungCase Rung { get; set; } = null!;

    /// <summary>All rungs that the GPU can run, at their ladders' sizes; small where the driver is simulated, and of every rung where there is none, to be listed.</summary>
    public static IEnumerable<RungCase> Cases()
    {
        GpuProperties? gpu = WhyNot() is null ? Properties() : null;
        bool isSimulated = gpu?.Name.EndsWith("(simulated)", StringComparison.Ordinal) == true;
        foreach (Ladder ladder in LadderList.All)
            foreach (Rung rung in ladder.Rungs.Where(rung => gpu is null || gpu.Capability.CompareTo(rung.Needs) >= 0))
                yield return new RungCase(ladder.Name, rung.Stem, isSimulated ? SimulatedSize : ladder.DefaultSize);
    }

    /// <summary>Why these benchmarks cannot run here, in one line; null if they can.</summary>
    public static string? WhyNot()
    {
        try
        {
            DriverGpu.DeviceCount();
            return null;
        }
        catch (MissingLibraryException)
        {
            return "which need NVIDIA's driver; .ci/build-simulator-libraries builds a simulated one";
        }
        catch (GpuException none)
        {
            return $"which need a GPU: {none.Message}";
        }
    }

    private static GpuProperties Properties()
    {
        using DriverGpu gpu = DriverGpu.Open();
        return gpu.Properties;
    }

    [GlobalSetup]
    public void Prepare() => _ready = ReplayedRung.Of(Rung);

    /// <summary>All launches of the rung, once.</summary>
    [Benchmark(OperationsPerInvoke = Replays)]
    public void Launches() => _ready.Replay(Replays);

    [GlobalCleanup]
    public void Free() => _ready.Dispose();

    private sealed class SpeedConfig : ManualConfig
    {
        public SpeedConfig() => AddColumn(new SpeedColumn());
    }
}

/// <summary>A rung on the GPU of this machine, captured as a graph.</summary>
internal sealed class ReplayedRung : IDisposable
{
    private readonly DriverGpu _gpu;
    private readonly LoadedKernels _kernels;
    private readonly PlacedProblem _placed;
    private readonly IGpuGraph _graph;

    private ReplayedRung(RungCase rung)
    {
        _gpu = DriverGpu.Open();
        _kernels = new LoadedKernels(_gpu, NvrtcCompiler.Create());
        Problem problem = rung.Problem;
        _placed = new PlacedProblem(_gpu, _kernels, problem);
        RungPlan plan = rung.Rung.Plan(problem);
        _placed.Run(plan);   // compiles, loads and allocates what it needs, which a capture forbids
        _gpu.BeginCapture(_placed.Stream);
        _placed.Launch(plan);
        _graph = _gpu.EndCapture(_placed.Stream);
    }

    /// <summary>Opens the GPU and makes a rung ready.</summary>
    public static ReplayedRung Of(RungCase rung) => new(rung);

    /// <summary>Runs it so many times and waits for the last.</summary>
    public void Replay(int times)
    {
        for (int i = 0; i < times; i++) _gpu.Launch(_graph, _placed.Stream);
        _gpu.Synchronize(_placed.Stream);
    }

    public void Dispose()
    {
        _graph.Dispose();
        _placed.Dispose();
        _kernels.Dispose();
        _gpu.Dispose();
    }
}

/// <summary>The column GFLOP/s, or GB/s for ladders that are told in bytes.</summary>
internal sealed class SpeedColumn : IColumn
{
    public string Id => nameof(SpeedColumn);

    public string ColumnName => "Speed";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "FLOPs by the formula, or bytes that must move at least, by the mean time";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        summary[benchmarkCase]?.ResultStatistics is { } statistics ? Speed((RungCase)benchmarkCase.Parameters[nameof(KernelBenchmarks.Rung)], statistics.Mean) : "-";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    /// <summary>The speed in words: amount by nanoseconds is 10^9 a second.</summary>
    internal static string Speed(RungCase rung, double nanoseconds) => rung.Its.Measure == Measure.GigaFlops
        ? string.Create(CultureInfo.InvariantCulture, $"{rung.Problem.Flops / nanoseconds:#,0.0} GFLOP/s")
        : string.Create(CultureInfo.InvariantCulture, $"{rung.Problem.MinimumBytes / nanoseconds:#,0.0} GB/s");
}
