// Reverse-mode differentiation of graphs: the gradient of a cost is another graph.
//
//   for y = f(x1, ..., xn):   dcost/dxi  +=  f's gradient rule for input i, given dcost/dy            (the chain rule)
//
// One sweep over the nodes between the cost and what is asked for, in reverse topological order: every use of a node has given its share
// before the node passes its sum on. Differentiating depth-first instead would visit shared nodes twice and count them twice:
// y = z * z with z = exp(x) at x = 0.5 must give 2 exp(1) = 5.43656, not 10.873. The one thing to understand: the result is an ordinary
// graph of ordinary nodes, so it can be printed, rewritten, compiled, and differentiated again.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>Builds gradient graphs. Users call <c>T.Grad</c>.</summary>
internal sealed class Grad
{
    private readonly Dictionary<Tensor, Tensor> _gradients = [];   // node -> dcost/dnode, of the node's shape
    private readonly HashSet<Tensor> _dependent = [];              // nodes that depend on what is asked for

    /// <summary>The gradients of the cost with respect to <paramref name="wrt"/>, in order; null for one it does not reach.</summary>
    public static Tensor?[] Of(Tensor? cost, IReadOnlyList<Tensor> wrt, IReadOnlyList<(Tensor Node, Tensor Gradient)> known)
    {
        // The variables share one sweep. A computed node gets one of its own: it is a leaf there, which cuts off what it is computed from.
        Tensor[] variables = [.. wrt.Where(node => node.Inputs.Length == 0)];
        if (variables.Length == wrt.Count || wrt.Count == 1) return InOneSweep(cost, wrt, known);
        var shared = new Queue<Tensor?>(InOneSweep(cost, variables, known));
        return [.. wrt.Select(node => node.Inputs.Length == 0 ? shared.Dequeue() : InOneSweep(cost, [node], known)[0])];
    }

    private static Tensor?[] InOneSweep(Tensor? cost, IReadOnlyList<Tensor> wrt, IReadOnlyList<(Tensor Node, Tensor Gradient)> known)
    {
        // Treat what is asked for as leaves, so that stabilising cannot rewrite it away: stand-ins go in here and come out at the end.
        var standIns = new Dictionary<Tensor, Tensor>();
        foreach (Tensor variable in wrt)
            if (variable.Inputs.Length > 0) standIns[variable] = InputOp.Make(variable.Type, variable.Name, variable.Source);
        Tensor[] seeds = [.. known.Select(seed => seed.Node), .. cost is null ? Array.Empty<Tensor>() : [cost]];
        Tensor[] roots = Traversal.Substitute(seeds, new Dictionary<Tensor, Tensor>(standIns));
        roots = Pipeline.BeforeGradient(roots);
        Tensor[] leaves = [.. wrt.Select(variable => standIns.GetValueOrDefault(variable, variable))];

        var grad = new Grad();
        for (int i = 0; i < known.Count; i++) grad.Add(roots[i], known[i].Gradient);
        if (cost is not null)
            using (Source.At(cost.Source)) grad.Add(roots[^1], T.OnesLike(roots[^1]));
        grad.Sweep(roots, leaves);

        Tensor?[] gradients = [.. leaves.Select(leaf => grad._gradients.GetValueOrDefault(leaf))];
        Tensor[] found = [.. gradients.OfType<Tensor>()];
        var back = standIns.ToDictionary(pair => pair.Value, pair => pair.Key);
        var restored = new Queue<Tensor>(back.Count == 0 ? found : Traversal.Substitute(found, back));
        return [.. gradients.Select(gradient => gradient is null ? null : restored.Dequeue())];
    }

    private void Sweep(Tensor[] roots, Tensor[] leaves)
    {
        List<Tensor> order = Traversal.Topological(roots);
        var asked = new HashSet<Tensor>(leaves);
        foreach (Tensor node in order)
        {
            bool depends = asked.Contains(node);
            foreach (Tensor input in node.Inputs) depends |= _dependent.Contains(input);
            if (depends && node.DType == DType.Float32) _dependent.Add(node);
        }

        for (int i = order.Count - 1; i >= 0; i--)
        {
            Tensor node = order[i];
            if (asked.Contains(node) || !_dependent.Contains(node) || !_gradients.TryGetValue(node, out Tensor? gradient)) continue;
            using var at = Source.At(node.Source);
            Tensor?[] shares = node.Op.Gradient(node, gradient);
            for (int k = 0; k < shares.Length; k++)
                if (shares[k] is { } share && _dependent.Contains(node.Inputs[k])) Add(node.Inputs[k], share);
        }
    }

