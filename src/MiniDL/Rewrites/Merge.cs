// Merging equal nodes (common subexpression elimination): one pass in topological order with a table of what was seen.
//
// Two nodes are the same computation when their ops are equal by value and their inputs are the same nodes. Since inputs come first, by the
// time a node is looked up its inputs are merged already; so the pass is linear and finds equal subgraphs of any depth. A random node's op
// is equal only to itself: two dropouts never merge.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>Keeps one node of each set of equal ones.</summary>
public sealed class Merge : Pass
{
    /// <inheritdoc/>
    public override string Name => "merge";

    /// <inheritdoc/>
    public override string Purpose => "equal nodes become one node";

    /// <inheritdoc/>
    public override Tensor[] Run(Tensor[] roots, PassReport report)
    {
        var replacements = new Dictionary<Tensor, Tensor>();
        var seen = new Dictionary<Key, Tensor>();
        foreach (Tensor node in Traversal.Topological(roots))
        {
            Tensor current = Traversal.WithInputs(node, replacements);
            var key = new Key(current);
            if (seen.TryGetValue(key, out Tensor? first)) report.Fire("equal nodes", current);
            else seen[key] = first = current;
            replacements[node] = first;
        }
        return [.. roots.Select(root => replacements[root])];
    }

    private readonly struct Key(Tensor node) : IEquatable<Key>
    {
        private readonly Tensor _node = node;

        public bool Equals(Key other)
        {
            if (_node.Inputs.Length != other._node.Inputs.Length) return false;
            for (int i = 0; i < _node.Inputs.Length; i++)
                if (!ReferenceEquals(_node.Inputs[i], other._node.Inputs[i])) return false;
            return _node.Op.Equals(other._node.Op);
        }

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.Add(_node.Op);
            foreach (Tensor input in _node.Inputs) hash.Add(RuntimeHelpers.GetHashCode(input));
            return hash.ToHashCode();
        }
    }
}
