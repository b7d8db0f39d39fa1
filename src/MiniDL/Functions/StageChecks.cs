// The careful modes: after each stage, is it what the reference says (Debug), is it finite (NanGuard)?
//
// Debug evaluates each stage's own graph with the reference, on the very numbers the stage read; so the first stage to disagree is the one that is wrong, not
// one that was fed wrong numbers. How far it may be off is measured: the reference runs again with each node moved by its op's tolerance, and four
// times the spread is allowed. NanGuard looks at what was stored, and asks the reference only when that is not finite: which of the nodes fused into
// the stage made it? The one thing to understand: a stage may write over what it read, so that is put aside before it runs.
using System.Runtime.InteropServices;

namespace MiniDL;

/// <summary>An executor and the reference, or a number and what a number should be, do not agree.</summary>
public sealed class StageException : Exception
{
    /// <summary>An error with a message.</summary>
    public StageException(string message) : base(message) { }

    /// <summary>An error with a message and its cause.</summary>
    public StageException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>An error without a message.</summary>
    public StageException() { }
}

/// <summary>Runs a program stage by stage and checks each.</summary>
internal sealed class StageChecks
{
    private const int Jitters = 3;             // runs of the reference that measure what rounding may do
    private const int SecondLook = 16;         // more of them, each moving nodes further, before a stage is called wrong
    private const double SecondLookScale = 4;

    private readonly StageRunner _runner;
    private readonly Mode _mode;
    private readonly StageGraph[] _graphs;
    private readonly (Buffer Buffer, byte[] Bytes)[][] _aside;   // NanGuard: what each stage writes over while it reads it

    private sealed record Difference(int Root, int Element, double Got, double Want, double Allowed);

    public StageChecks(StageRunner runner, Mode mode)
    {
        (_runner, _mode) = (runner, mode);
        _graphs = StageGraph.Of(runner.Program);
        _aside = [.. runner.Program.Stages.Select(stage => mode == Mode.Debug ? []
            : stage.Reads.Select(view => view.Buffer).Distinct().Where(read => stage.Writes.Any(view => view.Buffer.Overlaps(read)))
                .Select(read => (read, new byte[read.Bytes])).ToArray())];
    }

    /// <summary>Runs the program on arrays, checking each stage. After an error shared variables are between two steps: some updated, some not.</summary>
    /// <exception cref="StageException">The first stage that is wrong.</exception>
    public void Run(ReadOnlySpan<NDArray> inputs, RunState run)
    {
        _runner.SetInputs(inputs, run);
        for (int i = 0; i < _runner.Program.Stages.Count; i++)
        {
            Dictionary<Tensor, ReferenceArray>? read = _mode == Mode.Debug ? ReadLeaves(_graphs[i]) : null;
            foreach ((Buffer buffer, byte[] bytes) in _aside[i]) _runner.Read(buffer, bytes);
            _runner.RunStage(i, run);
            if (read is not null) Compare(i, _graphs[i], read, run);
            else CheckFinite(i, _graphs[i], run);
        }
    }

    private void Compare(int index, StageGraph graph, Dictionary<Tensor, ReferenceArray> read, RunState run)
    {
        if (graph.Roots.Length == 0) return;
        ReferenceArray[] expected = graph.Evaluate(read, run);
        ReferenceArray[] got = [.. graph.Roots.Select((root, r) => ReadBuffer(graph.Stored[r], root.Shape))];
        var jittered = new List<ReferenceArray[]>();
        for (int j = 0; j < Jitters; j++) jittered.Add(graph.Evaluate(read, run, new Jitter((ulong)j, run).Apply));
        if (FirstDifference(graph, got, expected, jittered) is null) return;

        // Next to a threshold (a comparison, a truncation, an argmax) few runs may all fall on one side: look again before blaming.
        for (int j = 0; j < SecondLook; j++) jittered.Add(graph.Evaluate(read, run, new Jitter((ulong)(Jitters + j), run, SecondLookScale).Apply));
        if (FirstDifference(graph, got, expected, jittered) is not { } wrong) return;
        throw new StageException($"{Label(index)} disagrees with the reference: element {wrong.Element} of {graph.Stored[wrong.Root]} is {wrong.Got:G9}, the reference says {wrong.Want:G9} "
            + $"(allowed difference {wrong.Allowed:G3})\n{Computes(index, wrong.Root)}");
    }