    /// <summary>Adds one use's share to a node's gradient.</summary>
    private void Add(Tensor node, Tensor share)
    {
        using var at = Source.At(node.Source);
        if (share.DType != node.DType || !node.Shape.Accepts(share.Shape) && share.Shape.IsKnown)
            throw GraphException.About("grad", $"a gradient of type {share.Type} does not fit {node.Label} of type {node.Type}", [node, share]);
        _gradients[node] = _gradients.TryGetValue(node, out Tensor? sum) ? T.Add(sum, share) : share;
    }
}

/// <summary>Says why a gradient does not exist.</summary>
internal static class Disconnected
{
    /// <summary>Names the variable and the nearest op that lets no gradient through, if the cost depends on it at all.</summary>
    public static GraphException Explain(Tensor[] roots, Tensor variable)
    {
        List<Tensor> order = Traversal.Topological(roots);
        string name = $"{variable.Label} ({variable.Type}, made at {variable.Source})";
        if (!order.Contains(variable))
            return new GraphException($"grad: the cost does not depend on {name}. Leave it out, or ask for zeros with zerosForDisconnected: true");

        // Walk up from the variable: the first user of it, or of what depends on it, that passes nothing back is what breaks the path.
        var reached = new HashSet<Tensor> { variable };
        foreach (Tensor node in order)
        {
            if (reached.Contains(node)) continue;
            for (int i = 0; i < node.Inputs.Length; i++)
            {
                if (!reached.Contains(node.Inputs[i])) continue;
                bool passes = node.DType == DType.Float32 && node.Op is not NotDifferentiable && node.Op.Gradient(node, T.OnesLike(node))[i] is not null;
                if (!passes)
                    return new GraphException($"grad: no gradient reaches {name}: the path breaks at {node.Op} made at {node.Source}, which passes none back. Ask for zeros with zerosForDisconnected: true if that is meant");
                reached.Add(node);
            }
        }
        return new GraphException($"grad: no gradient reaches {name}");
    }
}

public static partial class T
{
    /// <summary>The gradient of a scalar cost with respect to one variable: a graph of the variable's shape.</summary>
    /// <exception cref="GraphException">The cost is not a float32 scalar, or no gradient reaches the variable.</exception>
    /// <example><code>Tensor g = T.Grad(cost, w);     // then w - 0.1f * g is a step of gradient descent</code></example>
    public static Tensor Grad(Tensor cost, Tensor wrt, bool zerosForDisconnected = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Grad(cost, [wrt], zerosForDisconnected, null, file, line)[0];

    /// <summary>The gradients of a scalar cost with respect to several variables.</summary>
    /// <param name="cost">float32 of rank 0 (or one element); null if only known gradients are given.</param>
    /// <param name="wrt">Variables, or any nodes the cost is computed from.</param>
    /// <param name="zerosForDisconnected">Zeros, not an error, for a variable that no gradient reaches.</param>
    /// <param name="knownGradients">Gradients of some nodes, given instead of or beside a cost: the sweep starts from them.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="GraphException">The cost is not a float32 scalar, or no gradient reaches a variable.</exception>
    public static Tensor[] Grad(Tensor? cost, IReadOnlyList<Tensor> wrt, bool zerosForDisconnected = false, IReadOnlyList<(Tensor Node, Tensor Gradient)>? knownGradients = null,
        [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(wrt);
        using var at = Source.Here(file, line);
        if (cost is null && knownGradients is null) throw new GraphException("grad: there is neither a cost nor a known gradient to start from");
        if (cost is not null && (cost.DType != DType.Float32 || cost.Shape.Dims.ContainsAnyExcept(1)))
            throw GraphException.About("grad", $"the cost must be a float32 scalar, not {cost.Type}; take T.Mean or T.Sum of it", [cost]);
        foreach (Tensor variable in wrt)
            if (variable.DType != DType.Float32) throw GraphException.About("grad", $"{variable.Label} is {variable.DType.Label()}; only float32 has gradients", [variable]);

        IReadOnlyList<(Tensor Node, Tensor Gradient)> known = knownGradients ?? [];
        Tensor?[] gradients = MiniDL.Grad.Of(cost, wrt, known);
        for (int i = 0; i < gradients.Length; i++)
        {
            if (gradients[i] is not null) continue;
            gradients[i] = zerosForDisconnected ? ZerosLike(wrt[i])
                : throw Disconnected.Explain([.. known.Select(seed => seed.Node), .. cost is null ? Array.Empty<Tensor>() : [cost]], wrt[i]);
        }
        return gradients!;
    }
}
