// Printing graphs: one typed equation per line with the line of source it came from, and DOT for Graphviz.
//
// Every before/after that Explain shows is made here. The one thing to understand: names are given afresh for each listing, %0, %1, ... in topological order, so
// a number names a node within one listing only; what a user named keeps its name.
using System.Text;

namespace MiniDL;

/// <summary>Text forms of a graph.</summary>
public static class Listing
{
    /// <summary>One equation per line, inputs before uses:
    /// <c>%3 = dot(X, w)   float32(?, 10)   # Program.cs:12</c>. Leaves are listed by their names.</summary>
    public static string Print(params ReadOnlySpan<Tensor> roots)
    {
        Dictionary<Tensor, string> names = NameNodes(roots);
        var rows = new List<(string Equation, string Type, string Source)>();
        foreach (Tensor node in Traversal.Topological(roots))
        {
            if (node.Op is Constant { Value.Count: 1 }) continue;   // stands as a number where it is used
            string arguments = string.Join(", ", node.Inputs.ToArray().Select(input => names[input]));
            string right = node.Inputs.Length == 0 ? node.Op.ToString() : $"{node.Op}({arguments})";
            rows.Add(($"{names[node]} = {right}", node.Type.ToString(), node.Source.IsKnown ? $"# {node.Source}" : ""));
        }

        int equationWidth = rows.Count == 0 ? 0 : Math.Min(64, rows.Max(row => row.Equation.Length));
        int typeWidth = rows.Count == 0 ? 0 : rows.Max(row => row.Type.Length);
        var text = new StringBuilder();
        foreach ((string equation, string type, string source) in rows)
            text.AppendLine($"{equation.PadRight(equationWidth)}  {type.PadRight(typeWidth)}  {source}".TrimEnd());
        text.Append("return ").AppendJoin(", ", roots.ToArray().Select(root => names[root]));
        return text.AppendLine().ToString();
    }

    /// <summary>The graph in Graphviz' DOT language: <c>dot -Tsvg graph.dot</c> draws it.</summary>
    public static string Dot(params ReadOnlySpan<Tensor> roots)
    {
        Dictionary<Tensor, string> names = NameNodes(roots);
        List<Tensor> order = Traversal.Topological(roots);
        var index = new Dictionary<Tensor, int>();
        var text = new StringBuilder("digraph G {\n  rankdir=TB; node [fontname=\"monospace\"];\n");
        foreach (Tensor node in order)
        {
            index[node] = index.Count;
            string shape = node.Inputs.Length == 0 ? "box" : "ellipse";
            string label = $"{names[node]}\n{node.Op}\n{node.Type}".Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");
            text.Append($"  n{index[node]} [shape={shape}, label=\"{label}\"];\n");
            foreach (Tensor input in node.Inputs) text.Append($"  n{index[input]} -> n{index[node]};\n");
        }
        foreach (Tensor root in roots) text.Append($"  n{index[root]} [peripheries=2];\n");
        return text.Append("}\n").ToString();
    }

    /// <summary>A name for each node: the user's where it is not taken yet, numbers for scalars, %0, %1, ... for the rest.</summary>
    internal static Dictionary<Tensor, string> NameNodes(params ReadOnlySpan<Tensor> roots)
    {
        var names = new Dictionary<Tensor, string>();
        var taken = new Dictionary<string, int>();   // name -> the number to try next for another node of that name
        int next = 0;
        foreach (Tensor node in Traversal.Topological(roots))
        {
            if (node.Op is Constant { Value.Count: 1 } constant)
                names[node] = constant.Value.ToDouble(0).ToString("G7");
            else if (node.Name is { } name)
                names[node] = taken.TryAdd(name, 2) ? name : FirstFree(name, taken);
            else
                names[node] = $"%{next++}";
        }
        return names;
    }

    private static string FirstFree(string name, Dictionary<string, int> taken)
    {
        for (int i = taken[name]; ; i++)
        {
            if (!taken.TryAdd($"{name}#{i}", 2)) continue;
            taken[name] = i + 1;
            return $"{name}#{i}";
        }
    }
}
