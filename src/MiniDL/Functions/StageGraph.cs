// What one stage of a program computes, as a graph of its own: from what the buffers it reads hold to the nodes it stores.
//
// The careful modes evaluate it with the reference on the very numbers that the stage read. The one thing to understand: a buffer holds
// different nodes in the course of a run (a shared variable holds its new value once it is updated in place), so the program is followed
// stage by stage, noting which node each buffer holds, and each stage's graph is cut at what is held just before it runs.
namespace MiniDL;

/// <summary>The graph of one stage.</summary>
/// <param name="Roots">What the stage stores, computed from stand-ins for what it reads.</param>
/// <param name="Stored">The buffer of each root.</param>
/// <param name="Leaves">Each stand-in and the buffer that has its numbers.</param>
internal sealed record StageGraph(Tensor[] Roots, Buffer[] Stored, Dictionary<Tensor, Buffer> Leaves)
{
    /// <summary>The graphs of all stages, in order; a stage that stores no node of its own (the fill of a pad) has no roots.</summary>
    /// <exception cref="InvalidOperationException">A stage reads what nobody has written: a mistake in MiniDL's lowering.</exception>
    public static StageGraph[] Of(Program program)
    {
        var holds = new Dictionary<Buffer, Tensor>();
        foreach (Buffer buffer in program.Buffers)
            if (buffer.Kind is BufferKind.Input or BufferKind.Shared or BufferKind.Constant) holds[buffer] = buffer.Node;

        var graphs = new StageGraph[program.Stages.Count];
        for (int i = 0; i < graphs.Length; i++)
        {
            graphs[i] = CutOut(i, program.Stages[i], holds);
            foreach ((Tensor root, View view) in program.Stages[i].Nodes.Zip(program.Stages[i].Writes)) holds[view.Buffer] = root;
        }
        return graphs;
    }

    private static StageGraph CutOut(int index, Stage stage, Dictionary<Buffer, Tensor> holds)
    {
        var cuts = new Dictionary<Tensor, Tensor>();
        var leaves = new Dictionary<Tensor, Buffer>();
        foreach (Buffer buffer in stage.Reads.Select(view => view.Buffer).Distinct())
        {
            if (!holds.TryGetValue(buffer, out Tensor? held)) throw new InvalidOperationException($"stage {index}, {stage.Name}, reads {buffer} before any stage has written it");
            Tensor standIn = InputOp.Make(held.Type, buffer.Name, held.Source);
            cuts[held] = standIn;
            leaves[standIn] = buffer;
        }
        Tensor[] roots = Traversal.Substitute([.. stage.Nodes], cuts);
        return new StageGraph(roots, [.. stage.Writes.Select(view => view.Buffer).Take(roots.Length)], leaves);
    }

    /// <summary>The values of the roots, the leaves having the given ones.</summary>
    public ReferenceArray[] Evaluate(Dictionary<Tensor, ReferenceArray> read, RunState run, Interpreter.Adjust? adjust = null) =>
        Interpreter.Evaluate(Roots, leaf => read.TryGetValue(leaf, out ReferenceArray? value) ? value
            : throw new InvalidOperationException($"{leaf} is needed, but is not among what the stage reads"), run, adjust);
}
