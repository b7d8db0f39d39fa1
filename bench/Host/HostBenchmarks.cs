// bench -- bdn --filter '*Host*': the host's share of a step with error bars; the column Allocated must read nothing.
using BenchmarkDotNet.Attributes;

namespace MiniDL.Bench.Host;

/// <summary>A training step on a GPU that does nothing.</summary>
[MemoryDiagnoser]
public class HostBenchmarks
{
    private NullStep _step = null!;

    [Params("logistic", "old", "modern", "conv")]
    public string Model { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        _step = NullStep.Of(Model);
        _step.Replay();
        _step.Replay();
    }

    /// <summary>Inputs, upload, one launch of the graph.</summary>
    [Benchmark]
    public void ReplayedStep() => _step.Replay();

    /// <summary>The part of it that packs and uploads.</summary>
    [Benchmark]
    public void Upload() => _step.Upload();

    /// <summary>All launches of the step, one by one: divide by their number.</summary>
    [Benchmark]
    public void LaunchOneByOne() => _step.LaunchAll();

    [GlobalCleanup]
    public void Free() => _step.Dispose();
}
