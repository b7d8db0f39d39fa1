// What a node computes: the type rule, the gradient and the meaning of one operation, together in one place.
//
// Ops stand between the graph (which only knows that a node has an op) and everything that consumes graphs. The one thing to
// understand: an op holds no state of any run and compares by value, so two nodes with equal ops and the same inputs are the
// same computation; that is all that merging equal nodes needs.
namespace MiniDL;

/// <summary>An operation: its type rule, its gradient and its reference evaluation in float64.</summary>
public abstract record Op
{
    /// <summary>The name in listings and messages: exp, dot, conv2d.</summary>
    public abstract string Name { get; }

    /// <summary>How far an executor's float32 result may be from the float64 reference for the same inputs.</summary>
    public virtual Tolerance Tolerance => Tolerance.Exact;

    /// <summary>The type of the result. Checks the inputs' dtypes and shapes.</summary>
    /// <exception cref="GraphException">They do not fit.</exception>
    public abstract TensorType Infer(ReadOnlySpan<Tensor> inputs);

    /// <summary>The gradient rule (vector-Jacobian product): given the node <paramref name="y"/> and the gradient
    /// <paramref name="g"/> of the cost with respect to it, the gradient with respect to each input, of that input's shape;
    /// null where there is none (a label, a mask, a shape).</summary>
    public abstract Tensor?[] Gradient(Tensor y, Tensor g);

    /// <summary>Computes the op in float64, as plainly as can be.</summary>
    internal abstract ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run);

    /// <summary>The same op on other inputs, which may have more dims known than before. Ops that take their shape from
    /// another tensor drop that tensor here once its shape is known.</summary>
    public virtual Tensor Rebuild(Tensor[] inputs, Tensor old) => new(this, inputs, Infer(inputs), old.Name, old.Source);

    /// <summary>The op's parameters for listings, or an empty string.</summary>
    protected virtual string Parameters => "";

    /// <summary>The name, with parameters in brackets if there are any: sum[axes 0 2].</summary>
    public sealed override string ToString() => Parameters.Length == 0 ? Name : $"{Name}[{Parameters}]";

    internal GraphException Error(string problem, ReadOnlySpan<Tensor> inputs) => GraphException.About(Name, problem, inputs);
}

/// <summary>An op that gives no gradient to any input: comparisons, argmax, labels.</summary>
public abstract record NotDifferentiable : Op
{
    /// <summary>None for any input.</summary>
    public sealed override Tensor?[] Gradient(Tensor y, Tensor g) => new Tensor?[y.Inputs.Length];
}

/// <summary>The allowed distance between an executor's result y and the reference r: <paramref name="Relative"/> times |r|, or
/// times the largest |r| of the whole tensor when <paramref name="OfLargest"/> (sums, products of matrices: terms may cancel).</summary>
public readonly record struct Tolerance(double Relative, bool OfLargest = false)
{
    /// <summary>The executor must give the reference's value rounded to float32, and nothing else.</summary>
    public static readonly Tolerance Exact = new(1.2e-7);
}

/// <summary>What a run adds to the graph: the numbers that seed its random nodes. See <c>RandomOp</c>.</summary>
public readonly record struct RunState(ulong Seed, ulong Counter);