    private static Difference? FirstDifference(StageGraph graph, ReferenceArray[] got, ReferenceArray[] expected, List<ReferenceArray[]> jittered)
    {
        for (int r = 0; r < expected.Length; r++)
        {
            bool rounds = graph.Stored[r].DType == DType.Float32;
            double largest = expected[r].Data.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
            for (int i = 0; i < got[r].Data.Length; i++)
            {
                double want = expected[r].Data[i], value = got[r].Data[i], spread = 0;
                foreach (ReferenceArray[] moved in jittered) spread = Math.Max(spread, Distance(moved[r].Data[i], want));
                double allowed = 4 * spread + (rounds && double.IsFinite(want) ? Tolerance.Exact.Relative * Math.Abs(want) + 1e-7 * largest + float.Epsilon : 0);
                if (!Agree(value, want, allowed, rounds)) return new Difference(r, i, value, want, allowed);
            }
        }
        return null;
    }

    /// <summary>How far a jittered value is off; without limit when the jitter alone makes it NaN or infinite.</summary>
    private static double Distance(double moved, double want) =>
        moved.Equals(want) ? 0 : double.IsFinite(moved - want) ? Math.Abs(moved - want) : double.PositiveInfinity;

    /// <summary>Equal within the bound, or not finite in the same way. A difference that is NaN does not pass.</summary>
    private static bool Agree(double got, double want, double allowed, bool rounds) =>
        double.IsNaN(want) ? double.IsNaN(got) : got == want || (rounds && (float)got == (float)want) || Math.Abs(got - want) <= allowed;

    private void CheckFinite(int index, StageGraph graph, RunState run)
    {
        for (int r = 0; r < graph.Roots.Length; r++)
        {
            if (graph.Stored[r].DType != DType.Float32) continue;
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(BytesOf(graph.Stored[r]));
            for (int i = 0; i < values.Length; i++)
            {
                if (float.IsFinite(values[i])) continue;
                float value = values[i];
                foreach ((Buffer buffer, byte[] bytes) in _aside[index]) _runner.Write(buffer, bytes);
                throw new StageException($"{Label(index)} stores {value} as element {i} of {graph.Stored[r]}\n{Culprit(graph, r, run)}\n{Computes(index, r)}");
            }
        }
    }

    /// <summary>Says which node made what is not finite: from the stored node down for as long as an input is not finite either, every node
    /// rounded to float32 as the stage's are.</summary>
    private string Culprit(StageGraph graph, int root, RunState run)
    {
        var bad = new HashSet<Tensor>();
        graph.Evaluate(ReadLeaves(graph), run, (node, _, value) =>
        {
            if (node.DType != DType.Float32) return;
            for (int i = 0; i < value.Data.Length; i++)
            {
                value.Data[i] = (float)value.Data[i];
                if (!double.IsFinite(value.Data[i])) bad.Add(node);
            }
        });
        Tensor culprit = graph.Roots[root];
        while (culprit.Inputs.ToArray().FirstOrDefault(bad.Contains) is { } input) culprit = input;
        return graph.Leaves.ContainsKey(culprit) || culprit.Op is Constant
            ? $"  no stage made it: {culprit}, made at {culprit.Source}, holds NaN or infinity when it is read"
            : $"  made by {culprit.Op}, asked for at {culprit.Source}: {culprit}";
    }

    private string Label(int index) => $"stage {index}, {_runner.Program.Stages[index].Name},";

    private string Computes(int index, int root)
    {
        Stage stage = _runner.Program.Stages[index];
        return $"  stores {stage.Nodes[root]}, asked for at {stage.Nodes[root].Source}; the whole stage:\n" + string.Concat(stage.Details.Select(line => $"    {line}\n"));
    }

    private byte[] BytesOf(Buffer buffer)
    {
        var bytes = new byte[buffer.Bytes];
        _runner.Read(buffer, bytes);
        return bytes;
    }

    private Dictionary<Tensor, ReferenceArray> ReadLeaves(StageGraph graph) => graph.Leaves.ToDictionary(leaf => leaf.Key, leaf => ReadBuffer(leaf.Value, leaf.Key.Shape));

    private ReferenceArray ReadBuffer(Buffer buffer, Shape shape)
    {
        ReadOnlySpan<byte> bytes = BytesOf(buffer);
        ReadOnlySpan<float> floats = MemoryMarshal.Cast<byte, float>(bytes);
        ReadOnlySpan<int> ints = MemoryMarshal.Cast<byte, int>(bytes);
        var array = new ReferenceArray(shape);
        for (int i = 0; i < array.Data.Length; i++)
            array.Data[i] = buffer.DType switch
            {
                DType.Float32 => floats[i],
                DType.Int32 => (double)ints[i],   // without the cast the switch would be of type float, and round
                _ => bytes[i],
            };
        return array;
    }
}
