// Products of vectors, matrices and batches of matrices.
//
// One op, MatMul, on matrices with optional leading batch axes; T.Dot reduces the vector cases to it with axes of 1. Gemm is what the
// BLAS rewrite makes of a product with a scale and an accumulation around it: no user writes it.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>y[..., m, n] = sum over k of a[..., m, k] b[..., k, n]. Leading axes are batches and broadcast.</summary>
public sealed record MatMul : Op
{
    /// <inheritdoc/>
    public override string Name => "dot";

    /// <inheritdoc/>
    public override Tolerance Tolerance => new(3e-6, OfLargest: true);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Tensor a = inputs[0], b = inputs[1];
        if (a.DType != DType.Float32 || b.DType != DType.Float32) throw Error("takes float32; use T.Cast", inputs);
        if (a.Rank < 2 || a.Rank != b.Rank) throw Error($"ranks {a.Rank} and {b.Rank} do not multiply", inputs);
        int k = a.Shape[^1], k2 = b.Shape[^2];
        if (k != k2 && k != Shape.Unknown && k2 != Shape.Unknown)
            throw Error($"the inner dims differ: {a.Shape} times {b.Shape} sums over {k} and {k2}", inputs);
        var dims = new int[a.Rank];
        for (int axis = 0; axis < a.Rank - 2; axis++)
        {
            int p = a.Shape[axis], q = b.Shape[axis];
            if (p != q && p > 1 && q > 1) throw Error($"the batch axes differ: {p} and {q} on axis {axis}", inputs);
            dims[axis] = p == 1 || (p == Shape.Unknown && q > 1) ? q : p;
        }
        dims[^2] = a.Shape[^2];
        dims[^1] = b.Shape[^1];
        return new TensorType(DType.Float32, Shape.Create(dims));
    }

    /// <summary>For y = a b: g b^T and a^T g, summed over broadcast batches.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor a = y.Inputs[0], b = y.Inputs[1];
        return [SumBatch(Tensor.Apply(this, g, Swap(b)), a), SumBatch(Tensor.Apply(this, Swap(a), g), b)];
    }

    private static Tensor SumBatch(Tensor gradient, Tensor like)
    {
        var axes = new List<int>();
        for (int axis = 0; axis < like.Rank - 2; axis++)
            if (like.Shape[axis] == 1 && gradient.Shape[axis] != 1) axes.Add(axis);
        return Reduce.Of(ReduceKind.Sum, gradient, [.. axes]);
    }

    /// <summary>The last two axes exchanged.</summary>
    internal static Tensor Swap(Tensor x)
    {
        int[] order = [.. Enumerable.Range(0, x.Rank)];
        (order[^1], order[^2]) = (order[^2], order[^1]);
        return DimShuffle.Of(x, order);
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        Shape batch = Shape.Create(type.Shape.Dims[..^2]);
        int m = type.Shape[^2], n = type.Shape[^1], k = inputs[0].Shape[^1];
        double[] a = inputs[0].BroadcastTo(batch.Concat([m, k])).Data, b = inputs[1].BroadcastTo(batch.Concat([k, n])).Data;
        var result = new ReferenceArray(type.Shape);
        for (int p = 0; p < (int)batch.Count; p++)
            for (int i = 0; i < m; i++)
                for (int l = 0; l < k; l++)
                    for (int j = 0; j < n; j++)
                        result.Data[(p * m + i) * n + j] += a[(p * m + i) * k + l] * b[(p * k + l) * n + j];
        return result;
    }
}

/// <summary>alpha * a b, plus beta * c where there is a third input of the result's shape. Made by the BLAS rewrite alone.</summary>
public sealed record Gemm(float Alpha, float Beta) : Op
{
    /// <inheritdoc/>
    public override string Name => "gemm";

    /// <inheritdoc/>
    protected override string Parameters => Beta == 0 ? $"alpha {Alpha:G7}" : $"alpha {Alpha:G7}, beta {Beta:G7}";

    /// <inheritdoc/>
    public override Tolerance Tolerance => new(3e-6, OfLargest: true);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new MatMul().Infer(inputs[..2]);

    /// <summary>The BLAS rewrite runs after differentiation.</summary>
    /// <exception cref="GraphException">Always.</exception>
    public override Tensor?[] Gradient(Tensor y, Tensor g) => throw Error("is made after differentiation", y.Inputs);

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        ReferenceArray product = new MatMul().Evaluate(inputs[..2], type, run);
        for (int i = 0; i < product.Data.Length; i++)
            product.Data[i] = Alpha * product.Data[i] + (Beta == 0 ? 0 : Beta * inputs[2].Data[i]);
        return product;
    }
}

public static partial class T
{
    /// <summary>The product of vectors (K)(K), matrix and vector (M, K)(K) or (K)(K, N), matrices (M, K)(K, N), or batches
    /// (..., M, K)(..., K, N), where a missing or 1-dim batch axis broadcasts. float32.</summary>
    /// <exception cref="GraphException">The inner dims differ, or the ranks do not multiply.</exception>
    /// <example><code>Tensor h = T.Dot(X, w);   // (B, 784) times (784, 625) is (B, 625)</code></example>
    public static Tensor Dot(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        using var at = Source.Here(file, line);
        if (a.Rank == 0 || b.Rank == 0) throw GraphException.About("dot", "takes vectors or matrices; use * to scale", [a, b]);
        bool vectorA = a.Rank == 1, vectorB = b.Rank == 1;
        if (vectorA) a = DimShuffle(a, [-1, 0]);
        if (vectorB) b = DimShuffle(b, [0, -1]);
        int rank = Math.Max(a.Rank, b.Rank);
        Tensor product = Tensor.Apply(new MatMul(), MiniDL.DimShuffle.PadRank(a, rank), MiniDL.DimShuffle.PadRank(b, rank));
        if (vectorB) product = MiniDL.DimShuffle.Drop(product, [product.Rank - 1]);
        if (vectorA) product = MiniDL.DimShuffle.Drop(product, [product.Rank - (vectorB ? 1 : 2)]);
        return product;
    }
}
