// Choosing by index: gathering rows, its mirror image, row slices with a symbolic start, one-hot vectors.
//
// Gather and ScatterAdd are each other's gradients. Everything else is composed: a slice of rows at a symbolic start gathers
// rows start + 0, 1, 2, ...; a one-hot vector is a comparison with the constant 0, 1, ..., n - 1.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>Rows of a table picked by an int32 tensor: y[i..., j...] = table[index[i...], j...].</summary>
public sealed record Gather : Op
{
    /// <inheritdoc/>
    public override string Name => "gather";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        if (inputs[0].Rank == 0) throw Error("the table needs rows", inputs);
        if (inputs[1].DType != DType.Int32) throw Error("the index is not int32; use T.Cast", inputs);
        return new TensorType(inputs[0].DType, inputs[1].Shape.Concat(Shape.Create(inputs[0].Shape.Dims[1..])));
    }

    /// <summary>Each row of g added to the row of the table it came from.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g) => [ScatterAdd.Like(y.Inputs[1], g, y.Inputs[0]), null];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        ReferenceArray table = inputs[0];
        var result = new ReferenceArray(type.Shape);
        int row = (int)table.Shape.Product(1, table.Shape.Rank);
        for (int i = 0; i < inputs[1].Data.Length; i++)
            Array.Copy(table.Data, CheckIndex((int)inputs[1].Data[i], table.Shape[0]) * row, result.Data, i * row, row);
        return result;
    }

    /// <summary>The index itself, when the table has such a row.</summary>
    /// <exception cref="GraphException">It has not.</exception>
    internal static int CheckIndex(int index, int rows) =>
        (uint)index < (uint)rows ? index : throw new GraphException($"gather: row {index} does not exist; the table has {rows} rows");
}

/// <summary>Rows of g added into a table of zeros with <paramref name="Rows"/> rows: y[index[i]] += g[i], in the order of i.
/// With <paramref name="Rows"/> null, a third input tells.</summary>
public sealed record ScatterAdd(int? Rows) : Op
{
    /// <inheritdoc/>
    public override string Name => "scatter_add";

    /// <inheritdoc/>
    public override Tolerance Tolerance => new(2e-6, OfLargest: true);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) =>
        new(inputs[1].DType, Shape.Create([Rows ?? inputs[2].Shape[0], .. inputs[1].Shape.Dims[inputs[0].Rank..]]));

    /// <inheritdoc/>
    public override Tensor Rebuild(Tensor[] inputs, Tensor old) =>
        Rows is null && inputs[2].Shape[0] != Shape.Unknown ? Like(inputs[0], inputs[1], inputs[2]) : base.Rebuild(inputs, old);

    /// <summary>The rows of g where they were added.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor back = Tensor.Apply(new Gather(), g, y.Inputs[0]);
        return Rows is null ? [null, back, null] : [null, back];
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var result = new ReferenceArray(type.Shape);
        int row = (int)type.Shape.Product(1, type.Rank);
        for (int i = 0; i < inputs[0].Data.Length; i++)
            for (int j = 0; j < row; j++)
                result.Data[Gather.CheckIndex((int)inputs[0].Data[i], type.Shape[0]) * row + j] += inputs[1].Data[i * row + j];
        return result;
    }

    internal static Tensor Like(Tensor index, Tensor g, Tensor table) => table.Shape[0] != Shape.Unknown
        ? Tensor.Apply(new ScatterAdd(table.Shape[0]), index, g)
        : Tensor.Apply(new ScatterAdd((int?)null), index, g, table);
}

public static partial class T
{
    /// <summary>Rows of a table picked by an int32 index of any shape: (N, D) by (B) is (B, D).</summary>
    /// <exception cref="GraphException">The index is not int32; or, when it runs, names a row that is not there.</exception>
    public static Tensor GatherRows(Tensor table, Tensor index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Tensor.Apply(new Gather(), table, index);
    }

    /// <summary>Rows start to start + count - 1, the start being symbolic: a mini-batch out of a data set that stays on the device.</summary>
    /// <param name="x">(N, ...).</param>
    /// <param name="start">int32, rank 0.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <example><code>var i = T.Scalar("i", DType.Int32);
    /// var train = T.Function([i], cost, updates, givens: [(X, T.Rows(dataX, i * 128, 128)), (Y, T.Rows(dataY, i * 128, 128))]);</code></example>
    public static Tensor Rows(Tensor x, Tensor start, int count, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(start);
        using var at = Source.Here(file, line);
        if (start.Rank != 0 || start.DType != DType.Int32) throw GraphException.About("rows", "the start must be an int32 of rank 0", [x, start]);
        return GatherRows(x, start + Range(count));
    }

    /// <summary>The int32 vector 0, 1, ..., count - 1.</summary>
    public static Tensor Range(int count, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        if (count < 0) throw GraphException.About("range", $"a count of {count} is below 0", []);
        return MiniDL.Constant.Of(NDArray.From<int>([.. Enumerable.Range(0, count)], [count]));
    }

    /// <summary>Labels (...) of int32 as float32 vectors (..., classes) of zeros with a one at the label; all zeros for a label
    /// that is not in 0..classes-1.</summary>
    public static Tensor OneHot(Tensor labels, int classes, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(labels);
        using var at = Source.Here(file, line);
        if (labels.DType != DType.Int32) throw GraphException.About("one_hot", "labels must be int32; use T.Cast", [labels]);
        return Cast(Equal(ExpandDims(labels, -1), Range(classes)), DType.Float32);
    }
}
