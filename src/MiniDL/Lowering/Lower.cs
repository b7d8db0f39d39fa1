// From the optimised graph to a program: the steps of lowering in order.
//
//   materialise copies -> index maps -> groups -> joined groups -> in-place updates -> schedule -> stages -> memory plan
//
// The one thing to understand: nothing is decided here about how a stage computes, only what it computes, from which buffers, in which order. The CPU
// executor and the CUDA executor start from the same program.
namespace MiniDL;

/// <summary>Lowers graphs to programs.</summary>
internal sealed class Lower
{
    private readonly Tensor[] _roots;
    private readonly IndexMaps _maps;
    private readonly Dictionary<Tensor, int> _order = [];           // topological position of each node
    private readonly List<Buffer> _buffers = [];
    private readonly Dictionary<Tensor, Buffer> _bufferOf = [];     // stored node -> buffer

    private Lower(Tensor[] roots, IndexMaps maps) => (_roots, _maps) = (roots, maps);

    /// <summary>The program of a graph whose shapes are all known. <paramref name="roots"/> are the outputs, then the updates' new values.</summary>
    public static Program ToProgram(Tensor[] inputs, Tensor[] roots, Shared[] updated)
    {
        int outputs = roots.Length - updated.Length;
        for (int i = 0; i < updated.Length; i++)
            if (roots[outputs + i].Type != updated[i].Type)
                throw GraphException.About("function", $"the new value {roots[outputs + i].Type} does not fit {updated[i].Label} of type {updated[i].Type}", [updated[i], roots[outputs + i]]);
        (Tensor[] stored, IndexMaps maps) = Materialise.Insert(roots, outputs);
        return new Lower(stored, maps).Run(inputs, outputs, updated);
    }

    private Program Run(Tensor[] inputs, int outputs, Shared[] updated)
    {
        List<Tensor> order = Traversal.Topological(_roots);
        foreach (Tensor node in order) _order[node] = _order.Count;

        // Form stages, then see which updates may replace their variable in place.
        List<Group> groups = Fusion.Join(Grouping.Form(order, _roots, _maps), _roots, _maps);
        var updates = new Dictionary<Tensor, Shared>();
        for (int i = 0; i < updated.Length; i++) updates[_roots[outputs + i]] = updated[i];
        InPlaceUpdates inPlace = InPlaceUpdates.Decide(groups, updates, _maps);

        // Give everything stored a buffer; a value updated in place has its variable's.
        foreach (Tensor input in inputs) MakeBuffer(input, BufferKind.Input);
        for (int i = 0; i < outputs; i++) MakeBuffer(_roots[i], BufferKind.Output);
        foreach (Shared variable in updated) MakeBuffer(variable, BufferKind.Shared);
        foreach (Tensor root in groups.SelectMany(group => group.Roots))
            if (inPlace.Target(root) is { } variable) _bufferOf[root] = _bufferOf[variable];

        // Write the stages in an order that respects reads and in-place writes; the remaining updates are copied at the very end.
        var stages = new List<Stage>();
        var builder = new StageBuilder(_order, _maps, BufferOf);
        foreach (List<Group> together in Schedule.Order(groups, _order, inPlace.Targets))
            stages.AddRange(builder.Build(together));
        foreach ((Tensor value, Shared variable) in updates)
            if (inPlace.Target(value) is null) stages.Add(builder.CopyStage(value, BufferOf(variable)));

        var program = new Program(_buffers, stages, [.. inputs.Select(input => _bufferOf[input])], [.. _roots[..outputs].Select(root => _bufferOf[root])]);
        MemoryPlan.Assign(program);
        return program;
    }

    private Buffer BufferOf(Tensor node) => _bufferOf.TryGetValue(node, out Buffer? buffer) ? buffer : MakeBuffer(node, node.Op switch
    {
        SharedOp => BufferKind.Shared,
        Constant => BufferKind.Constant,
        _ => BufferKind.Temporary,
    });

    private Buffer MakeBuffer(Tensor node, BufferKind kind)
    {
        if (_bufferOf.TryGetValue(node, out Buffer? made)) return made;
        string name = node.Name ?? $"{(kind == BufferKind.Constant ? "constant" : node.Op.Name)}{_buffers.Count}";
        var buffer = new Buffer(_buffers.Count, kind, node, name);
        _buffers.Add(buffer);
        return _bufferOf[node] = buffer;
    }
}
