// What a function checks before it is one, and before each new set of shapes: early errors that name variables and lines.
//
// The one thing to understand: after Freeze the graph is closed (every leaf is fed, shared or constant) and its random nodes have numbers, so two functions
// made of the same expressions draw the same random numbers from the same seed.
namespace MiniDL;

/// <summary>Checks and freezes a function's graph.</summary>
internal static class FunctionChecks
{
    /// <summary>Checks everything that can be checked without arrays, substitutes the givens, numbers the random nodes.</summary>
    public static FunctionGraph Freeze(Tensor[] inputs, Tensor[] outputs, Update[] updates, (Tensor Variable, Tensor Value)[] givens)
    {
        Tensor.ThrowIfAnyNull("function, inputs", inputs);
        Tensor.ThrowIfAnyNull("function, outputs", outputs);
        Tensor.ThrowIfAnyNull("function, updates", [.. updates.SelectMany(update => new[] { update.Variable, update.Value })]);
        Tensor.ThrowIfAnyNull("function, givens", [.. givens.SelectMany(given => new[] { given.Variable, given.Value })]);
        var named = new HashSet<Tensor>();
        foreach (Tensor input in inputs)
        {
            if (input.Op is not InputOp) throw GraphException.About("function", $"{input.Label} is not an input variable; feed only what T.Matrix and its like made", [input]);
            if (!named.Add(input)) throw GraphException.About("function", $"{input.Label} is named twice among the inputs", [input]);
        }
        var updated = new HashSet<Tensor>();
        foreach ((Shared variable, Tensor value) in updates)
        {
            if (!updated.Add(variable)) throw GraphException.About("function", $"{variable.Label} has two updates", [variable]);
            if (value.DType != variable.DType || !value.Shape.Accepts(variable.Shape))
                throw GraphException.About("function", $"the new value {value.Type} does not fit {variable.Label} of type {variable.Type}", [variable, value]);
        }

        var replacements = new Dictionary<Tensor, Tensor>();
        foreach ((Tensor variable, Tensor value) in givens)
        {
            if (value.DType != variable.DType || !variable.Shape.Accepts(value.Shape))
                throw GraphException.About("function", $"the given {value.Type} cannot stand for {variable.Label} of type {variable.Type}", [variable, value]);
            replacements[variable] = value;
        }
        Tensor[] roots = Traversal.Substitute([.. outputs, .. updates.Select(update => update.Value)], replacements);
        roots = NumberRandomNodes(roots);

        foreach (Tensor node in Traversal.Topological(roots))
            if (node.Op is InputOp && !named.Contains(node))
                throw GraphException.About("function", $"{node.Label} is needed, but is neither an input nor given", [node]);
        return new FunctionGraph(inputs, roots[..outputs.Length], [.. updates.Select((update, i) => new Update(update.Variable, roots[outputs.Length + i]))]);
    }

    /// <summary>Checks arrays against the inputs they are fed to.</summary>
    public static void Arguments(Tensor[] inputs, ReadOnlySpan<NDArray> arrays)
    {
        if (arrays.Length != inputs.Length)
            throw new GraphException($"function: {arrays.Length} arrays for {inputs.Length} inputs ({string.Join(", ", inputs.Select(input => input.Label))})");
        for (int i = 0; i < inputs.Length; i++)
        {
            if (arrays[i] is null) throw new ArgumentNullException(nameof(arrays), $"the array for {inputs[i].Label} is null");
            if (arrays[i].DType != inputs[i].DType || !inputs[i].Shape.Accepts(arrays[i].Shape))
                throw GraphException.About("function", $"an array of {arrays[i].DType.Label()}{arrays[i].Shape} was fed to {inputs[i].Label}", [inputs[i]]);
        }
    }

    /// <summary>Gives each random node its stream: its place among the random nodes in topological order.</summary>
    private static Tensor[] NumberRandomNodes(Tensor[] roots)
    {
        var replacements = new Dictionary<Tensor, Tensor>();
        var streams = new Dictionary<object, int>();
        foreach (Tensor node in Traversal.Topological(roots))
        {
            Tensor rebuilt = Traversal.WithInputs(node, replacements);
            if (rebuilt.Op is RandomOp random)
            {
                if (!streams.TryGetValue(random.Identity, out int stream)) streams[random.Identity] = stream = streams.Count;
                rebuilt = new Tensor(random with { Stream = stream }, rebuilt.Inputs.ToArray(), rebuilt.Type, rebuilt.Name, rebuilt.Source);
            }
            replacements[node] = rebuilt;
        }
        return [.. roots.Select(root => replacements[root])];
    }
}
