// Walking graphs. Every pass is a loop over one of these orders; none recurses, so a chain of 200,000 ops is just a long loop.
//
// The one thing to understand: topological order, inputs before what uses them, is all a pass needs; when it comes to a node, the node's inputs are done.
namespace MiniDL;

/// <summary>Orders of and questions about the graph above some roots. All are iterative and linear in its size.</summary>
public static class Traversal
{
    /// <summary>Every node that <paramref name="roots"/> depend on, each once, inputs before what uses them.
    /// The order depends on the graph alone.</summary>
    public static List<Tensor> Topological(params ReadOnlySpan<Tensor> roots)
    {
        var order = new List<Tensor>();
        var seen = new HashSet<Tensor>();
        var stack = new Stack<(Tensor Node, int NextInput)>();
        foreach (Tensor root in roots)
        {
            if (!seen.Add(root)) continue;
            stack.Push((root, 0));
            while (stack.Count > 0)
            {
                (Tensor node, int next) = stack.Pop();
                if (next == node.Inputs.Length)
                {
                    order.Add(node);
                    continue;
                }
                stack.Push((node, next + 1));
                Tensor input = node.Inputs[next];
                if (seen.Add(input)) stack.Push((input, 0));
            }
        }
        return order;
    }

    /// <summary>How many inputs of other nodes each node is, plus one for each time it is a root.</summary>
    public static Dictionary<Tensor, int> UseCounts(IReadOnlyList<Tensor> order, ReadOnlySpan<Tensor> roots)
    {
        var counts = new Dictionary<Tensor, int>(order.Count);
        foreach (Tensor node in order) counts[node] = 0;
        foreach (Tensor node in order)
            foreach (Tensor input in node.Inputs) counts[input]++;
        foreach (Tensor root in roots) counts[root]++;
        return counts;
    }

    /// <summary>Rebuilds the graph above <paramref name="roots"/> with some nodes replaced. Nodes whose inputs stay the same
    /// stay the same objects.</summary>
    /// <param name="roots">What to rebuild.</param>
    /// <param name="replacements">Old node to new; the caller's map is extended with every node visited.</param>
    /// <returns>The new roots, in order.</returns>
    public static Tensor[] Substitute(ReadOnlySpan<Tensor> roots, Dictionary<Tensor, Tensor> replacements)
    {
        foreach (Tensor node in Topological(roots))
        {
            if (replacements.ContainsKey(node)) continue;
            replacements[node] = WithInputs(node, replacements);
        }
        var result = new Tensor[roots.Length];
        for (int i = 0; i < result.Length; i++) result[i] = replacements[roots[i]];
        return result;
    }

    /// <summary>The node with each input replaced by what it maps to; the node itself when none changes.</summary>
    internal static Tensor WithInputs(Tensor node, Dictionary<Tensor, Tensor> replacements)
    {
        bool changed = false;
        foreach (Tensor input in node.Inputs)
            changed |= !ReferenceEquals(replacements[input], input);
        if (!changed) return node;
        var inputs = new Tensor[node.Inputs.Length];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = replacements[node.Inputs[i]];
        return node.Op.Rebuild(inputs, node);
    }
}
