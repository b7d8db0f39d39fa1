// The steps of a program. A stage is one parallel loop nest on the CPU and one kernel (or cuBLAS call) on a GPU.
//
// The one thing to understand: there are six kinds and no more. Everything elementwise is one kind, however long the expression, and the big ops have one each.
namespace MiniDL;

/// <summary>One step of a program: reads some views, writes some.</summary>
/// <param name="Name">What it computes, in a word or two; kernels and profiles are named by it.</param>
public abstract record Stage(string Name)
{
    /// <summary>The graph nodes whose values it stores, in the order of <see cref="Writes"/>. In-place updates store a node's value in
    /// another node's buffer.</summary>
    public IReadOnlyList<Tensor> Nodes { get; init; } = [];

    /// <summary>What is read.</summary>
    public abstract IEnumerable<View> Reads { get; }

    /// <summary>What is written.</summary>
    public abstract IEnumerable<View> Writes { get; }

    /// <summary>Floating-point operations, a fused multiply-add being two.</summary>
    public abstract double Flops { get; }

    /// <summary>Bytes read and written if each buffer is moved once.</summary>
    public double Bytes => Reads.Concat(Writes).Sum(view => (double)Math.Min(view.Map.Shape.Count, view.Buffer.Count) * view.Buffer.DType.Size());

    /// <summary>The source line that asked for the (last) node it computes.</summary>
    public SourceLocation Source => Nodes.Select(node => node.Source).LastOrDefault();

    /// <summary>Further lines for listings: the body of a fused stage, the sizes of a product.</summary>
    public virtual IEnumerable<string> Details => [];
}

/// <summary>Fused elementwise expressions, with row reductions between them perhaps; several independent bodies when parameter updates
/// share one stage.</summary>
public sealed record FusedStage(string Name, IReadOnlyList<FusedBody> Bodies) : Stage(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<View> Reads => Bodies.SelectMany(body => body.Instructions.OfType<Load>()).Select(load => load.View).DistinctBy(view => (view.Buffer, view.Map));

    /// <inheritdoc/>
    public override IEnumerable<View> Writes => Bodies.SelectMany(body => body.Stores).Select(store => store.View);

    /// <inheritdoc/>
    public override double Flops => Bodies.Sum(body => (double)body.Weight * body.Positions);

    /// <inheritdoc/>
    public override IEnumerable<string> Details => Bodies.SelectMany(body => body.Lines().Prepend(body.Columns == 1 ? $"for each of {body.Rows} elements:" : $"for each of {body.Rows} rows of {body.Columns}:"));
}

/// <summary>A fused expression reduced along some axes of the shape its positions run over.</summary>
/// <param name="Name">The name.</param>
/// <param name="Body">The expression over the row-major positions of a shape; it has no stores.</param>
/// <param name="Value">The value of the body that is reduced.</param>
/// <param name="Kind">How.</param>
/// <param name="Shape">The shape of the positions.</param>
/// <param name="Axes">The axes that are reduced.</param>
/// <param name="Output">The result, of the shape with those axes 1.</param>
public sealed record ReduceStage(string Name, FusedBody Body, int Value, ReduceKind Kind, Shape Shape, Ints Axes, View Output) : Stage(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<View> Reads => Body.Instructions.OfType<Load>().Select(load => load.View);

    /// <inheritdoc/>
    public override IEnumerable<View> Writes => [Output];

    /// <inheritdoc/>
    public override double Flops => (double)(Body.Weight + 1) * Body.Positions;

    /// <inheritdoc/>
    public override IEnumerable<string> Details => Body.Lines().Append($"{Output} = {Kind.ToString().ToLowerInvariant()} of v{Value} over axes {Axes} of {Shape}");

    /// <summary>The axes of a shape, outermost first, neighbours that are both kept or both reduced as one and axes of 1 left out; so kept and reduced ones alternate. The step is
    /// the number of positions from one index of the axis to the next.</summary>
    internal static List<(int Count, int Step, bool Reduced)> MergeAxes(Shape shape, Ints reducedAxes)
    {
        var merged = new List<(int Count, int Step, bool Reduced)>();
        int[] strides = shape.Strides();
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (shape[axis] == 1) continue;
            bool reduced = reducedAxes.Contains(axis);
            if (merged.Count > 0 && merged[^1].Reduced == reduced) merged[^1] = (merged[^1].Count * shape[axis], strides[axis], reduced);
            else merged.Add((shape[axis], strides[axis], reduced));
        }
        return merged;
    }
}

/// <summary>C = alpha * A B + beta * C, for each of a batch. The maps have shapes (batch, M, K), (batch, K, N), (batch, M, N).</summary>
public sealed record GemmStage(string Name, View A, View B, View C, float Alpha, float Beta) : Stage(Name)
{
    /// <summary>The number of products.</summary>
    public int Batch => C.Map.Shape[0];

    /// <summary>Rows of the result.</summary>
    public int M => C.Map.Shape[1];

    /// <summary>Columns of the result.</summary>
    public int N => C.Map.Shape[2];

