// Reductions: many elements to one, along any axes.
//
// Reduce and ArgMax keep the reduced axes as dims of 1; the builders drop them unless asked to keep them. That way the gradient of a
// reduction is a plain stretch, and the gradient of a stretch is a plain sum. Mean and variance are composed, not ops.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>How a <see cref="Reduce"/> combines elements.</summary>
public enum ReduceKind
{
    /// <summary>The sum; 0 of nothing.</summary>
    Sum,

    /// <summary>The largest; NaN if any is NaN; -infinity of nothing.</summary>
    Max,

    /// <summary>The smallest; NaN if any is NaN; +infinity of nothing.</summary>
    Min,

    /// <summary>The product; 1 of nothing.</summary>
    Prod,
}

/// <summary>Combines all elements along <paramref name="Axes"/>, which stay as dims of 1.</summary>
public sealed record Reduce(ReduceKind Kind, Ints Axes) : Op
{
    /// <inheritdoc/>
    public override string Name => NameOf(Kind);

    internal static string NameOf(ReduceKind kind) => kind switch { ReduceKind.Sum => "sum", ReduceKind.Max => "max", ReduceKind.Min => "min", _ => "prod" };

    /// <inheritdoc/>
    protected override string Parameters => $"axes {Axes}";

    /// <inheritdoc/>
    public override Tolerance Tolerance => Kind switch
    {
        ReduceKind.Sum => new(2e-6, OfLargest: true),
        ReduceKind.Prod => new(5e-6),
        _ => Tolerance.Exact,
    };

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        if (inputs[0].DType == DType.Bool) throw Error("takes numbers; use T.Cast", inputs);
        return new TensorType(inputs[0].DType, Shrink(inputs[0].Shape));
    }

    private Shape Shrink(Shape shape)
    {
        int[] dims = shape.Dims.ToArray();
        foreach (int axis in Axes) dims[axis] = 1;
        return Shape.Create(dims);
    }

    /// <summary>Sum: g stretched. Max, min: g shared evenly among the elements that are the extreme. Prod: g times the product of
    /// the other elements, right also when one or more of them are 0.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor x = y.Inputs[0];
        if (Kind == ReduceKind.Sum) return [BroadcastTo.Like(g, x)];
        if (Kind != ReduceKind.Prod)
        {
            Tensor chosen = T.Cast(T.Equal(x, y), DType.Float32);
            return [chosen * (g / Of(ReduceKind.Sum, chosen, Axes))];
        }
        // With no zero among them the others' product is y / x; with one, only that one's is not 0; with two, none.
        Tensor isZero = T.Equal(x, 0);
        Tensor zeros = Of(ReduceKind.Sum, T.Cast(isZero, DType.Float32), Axes);
        Tensor nonZero = T.Where(isZero, 1, x);
        Tensor productOfNonZero = Of(ReduceKind.Prod, nonZero, Axes);
        return [g * T.Where(isZero, T.Where(T.Equal(zeros, 1), productOfNonZero, 0), T.Where(T.Equal(zeros, 0), productOfNonZero / nonZero, 0))];
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        ReferenceArray x = inputs[0];
        var result = new ReferenceArray(type.Shape);
        double identity = Identity(Kind);
        Array.Fill(result.Data, type.DType == DType.Int32 ? Math.Clamp(identity, int.MinValue, int.MaxValue) : identity);
        int[] strides = type.Shape.Strides();
        foreach (int axis in Axes) strides[axis] = 0;
        Span<int> index = stackalloc int[x.Shape.Rank];
        for (int i = 0; i < x.Data.Length; i++)
        {
            int target = 0;
            for (int axis = 0; axis < index.Length; axis++) target += index[axis] * strides[axis];
            result.Data[target] = type.DType == DType.Int32 ? CombineInts(Kind, result.Data[target], x.Data[i]) : Combine(Kind, result.Data[target], x.Data[i]);
            ReferenceArray.Advance(index, x.Shape);
        }
        return result;
    }

    /// <summary>What a reduction of no elements gives; int32 takes the nearest it has.</summary>
    internal static double Identity(ReduceKind kind) => kind switch
    {
        ReduceKind.Sum => 0,
        ReduceKind.Prod => 1,
        ReduceKind.Max => double.NegativeInfinity,
        _ => double.PositiveInfinity,
    };

    private static double Combine(ReduceKind kind, double a, double b) => kind switch
    {
        ReduceKind.Sum => a + b,
        ReduceKind.Prod => a * b,
        ReduceKind.Max => Math.Max(a, b),
        _ => Math.Min(a, b),
    };

    /// <summary>The same for int32, whose sums and products wrap.</summary>
    private static double CombineInts(ReduceKind kind, double a, double b) => kind switch
    {
        ReduceKind.Sum => unchecked((int)a + (int)b),
        ReduceKind.Prod => unchecked((int)a * (int)b),
        _ => Combine(kind, a, b),
    };

    internal static Tensor Of(ReduceKind kind, Tensor x, Ints axes) => axes.Length == 0 ? x : Tensor.Apply(new Reduce(kind, axes), x);

    /// <summary><paramref name="g"/> summed over exactly the axes along which <paramref name="like"/> was stretched to g's shape.</summary>
    internal static Tensor SumTo(Tensor g, Tensor like)
    {
        int missing = g.Rank - like.Rank;
        var axes = new List<int>();
        for (int axis = 0; axis < g.Rank; axis++)
            if (axis < missing || (like.Shape[axis - missing] == 1 && g.Shape[axis] != 1)) axes.Add(axis);
        Tensor sum = Of(ReduceKind.Sum, g, [.. axes]);
        return missing == 0 ? sum : DimShuffle.Drop(sum, [.. Enumerable.Range(0, missing)]);
    }
}

