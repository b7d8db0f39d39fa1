// The CPU as a device: rewrites, lowers and plans a graph for known shapes, then runs the program with a team of threads.
//
// The one thing to understand: this is where the stations of the pipeline are called one after the other: Pipeline.Optimise, Lower.ToProgram, CpuProgram.
using System.Diagnostics;
using System.Text;
using MiniDL.Cpu;

namespace MiniDL;

/// <summary>The fast CPU executor as a device. All of its functions share one team of threads, so it serves one caller at a time.</summary>
internal sealed class CpuDevice : Device
{
    private readonly ThreadTeam _team;

    public CpuDevice(int threads)
    {
        if (threads is < 0 or > 256) throw new ArgumentOutOfRangeException(nameof(threads), $"threads must be from 1 to 256, or 0 for one per core, not {threads}");
        _team = new ThreadTeam(threads == 0 ? Environment.ProcessorCount : threads);
    }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    internal override Executable Compile(FunctionGraph graph, Shape[] inputShapes, Mode mode)
    {
        long start = Stopwatch.GetTimestamp();
        var compiled = new Compiled(graph, inputShapes, mode, _team);
        if (Diagnostics.Level >= 1) Console.Error.WriteLine($"minidl: cpu, {_team.Threads} threads: {compiled.Phases}; compiled in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F1} ms");
        return compiled;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _team.Dispose();
        base.Dispose(disposing);
    }

    private sealed class Compiled : Executable
    {
        private readonly FunctionGraph _graph;
        private readonly Shape[] _inputShapes;
        private readonly CpuProgram _program;
        private readonly Shared[] _shared;
        private readonly StageChecks? _checks;

        public Compiled(FunctionGraph graph, Shape[] inputShapes, Mode mode, ThreadTeam team)
        {
            (_graph, _inputShapes) = (graph, inputShapes);
            long start = Stopwatch.GetTimestamp();
            (Program program, Pipeline pipeline) = Lowered(keepListings: false);
            long lowered = Stopwatch.GetTimestamp();
            _program = new CpuProgram(program, team);
            if (Diagnostics.Level >= 1) Phases = Describe(pipeline, program, Stopwatch.GetElapsedTime(start, lowered), Stopwatch.GetElapsedTime(lowered));
            _shared = [.. program.Buffers.Select(buffer => buffer.Node).OfType<Shared>()];
            _checks = mode == Mode.Fast ? null : new StageChecks(_program, mode);
            if (Diagnostics.Level >= 2) _program.Time(true);
        }

        /// <summary>What each phase of compiling made, and the time it took; told at level 1.</summary>
        public string Phases { get; } = "";

        private static string Describe(Pipeline pipeline, Program program, TimeSpan toProgram, TimeSpan toPlans)
        {
            double rewriting = pipeline.Reports.Sum(report => report.Elapsed.TotalMilliseconds);
            string passes = string.Join(", ", pipeline.Reports.GroupBy(report => report.Name).Select(pass => $"{pass.Key} {pass.Sum(report => report.Elapsed.TotalMilliseconds):F1}"));
            return $"rewrites {rewriting:F1} ms ({passes}; {pipeline.Reports[0].Before} -> {pipeline.Reports[^1].After} nodes), "
                + $"verifying and lowering {toProgram.TotalMilliseconds - rewriting:F1} ms ({program.Stages.Count} stages, {program.ArenaBytes / 1e6:F2} MB), plans {toPlans.TotalMilliseconds:F1} ms";
        }

        private (Program, Pipeline) Lowered(bool keepListings)
        {
            Dictionary<Tensor, Tensor> known = _graph.Known(_inputShapes);
            var pipeline = new Pipeline(keepListings);
            Tensor[] roots = pipeline.Optimise(_graph.Roots, known);
            return (Lower.ToProgram([.. _graph.Inputs.Select(input => known[input])], roots, [.. _graph.Updates.Select(update => update.Variable)]), pipeline);
        }

        public override void Run(ReadOnlySpan<NDArray> inputs, RunState run)
        {
            foreach (Shared variable in _shared) variable.MoveTo(null);
            if (_checks is null) _program.Run(inputs, run);
            else _checks.Run(inputs, run);
        }

        public override TensorType OutputType(int index) => _program.Program.Outputs[index].Node.Type;

        public override void CopyOutput(int index, Span<byte> destination) => _program.Memory.Bytes(_program.Program.Outputs[index]).CopyTo(destination);

        public override Program? Program => _program.Program;

        public override IReadOnlyList<StageTime> Profile(bool on) => _program.Time(on);

        public override string Explain()
        {
            (Program program, Pipeline pipeline) = Lowered(keepListings: true);
            var text = new StringBuilder("== as written\n").Append(Listing.Print(_graph.Roots));
            foreach (PassReport report in pipeline.Reports)
                text.Append($"\n== {report}").Append(report.Fired.Count > 0 || report.Before != report.After ? report.Listing : "");
            return text.Append("\n== program\n").Append(program).ToString();
        }

        public override void Dispose()
        {
            if (Diagnostics.Level >= 2)
                foreach (StageTime time in _program.Time(false))
                    Console.Error.WriteLine($"minidl: {time.Milliseconds,8:F3} ms  {time.Flops / time.Milliseconds / 1e6,7:F1} GFLOP/s  {time.Bytes / time.Milliseconds / 1e6,6:F1} GB/s  {time.Name}  # {time.Source}");
            _program.Dispose();
        }
    }
}