    /// <summary>The summed dim.</summary>
    public int K => A.Map.Shape[2];

    /// <inheritdoc/>
    public override IEnumerable<View> Reads => Beta == 0 ? [A, B] : [A, B, C];

    /// <inheritdoc/>
    public override IEnumerable<View> Writes => [C];

    /// <inheritdoc/>
    public override double Flops => 2.0 * Batch * M * N * K;

    /// <inheritdoc/>
    public override IEnumerable<string> Details => [$"{C} = {Alpha:G7} * {A} {B}{(Beta == 0 ? "" : $" + {Beta:G7} * {C}")}   M {M}, N {N}, K {K}{(Batch == 1 ? "" : $", batch {Batch}")}"];
}

/// <summary>Which of the three convolution products a <see cref="ConvStage"/> is.</summary>
public enum ConvDirection
{
    /// <summary>Y from X and the filters.</summary>
    Forward,

    /// <summary>dX from dY and the filters.</summary>
    InputGrad,

    /// <summary>The gradient of the filters from X and dY.</summary>
    FilterGrad,
}

/// <summary>A convolution or one of its gradients: <paramref name="X"/> (B, C, H, W), <paramref name="F"/> (O, C, KH, KW),
/// <paramref name="Y"/> (B, O, OH, OW), one of them written and two read.</summary>
public sealed record ConvStage(string Name, ConvDirection Direction, ConvGeometry Geometry, View X, View F, View Y) : Stage(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<View> Reads => Direction switch { ConvDirection.Forward => [X, F], ConvDirection.InputGrad => [Y, F], _ => [X, Y] };

    /// <inheritdoc/>
    public override IEnumerable<View> Writes => Direction switch { ConvDirection.Forward => [Y], ConvDirection.InputGrad => [X], _ => [F] };

    /// <inheritdoc/>
    public override double Flops => 2.0 * Y.Map.Shape.Count * F.Map.Shape.Product(1, 4);

    /// <inheritdoc/>
    public override IEnumerable<string> Details => [$"X {X.Map.Shape}, F {F.Map.Shape}, Y {Y.Map.Shape}, {Geometry}"];
}

/// <summary>What a <see cref="PoolStage"/> does.</summary>
public enum PoolKind
{
    /// <summary>Largest elements, and where they were, if asked for: inputs x; outputs y and/or index.</summary>
    Max,

    /// <summary>Planes of zeros with g added at the indices: inputs index, g.</summary>
    MaxUnpool,

    /// <summary>Elements of planes at the indices: inputs index, v.</summary>
    Gather,

    /// <summary>Means: input x.</summary>
    Average,

    /// <summary>Each g spread over its window: input g.</summary>
    AverageUnpool,
}

/// <summary>A pooling of planes (B, C, H, W), or one of its gradients.</summary>
/// <param name="Name">The name.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Geometry">The windows; null for a gather, where the indices say it all, and for an unpooling whose indices may be anywhere.</param>
/// <param name="CountPadding">For averages: divide by the window's full size.</param>
/// <param name="Inputs">What is read, in the order of the kind.</param>
/// <param name="Value">The values written, or null.</param>
/// <param name="Index">The indices written, or null.</param>
public sealed record PoolStage(string Name, PoolKind Kind, PoolGeometry? Geometry, bool CountPadding, IReadOnlyList<View> Inputs, View? Value, View? Index) : Stage(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<View> Reads => Inputs;

    /// <inheritdoc/>
    public override IEnumerable<View> Writes => new[] { Value, Index }.OfType<View>();

    /// <inheritdoc/>
    public override double Flops => Inputs.Max(view => view.Map.Shape.Count);

    /// <inheritdoc/>
    public override IEnumerable<string> Details => [$"{string.Join(", ", Inputs.Select(view => view.Map.Shape))} -> {(Value ?? Index)!.Map.Shape}{(Geometry is null ? "" : $", {Geometry}")}"];
}

/// <summary>What an <see cref="IndexStage"/> does.</summary>
public enum IndexKind
{
    /// <summary>Rows of a table at indices: inputs table, index.</summary>
    Gather,

    /// <summary>Rows added into a table of zeros: inputs index, rows.</summary>
    ScatterAdd,

    /// <summary>The position of the largest along the middle axis of an input of shape (outer, length, inner).</summary>
    ArgMax,
}

/// <summary>Moving by index, or finding one. Views are contiguous.</summary>
public sealed record IndexStage(string Name, IndexKind Kind, IReadOnlyList<View> Inputs, View Output) : Stage(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<View> Reads => Inputs;

    /// <inheritdoc/>
    public override IEnumerable<View> Writes => [Output];

    /// <inheritdoc/>
    public override double Flops => Kind == IndexKind.Gather ? 0 : Inputs[^1].Map.Shape.Count;

    /// <inheritdoc/>
    public override IEnumerable<string> Details => [$"{string.Join(", ", Inputs.Select(view => view.Map.Shape))} -> {Output.Map.Shape}"];
}
