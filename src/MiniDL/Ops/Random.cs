// Random tensors: uniform, normal and Bernoulli numbers as a pure function of where they stand.
//
// number = Philox4x32-10(seed of the function, stream of the node, number of the run, index of the element): an elementwise op
// without inputs, so it fuses, and a backward pass computes the same mask again instead of storing it. The one thing to understand: a
// random node is equal only to itself, and its stream is the place it has among the function's random nodes.
using System.Runtime.CompilerServices;
using MiniDL.Ops;

namespace MiniDL;

/// <summary>The distribution of a <see cref="RandomOp"/>.</summary>
public enum RandomKind
{
    /// <summary>Uniform on [0, 1), a multiple of 2^-24.</summary>
    Uniform,

    /// <summary>Normal with mean 0 and variance 1.</summary>
    Normal,

    /// <summary>1 with a probability, else 0, as float32.</summary>
    Bernoulli,
}

/// <summary>Random numbers of a shape: <paramref name="Target"/>, or that of an input until it is known.</summary>
/// <param name="Kind">The distribution.</param>
/// <param name="P">The probability of 1, for Bernoulli.</param>
/// <param name="Target">The shape, or null: that of the input.</param>
/// <param name="Identity">Makes each random node equal only to itself.</param>
/// <param name="Stream">The node's place among the random nodes of its function; -1 until a function numbers it.</param>
public sealed record RandomOp(RandomKind Kind, float P, Shape? Target, object Identity, int Stream = -1) : Op
{
    /// <inheritdoc/>
    public override string Name => Kind switch { RandomKind.Uniform => "uniform", RandomKind.Normal => "normal", _ => "bernoulli" };

    /// <inheritdoc/>
    protected override string Parameters => string.Join(", ", new[] { Kind == RandomKind.Bernoulli ? $"p {P}" : "", Stream >= 0 ? $"stream {Stream}" : "" }.Where(part => part.Length > 0));

    /// <inheritdoc/>
    public override Tolerance Tolerance => Kind == RandomKind.Normal ? new(2e-6, OfLargest: true) : Tolerance.Exact;

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new(DType.Float32, Target ?? inputs[0].Shape);

    /// <inheritdoc/>
    public override Tensor Rebuild(Tensor[] inputs, Tensor old) => Target is null && inputs[0].Shape.IsKnown
        ? new Tensor(this with { Target = inputs[0].Shape }, [], new TensorType(DType.Float32, inputs[0].Shape), old.Name, old.Source)
        : base.Rebuild(inputs, old);

    /// <summary>A random number does not depend on the tensor whose shape it takes.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g) => new Tensor?[y.Inputs.Length];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var result = new ReferenceArray(type.Shape);
        for (int i = 0; i < result.Data.Length; i++)
            result.Data[i] = Kind switch
            {
                RandomKind.Normal => Philox.Normal(run.Seed, (uint)Stream, run.Counter, (uint)i),
                RandomKind.Uniform => Philox.Uniform(run.Seed, (uint)Stream, run.Counter, (uint)i),
                _ => Philox.Uniform(run.Seed, (uint)Stream, run.Counter, (uint)i) < P ? 1 : 0,
            };
        return result;
    }

    internal static Tensor Of(RandomKind kind, float p, Tensor like) => like.Shape.IsKnown
        ? Tensor.Apply(new RandomOp(kind, p, like.Shape, new object()))
        : Tensor.Apply(new RandomOp(kind, p, null, new object()), like);
}

public static partial class T
{
    /// <summary>Uniform random numbers on [0, 1) of the shape of x, new ones at each run. float32.</summary>
    public static Tensor Uniform(Tensor like, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => RandomBy(RandomKind.Uniform, 0, like, file, line);

    /// <summary>Normal random numbers (mean 0, variance 1) of the shape of x, new ones at each run. float32.</summary>
    public static Tensor Normal(Tensor like, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => RandomBy(RandomKind.Normal, 0, like, file, line);

    /// <summary>1 with probability p, else 0, of the shape of x, new ones at each run. float32.</summary>
    /// <exception cref="GraphException">p is not in [0, 1].</exception>
    public static Tensor Bernoulli(Tensor like, float p, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (!(p >= 0 && p <= 1)) throw new GraphException($"bernoulli: the probability must be in [0, 1], not {p}");
        return RandomBy(RandomKind.Bernoulli, p, like, file, line);
    }

    /// <summary>Inverted dropout: each element of x is kept with probability 1 - p and then divided by 1 - p, or becomes 0. With
    /// p = 0 no node is built. float32. (Srivastava et al., "Dropout", JMLR 2014, section 10.)</summary>
    /// <exception cref="GraphException">p is not in [0, 1).</exception>
    public static Tensor Dropout(Tensor x, float p, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (!(p >= 0 && p < 1)) throw new GraphException($"dropout: the probability must be in [0, 1), not {p}");
        if (p == 0) return x;
        using var at = Source.Here(file, line);
        return x * (Bernoulli(x, 1 - p) * (1 / (1 - p)));
    }

    private static Tensor RandomBy(RandomKind kind, float p, Tensor like, string file, int line)
    {
        ArgumentNullException.ThrowIfNull(like);
        using var at = Source.Here(file, line);
        return RandomOp.Of(kind, p, like);
    }
}
