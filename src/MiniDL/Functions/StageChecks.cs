// The careful modes: after each stage, is it what the reference says (Debug), is it finite (NanGuard)?
//
// In Debug each stage gets a graph of its own, cut out of the optimised graph: from the buffers it reads to the nodes it stores. The reference evaluates
// that on the very numbers the stage read, so the first stage to disagree is the one that is wrong, not one that was fed wrong numbers. How far it may be off
// is measured: the reference runs again with each node moved by its op's tolerance, and four times the spread is allowed.
using System.Runtime.InteropServices;
using MiniDL.Cpu;

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
    private const int Jitters = 3;

    private readonly CpuProgram _program;
    private readonly Mode _mode;
    private readonly StageGraph[] _graphs;

    /// <summary>What a stage computes: roots over stand-ins for the buffers it reads.</summary>
    private sealed record StageGraph(Tensor[] Roots, Buffer[] Stored, Dictionary<Tensor, Buffer> Leaves);

    public StageChecks(CpuProgram program, Mode mode)
    {
        (_program, _mode) = (program, mode);
        _graphs = mode == Mode.Debug ? [.. program.Program.Stages.Select(CutOut)] : [];
    }

    private StageGraph CutOut(Stage stage)
    {
        var cuts = new Dictionary<Tensor, Tensor>();
        var leaves = new Dictionary<Tensor, Buffer>();
        var own = stage.Nodes.ToHashSet();
        foreach (Buffer buffer in stage.Reads.Select(view => view.Buffer).Distinct())
            foreach (Tensor node in NodesOf(buffer).Where(node => !own.Contains(node)))
            {
                Tensor standIn = InputOp.Make(node.Type, node.Name, node.Source);
                cuts[node] = standIn;
                leaves[standIn] = buffer;
            }
        bool isCopy = stage.Name == "copy" && own.Count == 1 && stage.Reads.Any(view => view.Buffer.Node == stage.Nodes[0]);
        Tensor[] roots = isCopy ? [] : Traversal.Substitute([.. stage.Nodes], cuts);
        return new StageGraph(roots, [.. stage.Writes.Select(view => view.Buffer).Take(roots.Length)], leaves);
    }

    /// <summary>The nodes whose values a buffer holds in the course of a run: its own, and what updates it in place.</summary>
    private IEnumerable<Tensor> NodesOf(Buffer buffer)
    {
        yield return buffer.Node;
        foreach (Stage stage in _program.Program.Stages)
            foreach ((Tensor node, View view) in stage.Nodes.Zip(stage.Writes))
                if (view.Buffer == buffer && node != buffer.Node) yield return node;
    }

    /// <summary>Runs the program on arrays, checking each stage.</summary>
    /// <exception cref="StageException">The first stage that is wrong.</exception>
    public void Run(ReadOnlySpan<NDArray> inputs, RunState run)
    {
        _program.Memory.SetInputs(inputs);
        for (int i = 0; i < _program.Program.Stages.Count; i++)
        {
            Stage stage = _program.Program.Stages[i];
            // An in-place stage destroys what it read, so take it first.
            Dictionary<Tensor, ReferenceArray>? read = _mode == Mode.Debug ? _graphs[i].Leaves.ToDictionary(leaf => leaf.Key, leaf => ReadBuffer(leaf.Value, leaf.Key.Shape)) : null;
            _program.RunStage(i, run);
            if (read is not null) Compare(i, stage, _graphs[i], read, run);
            else CheckFinite(i, stage);
        }
    }

    private void Compare(int index, Stage stage, StageGraph graph, Dictionary<Tensor, ReferenceArray> read, RunState run)
    {
        if (graph.Roots.Length == 0) return;
        ReferenceArray[] expected = Interpreter.Evaluate(graph.Roots, leaf => Leaf(leaf, read), run);
        var jittered = new ReferenceArray[Jitters][];
        for (int j = 0; j < Jitters; j++)
        {
            var jitter = new Jitter((ulong)j);
            jittered[j] = Interpreter.Evaluate(graph.Roots, leaf => Leaf(leaf, read), run, jitter.Apply);
        }
        for (int r = 0; r < expected.Length; r++)
        {
            ReferenceArray got = ReadBuffer(graph.Stored[r], expected[r].Shape);
            double largest = expected[r].Data.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
            for (int i = 0; i < got.Data.Length; i++)
            {
                double want = expected[r].Data[i], spread = jittered.Max(run => Math.Abs(run[r].Data[i] - want));
                double allowed = 4 * spread + Tolerance.Exact.Relative * Math.Abs(want) + 1e-7 * largest + float.Epsilon;
                bool agrees = Agree(got.Data[i], want, allowed);
                if (!agrees)
                    throw new StageException($"stage {index}, {stage.Name}, disagrees with the reference: element {i} of {graph.Stored[r]} is {got.Data[i]:G9}, the reference says {want:G9} "
                        + $"(allowed difference {allowed:G3})\n  computes {graph.Roots[r]}, asked for at {graph.Roots[r].Source}");
            }
        }
    }

    /// <summary>Equal within the bound, or not finite in the same way. A difference that is NaN does not pass.</summary>
    private static bool Agree(double got, double want, double allowed) =>
        double.IsNaN(want) ? double.IsNaN(got) : (float)got == (float)want || Math.Abs(got - want) <= allowed;

    private static ReferenceArray Leaf(Tensor leaf, Dictionary<Tensor, ReferenceArray> read) =>
        read.TryGetValue(leaf, out ReferenceArray? value) ? value : throw new InvalidOperationException($"{leaf} is not among what the stage reads");

    private void CheckFinite(int index, Stage stage)
    {
        foreach ((Tensor node, View view) in stage.Nodes.Zip(stage.Writes))
        {
            if (view.Buffer.DType != DType.Float32) continue;
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(_program.Memory.Bytes(view.Buffer));
            for (int i = 0; i < values.Length; i++)
                if (!float.IsFinite(values[i]))
                    throw new StageException($"stage {index}, {stage.Name}, made {values[i]} as element {i} of {view.Buffer}\n  computes {node}, asked for at {node.Source}\n"
                        + string.Concat(stage.Details.Select(line => $"    {line}\n")));
        }
    }

    private ReferenceArray ReadBuffer(Buffer buffer, Shape shape)
    {
        ReadOnlySpan<byte> bytes = _program.Memory.Bytes(buffer);
        var array = new ReferenceArray(shape);
        for (int i = 0; i < array.Data.Length; i++)
            array.Data[i] = buffer.DType switch
            {
                DType.Float32 => MemoryMarshal.Cast<byte, float>(bytes)[i],
                DType.Int32 => MemoryMarshal.Cast<byte, int>(bytes)[i],
                _ => bytes[i],
            };
        return array;
    }
}
