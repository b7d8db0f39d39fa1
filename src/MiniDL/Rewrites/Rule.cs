// A rewrite is a table of rules, each with a name and a reason; this file is the machine that applies a table to a graph.
//
// One sweep in topological order: each node is rebuilt on its rewritten inputs, then the rules are tried on it until none fires. The
// work is linear in the graph's size. The one thing to understand: a rule looks at one node and what is below it, returns a better
// expression of the same value or null, and never changes a node; it may say why it nearly fired, for Explain.
using System.Diagnostics;
using System.Text;

namespace MiniDL;

/// <summary>One way to express a node better.</summary>
/// <param name="Name">A few words, before and after: log(softmax x) -> log_softmax x.</param>
/// <param name="Reason">Why it is better, and why it is the same.</param>
/// <param name="Apply">The better expression, or null.</param>
public sealed record Rule(string Name, string Reason, Func<Tensor, PassReport, Tensor?> Apply);

/// <summary>A named step from graph to graph.</summary>
public abstract class Pass
{
    /// <summary>The name in listings.</summary>
    public abstract string Name { get; }

    /// <summary>What it is for, in one line.</summary>
    public abstract string Purpose { get; }

    /// <summary>Rewrites the graph above <paramref name="roots"/>; the results stand for the roots, in order.</summary>
    public abstract Tensor[] Run(Tensor[] roots, PassReport report);
}

/// <summary>A pass that is a table of rules.</summary>
public abstract class RulePass : Pass
{
    private const int MaxStepsPerNode = 32;   // a bound against two rules that undo each other

    /// <summary>The rules, in the order they are tried.</summary>
    public abstract IReadOnlyList<Rule> Rules { get; }

    /// <inheritdoc/>
    public override Tensor[] Run(Tensor[] roots, PassReport report)
    {
        var replacements = new Dictionary<Tensor, Tensor>();
        foreach (Tensor node in Traversal.Topological(roots))
            replacements[node] = Improve(Traversal.WithInputs(node, replacements), report);
        return [.. roots.Select(root => replacements[root])];
    }

    private Tensor Improve(Tensor node, PassReport report)
    {
        for (int step = 0; step < MaxStepsPerNode; step++)
        {
            Tensor? better = null;
            foreach (Rule rule in Rules)
            {
                using (Source.At(node.Source)) better = rule.Apply(node, report);
                if (better is null) continue;
                report.Fire(rule.Name, node);
                Debug.Assert(node.Type == better.Type, $"{rule.Name} changed {node.Type} to {better.Type}");
                break;
            }
            if (better is null) return node;
            // The name and the line of what the user wrote stay with whatever now computes it.
            bool leaf = better.Op is InputOp or SharedOp;
            node = better.Name is null && node.Name is { } name && !leaf ? better.Named(name) : better;
        }
        return node;
    }
}

/// <summary>What one pass did, for Explain and for tests.</summary>
public sealed class PassReport(string name)
{
    private readonly List<string> _nearly = [];

    /// <summary>The pass.</summary>
    public string Name { get; } = name;

    /// <summary>Nodes before.</summary>
    public int Before { get; internal set; }

    /// <summary>Nodes after.</summary>
    public int After { get; internal set; }

    /// <summary>The time it took.</summary>
    public TimeSpan Elapsed { get; internal set; }

    /// <summary>How often each rule fired.</summary>
    public Dictionary<string, int> Fired { get; } = [];

    /// <summary>The first few places where a rule's pattern was there but a condition was not, with the condition.</summary>
    public IReadOnlyList<string> Nearly => _nearly;

    /// <summary>The graph afterwards, when listings were asked for.</summary>
    public string? Listing { get; internal set; }

    /// <summary>Counts a rule that fired on a node, and tells so at level 3.</summary>
    internal void Fire(string rule, Tensor node)
    {
        Fired[rule] = Fired.GetValueOrDefault(rule) + 1;
        if (Diagnostics.Level >= 3) Console.Error.WriteLine($"minidl: {Name}: {rule} at {node.Source}");
    }

    /// <summary>Notes that a rule nearly fired.</summary>
    internal void Near(string rule, Tensor node, string why)
    {
        if (_nearly.Count < 20) _nearly.Add($"{rule}: {why} (at {node.Source})");
    }

    /// <summary>The pass in a few lines: sizes, time, rules fired and nearly fired.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Name}: {Before} -> {After} nodes, {Elapsed.TotalMilliseconds:F2} ms\n");
        foreach ((string rule, int times) in Fired) text.Append($"  {times,4} x {rule}\n");
        foreach (string near in _nearly) text.Append($"  nearly: {near}\n");
        return text.ToString();
    }
}