public static partial class T
{
    /// <summary>The sum over one axis, several, or (neither given) all.</summary>
    /// <param name="x">float32 or int32.</param>
    /// <param name="axis">One axis; -1 is the innermost.</param>
    /// <param name="axes">Several axes.</param>
    /// <param name="keepDims">Keep reduced axes as dims of 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <example><code>T.Sum(x)   T.Sum(x, 1)   T.Sum(x, axes: [0, 2, 3], keepDims: true)</code></example>
    public static Tensor Sum(Tensor x, int? axis = null, int[]? axes = null, bool keepDims = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        ReduceBy(ReduceKind.Sum, x, axis, axes, keepDims, file, line);

    /// <summary>The largest element; NaN if any is. Elements that tie share the gradient evenly. Arguments as in Sum.</summary>
    public static Tensor Max(Tensor x, int? axis = null, int[]? axes = null, bool keepDims = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        ReduceBy(ReduceKind.Max, x, axis, axes, keepDims, file, line);

    /// <summary>The smallest element; NaN if any is. Elements that tie share the gradient evenly. Arguments as in Sum.</summary>
    public static Tensor Min(Tensor x, int? axis = null, int[]? axes = null, bool keepDims = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        ReduceBy(ReduceKind.Min, x, axis, axes, keepDims, file, line);

    /// <summary>The product of the elements. Arguments as in Sum.</summary>
    public static Tensor Prod(Tensor x, int? axis = null, int[]? axes = null, bool keepDims = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        ReduceBy(ReduceKind.Prod, x, axis, axes, keepDims, file, line);

    /// <summary>The mean: the sum divided by the number of elements. float32. Arguments as in Sum.</summary>
    public static Tensor Mean(Tensor x, int? axis = null, int[]? axes = null, bool keepDims = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        Ints over = AxesOf("mean", x, axis, axes);
        return Sum(x, axes: over.Values.ToArray(), keepDims: keepDims) / SizeOf.Of(x, over);
    }

    /// <summary>The variance: the mean of the squared distances from the mean (divided by n, not n - 1). float32. Arguments as in Sum.</summary>
    public static Tensor Var(Tensor x, int? axis = null, int[]? axes = null, bool keepDims = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        return Mean(Square(x - Mean(x, axis, axes, keepDims: true)), axis, axes, keepDims);
    }

    /// <summary>The index (int32) of the largest element along an axis, the lowest of a tie, the first NaN if there is one; without an
    /// axis, the index into the flattened tensor.</summary>
    /// <example><code>Tensor digit = T.ArgMax(scores, axis: 1);   // (B, 10) -> (B)</code></example>
    public static Tensor ArgMax(Tensor x, int? axis = null, bool keepDims = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        if (axis is null) return DimShuffle(Tensor.Apply(new ArgMax(0), Flatten(x, 0)), []);
        int positive = AxisOf("argmax", x, axis.Value, x.Rank);
        Tensor index = Tensor.Apply(new ArgMax(positive), x);
        return keepDims ? index : MiniDL.DimShuffle.Drop(index, [positive]);
    }

    private static Tensor ReduceBy(ReduceKind kind, Tensor x, int? axis, int[]? axes, bool keepDims, string file, int line)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        Ints over = AxesOf(Reduce.NameOf(kind), x, axis, axes);
        Tensor result = Reduce.Of(kind, x, over);
        return keepDims ? result : MiniDL.DimShuffle.Drop(result, over);
    }
}
