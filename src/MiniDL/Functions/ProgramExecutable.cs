// A function's graph as a program that runs: what the devices that lower (the CPU, CUDA) have in common.
//
// The one thing to understand: this is where the stations of the pipeline are called one after the other: Pipeline.Optimise, Lower.ToProgram, and then the
// device's own last step, which makes the program ready to run.
using System.Diagnostics;
using System.Text;

namespace MiniDL;

/// <summary>A graph rewritten and lowered for one set of input shapes, in the hands of a device's executor.</summary>
internal sealed class ProgramExecutable : Executable
{
    private readonly FunctionGraph _graph;
    private readonly Shape[] _inputShapes;
    private readonly StageRunner _runner;
    private readonly StageChecks? _checks;

    /// <summary>Compiles.</summary>
    /// <param name="graph">The function.</param>
    /// <param name="inputShapes">The shapes it will be fed.</param>
    /// <param name="mode">How carefully it runs.</param>
    /// <param name="device">For messages at MINIDL_DEBUG=1.</param>
    /// <param name="prepare">Makes a program ready to run.</param>
    public ProgramExecutable(FunctionGraph graph, Shape[] inputShapes, Mode mode, string device, Func<Program, StageRunner> prepare)
    {
        (_graph, _inputShapes) = (graph, inputShapes);
        long start = Stopwatch.GetTimestamp();
        (Program program, Pipeline pipeline) = Lowered(keepListings: false);
        long lowered = Stopwatch.GetTimestamp();
        _runner = prepare(program);
        _checks = mode == Mode.Fast ? null : new StageChecks(_runner, mode);
        if (Diagnostics.Level >= 1) Tell(device, pipeline, program, start, lowered);
        if (Diagnostics.Level >= 2) _runner.Time(true);
    }

    /// <inheritdoc/>
    public override Program? Program => _runner.Program;

    /// <inheritdoc/>
    public override int Launches => _runner.Launches;

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<NDArray> inputs, RunState run)
    {
        _runner.FetchShared();
        if (_checks is null) _runner.Run(inputs, run);
        else _checks.Run(inputs, run);
    }

    /// <inheritdoc/>
    public override TensorType OutputType(int index) => _runner.Program.Outputs[index].Node.Type;

    /// <inheritdoc/>
    public override void CopyOutput(int index, Span<byte> destination) => _runner.Read(_runner.Program.Outputs[index], destination);

    /// <inheritdoc/>
    public override IReadOnlyList<StageTime> Profile(bool on) => _runner.Time(on);

    /// <inheritdoc/>
    public override string Explain()
    {
        (_, Pipeline pipeline) = Lowered(keepListings: true);
        var text = new StringBuilder("== as written\n").Append(Listing.Print(_graph.Roots));
        foreach (PassReport report in pipeline.Reports)
            text.Append($"\n== {report}").Append(report.Fired.Count > 0 || report.Before != report.After ? report.Listing : "");
        return text.Append(_runner.Explain()).ToString();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (Diagnostics.Level >= 2)
            foreach (StageTime time in _runner.Time(false))
                Console.Error.WriteLine($"minidl: {time.Milliseconds,8:F3} ms  {Rate(time.Flops, time),7} GFLOP/s  {Rate(time.Bytes, time),6} GB/s  {time.Name}  # {time.Source}");
        _runner.Dispose();
    }

    /// <summary>Billions a second; a simulated GPU has no clock.</summary>
    private static string Rate(double amount, in StageTime time) => time.Milliseconds > 0 ? $"{amount / time.Milliseconds / 1e6:F1}" : "-";

    private (Program, Pipeline) Lowered(bool keepListings)
    {
        Dictionary<Tensor, Tensor> known = _graph.Known(_inputShapes);
        var pipeline = new Pipeline(keepListings);
        Tensor[] roots = pipeline.Optimise(_graph.Roots, known);
        return (Lower.ToProgram([.. _graph.Inputs.Select(input => known[input])], roots, [.. _graph.Updates.Select(update => update.Variable)]), pipeline);
    }

    /// <summary>Tells what each phase of compiling made, and the time it took.</summary>
    private void Tell(string device, Pipeline pipeline, Program program, long start, long lowered)
    {
        double rewriting = pipeline.Reports.Sum(report => report.Elapsed.TotalMilliseconds);
        string passes = string.Join(", ", pipeline.Reports.GroupBy(report => report.Name).Select(pass => $"{pass.Key} {pass.Sum(report => report.Elapsed.TotalMilliseconds):F1}"));
        Console.Error.WriteLine($"minidl: {device}: rewrites {rewriting:F1} ms ({passes}; {pipeline.Reports[0].Before} -> {pipeline.Reports[^1].After} nodes), "
            + $"verifying and lowering {Stopwatch.GetElapsedTime(start, lowered).TotalMilliseconds - rewriting:F1} ms ({program.Stages.Count} stages, {program.ArenaBytes / 1e6:F2} MB), "
            + $"plans {Stopwatch.GetElapsedTime(lowered).TotalMilliseconds:F1} ms{_runner.Preparations}; compiled in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F1} ms");
    }
}
