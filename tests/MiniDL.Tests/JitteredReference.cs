// How far may a compiled graph be from the reference? As far as the tolerances of its ops let the reference itself move.
//
// Three reference runs change each node's value a little, by as much as its op's tolerance allows; what that does to a result is the result's
// own sensitivity to rounding, and four times the spread of the runs is the tolerance. The one thing to understand: bools and ints are right or wrong,
// so where a small change flips one (a comparison of nearly equal numbers) nothing can be said, and the graph is set aside and counted.
namespace MiniDL.Tests;

/// <summary>The reference's values of a graph, and how far from them a device may be.</summary>
internal sealed class JitteredReference
{
    private static readonly string[] s_exact = ["neg", "abs", "sign", "floor", "relu", "maximum", "minimum", "where", "stop_gradient", "uniform", "bernoulli"];
    private const int Alike = 1;   // the seed of the runs in which all elements of a node move together
    private readonly Tensor[] _roots;
    private readonly Func<Tensor, ReferenceArray> _leaves;
    private readonly RunState _run;
    private readonly HashSet<Tensor> _constant = [];   // depends on constants alone: folded by the reference itself, so not disturbed

    /// <summary>Runs the reference on roots of known shapes.</summary>
    public JitteredReference(Tensor[] roots, Func<Tensor, ReferenceArray> leaves, RunState run)
    {
        (_roots, _leaves, _run) = (roots, leaves, run);
        foreach (Tensor node in Traversal.Topological(roots))
            if (node.Op is Constant || (node.Inputs.Length > 0 && node.Inputs.ToArray().All(_constant.Contains))) _constant.Add(node);
        (Values, List<double[]> discrete) = Run(0, 0);

        // One jitter in both directions, the same for all elements of a node, since equal numbers round alike and their errors add up; and one that
        // differs from element to element.
        ReferenceArray[][] runs = [Run(Alike, 1).Values, Run(Alike, -1).Values, Run(2, 1).Values];
        Spread = [.. Values.Select((value, i) => AtLeastTypical(value.Data, [.. value.Data.Select((_, k) => runs.Max(run => run[i].Data[k]) - runs.Min(run => run[i].Data[k]))]))];

        // Whether a bool or an int is close to changing is asked with twice the margin that the spread is used with.
        foreach ((int seed, double scale) in new[] { (3, 8.0), (4, 8.0), (3, -8.0), (Alike, 1.0), (2, 1.0) })
            IsDiscreteStable &= discrete.Zip(Run(seed, scale).Discrete, (a, b) => a.AsSpan().SequenceEqual(b)).All(same => same);
    }

    /// <summary>The undisturbed values.</summary>
    public ReferenceArray[] Values { get; }

    /// <summary>For each element of each root, how far apart the three runs are.</summary>
    public double[][] Spread { get; }

    /// <summary>No bool, int or whole number changed in any run.</summary>
    public bool IsDiscreteStable { get; } = true;

    /// <summary>What is wrong with a device's result for root <paramref name="i"/>; null if nothing is. NaN and infinity must be in the same places.</summary>
    public string? Disagreement(int i, ReferenceArray result)
    {
        if (!result.Shape.Equals(_roots[i].Shape)) return $"shape {result.Shape} instead of {_roots[i].Shape}";
        bool isFloat = _roots[i].DType == DType.Float32;
        for (int k = 0; k < result.Data.Length; k++)
        {
            double expected = isFloat ? (double)(float)Values[i].Data[k] : Values[i].Data[k], actual = result.Data[k];
            if (actual.Equals(expected)) continue;   // also NaN and infinity
            double allowed = isFloat ? 4 * Spread[i][k] + 1.2e-7 * Math.Abs(expected) + 1e-37 : 0;
            if (double.IsFinite(expected) && Math.Abs(actual - expected) <= allowed) continue;
            return $"element {k} of {_roots[i].Type} is {actual:G9} instead of {expected:G9}, {Math.Abs(actual - expected) / allowed:G3} times the allowed distance";
        }
        return null;
    }

    /// <summary>Spreads raised to the median relative spread of the tensor: where several jitters happen to cancel in one element, its neighbours,
    /// computed by the same formula, tell what rounding can do.</summary>
    private static double[] AtLeastTypical(double[] values, double[] spread)
    {
        double[] relative = [.. spread.Select((s, k) => s / Math.Abs(values[k])).Where(double.IsFinite).Order()];
        double typical = relative.Length == 0 ? 0 : relative[relative.Length / 2];
        return [.. spread.Select((s, k) => double.IsFinite(values[k]) ? Math.Max(s, typical * Math.Abs(values[k])) : s)];
    }

    private (ReferenceArray[] Values, List<double[]> Discrete) Run(int seed, double scale)
    {
        var discrete = new List<double[]>();
        var random = new Random(seed);
        var values = new Dictionary<Tensor, ReferenceArray>();
        foreach (Tensor node in Traversal.Topological(_roots))
        {
            ReferenceArray[] inputs = [.. node.Inputs.ToArray().Select(input => values[input])];
            ReferenceArray value = node.Op is InputOp or SharedOp ? _leaves(node) : node.Op.Evaluate(inputs, node.Type, _run);
            if (node.DType != DType.Float32 || node.Op.Name is "floor" or "sign") discrete.Add((double[])value.Data.Clone());
            int noise = random.Next();
            if (scale != 0 && !_constant.Contains(node)) Disturb(node, inputs, value, noise, scale, alike: seed == Alike);
            values[node] = value;
        }
        return ([.. _roots.Select(root => values[root])], discrete);
    }

    private void Disturb(Tensor node, ReferenceArray[] inputs, ReferenceArray value, int seed, double scale, bool alike)
    {
        if (node.Op is InputOp or SharedOp || node.DType != DType.Float32 || IsExact(node)) return;
        Tolerance tolerance = node.Op.Tolerance;
        double largest = tolerance.OfLargest ? Jitter.LargestTerm(node, inputs, value, _run) : 0;
        for (int i = 0; i < value.Data.Length; i++)
        {
            if (!double.IsFinite(value.Data[i])) continue;
            // Equal inputs give an elementwise op equal results wherever they stand; so they get the same jitter.
            int at = alike ? 0 : node.Op is Elementwise or SoftmaxOp ? value.Data[i].GetHashCode() : i;
            value.Data[i] += scale * Noise(unchecked(seed * 486187739 + at))   // no HashCode.Combine: it differs from process to process
                * tolerance.Relative * (tolerance.OfLargest ? largest : Math.Abs(value.Data[i]));
        }
    }

    /// <summary>Half of the tolerance to all of it, to either side.</summary>
    private static double Noise(int hash)
    {
        uint bits = (uint)hash * 2654435769u;
        return ((bits & 1) == 0 ? 1 : -1) * (0.5 + 0.5 * ((bits >> 8) / (double)(1 << 24)));
    }

    /// <summary>The op moves or picks numbers and does not round, so that equal numbers stay equal: a maximum is one of the numbers, and so is a
    /// sum of one.</summary>
    private static bool IsExact(Tensor node)
    {
        Tolerance tolerance = node.Op.Tolerance;
        bool oneTerm = node.Op is Reduce && node.Shape.Count == node.Inputs[0].Shape.Count || node.Op is SoftmaxOp { Axis: var axis } && node.Inputs[0].Shape[axis] == 1;
        return oneTerm || tolerance == Tolerance.Exact || tolerance.Relative == 0 || s_exact.Contains(node.Op.Name);
    }
}
