// The oracle: evaluates a graph node by node in float64, with each op's plain Evaluate.
//
// It sees the graph as the user wrote it, givens substituted and shapes known, before any rewrite, and shares no code with the executors. The
// one thing to understand: everything fast in MiniDL is compared with this, so this is kept too simple to be wrong.
namespace MiniDL;

/// <summary>Evaluates graphs in float64.</summary>
internal static class Interpreter
{
    /// <summary>Changes a node's value after it is computed; see <see cref="Evaluate"/>.</summary>
    internal delegate void Adjust(Tensor node, ReferenceArray[] inputs, ReferenceArray value);

    /// <summary>The values of <paramref name="roots"/>. <paramref name="leaves"/> gives the values of inputs and shared variables;
    /// <paramref name="adjust"/>, if given, may change each node's value once it is computed (tests jitter nodes by their ops' tolerance).</summary>
    public static ReferenceArray[] Evaluate(Tensor[] roots, Func<Tensor, ReferenceArray> leaves, RunState run, Adjust? adjust = null)
    {
        List<Tensor> order = Traversal.Topological(roots);
        Dictionary<Tensor, int> pending = Traversal.UseCounts(order, roots);
        var values = new Dictionary<Tensor, ReferenceArray>();
        foreach (Tensor node in order)
        {
            var inputs = new ReferenceArray[node.Inputs.Length];
            for (int i = 0; i < inputs.Length; i++) inputs[i] = values[node.Inputs[i]];
            ReferenceArray value = node.Op is InputOp or SharedOp ? leaves(node) : node.Op.Evaluate(inputs, node.Type, run);
            if (adjust is not null)
            {
                // A copy or a view may hand its input's own array on, and that one is not to be changed.
                if (inputs.Any(input => ReferenceEquals(input.Data, value.Data))) value = new ReferenceArray(value.Shape, [.. value.Data]);
                adjust(node, inputs, value);
            }
            values[node] = value;

            // Let go of what nobody needs any more: a training step of the convnet has hundreds of megabytes of intermediate float64.
            foreach (Tensor input in node.Inputs)
                if (--pending[input] == 0) values.Remove(input);
        }
        return [.. roots.Select(root => values[root])];
    }
}
