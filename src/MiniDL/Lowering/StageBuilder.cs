// Writes the stages of groups: fused bodies, products, convolutions, poolings, moves by index.
//
// The one thing to understand: by now everything is decided; this file only writes down, for each op that is a stage of its own, which views it
// reads and writes.
namespace MiniDL;

/// <summary>Builds stages from groups.</summary>
internal sealed class StageBuilder(IReadOnlyDictionary<Tensor, int> order, IndexMaps maps, Func<Tensor, Buffer> bufferOf)
{
    /// <summary>The stages of groups that run as one step: one stage, but two for a pad (fill, then place).</summary>
    public IEnumerable<Stage> Build(List<Group> together)
    {
        if (together.Count > 1 || together[0].IsFused)
        {
            FusedBody[] bodies = [.. together.Select(group => BodyBuilder.Build(group, order, maps, bufferOf))];
            return [new FusedStage(together.Count > 1 ? "update" : NameOf(together[0]), bodies) { Nodes = [.. together.SelectMany(group => group.Roots)] }];
        }
        Group single = together[0];
        Stage[] stages = BuildSingle(single, single.Roots[0]);
        // In the order of what is written: of a max pooling, values come before indices.
        stages[^1] = stages[^1] with { Nodes = [.. single.Roots.OrderBy(root => root.Op is MaxPoolIndex)] };
        return stages;
    }

    private Stage[] BuildSingle(Group single, Tensor node) => node.Op switch
    {
        Reduce reduce => [ReduceOf(single, reduce, node)],
        MatMul => [GemmOf(node, 1, 0)],
        Gemm gemm => AccumulatingGemmOf(node, gemm),
        Conv2D conv => [new ConvStage("conv2d", ConvDirection.Forward, conv.Geometry, Operand(node, 0), Operand(node, 1), Result(node))],
        Conv2DInputGrad conv => [new ConvStage("conv2d_input_grad", ConvDirection.InputGrad, conv.Geometry, Result(node), Operand(node, 1), Operand(node, 0))],
        Conv2DFilterGrad conv => [new ConvStage("conv2d_filter_grad", ConvDirection.FilterGrad, conv.Geometry, Operand(node, 0), Result(node), Operand(node, 1))],
        MaxPool or MaxPoolIndex => [MaxPoolOf(single, ((PoolOp)node.Op).Geometry)],
        MaxUnpool => [new PoolStage("max_unpool", PoolKind.MaxUnpool, WindowsOf(node), false, [Operand(node, 0), Operand(node, 1)], Result(node), null)],
        PoolGather => [new PoolStage("pool_gather", PoolKind.Gather, null, false, [Operand(node, 0), Operand(node, 1)], Result(node), null)],
        AvgPool pool => [new PoolStage("avg_pool", PoolKind.Average, pool.Geometry, pool.CountPadding, [Operand(node, 0)], Result(node), null)],
        AvgUnpool unpool => [new PoolStage("avg_unpool", PoolKind.AverageUnpool, unpool.Pool.Geometry, unpool.Pool.CountPadding, [Operand(node, 0)], Result(node), null)],
        Gather => [new IndexStage("gather", IndexKind.Gather, [Operand(node, 0), Operand(node, 1)], Result(node))],
        ScatterAdd => [new IndexStage("scatter_add", IndexKind.ScatterAdd, [Operand(node, 0), Operand(node, 1)], Result(node))],
        ArgMax argMax => [ArgMaxOf(node, argMax.Axis)],
        Concat concat => [ConcatOf(node, concat.Axis)],
        Pad pad => PadOf(node, pad),
        _ => throw new InvalidOperationException($"lowering does not know {node}"),
    };

    /// <summary>A stage that copies a stored value into another buffer of the same shape.</summary>
    public Stage CopyStage(Tensor from, Buffer to)
    {
        var body = new FusedBody((int)from.Shape.Count, 1,
            [new Load(Level.Full, from.DType, from, new View(bufferOf(from), IndexMap.Contiguous(from.Shape)))],
            [new Store(0, new View(to, IndexMap.Contiguous(from.Shape)))]);
        return new FusedStage("copy", [body]) { Nodes = [from] };
    }

    private View Operand(Tensor node, int input)
    {
        (Tensor stored, IndexMap map) = maps[node.Inputs[input]];
        return new View(bufferOf(stored), map);
    }

    private View Result(Tensor node) => new(bufferOf(node), IndexMap.Contiguous(node.Shape));

    /// <summary>The names of up to four of the ops it computes, and the number of nodes if there are more, so that a profile can be read.</summary>
    private static string NameOf(Group group)
    {
        if (group.Roots.Count == 1 && group.Members.Count == 1) return group.Roots[0].Op.Name;
        string[] ops = [.. group.Members.Select(member => member.Op.Name).Distinct().Take(4)];
        return string.Join("_", ops) + (group.Members.Count > 4 ? $"_{group.Members.Count}" : "");
    }

    private ReduceStage ReduceOf(Group group, Reduce reduce, Tensor node)
    {
        (FusedBody body, int value) = BodyBuilder.BuildReduced(group, order, maps, bufferOf);
        return new ReduceStage(group.Members.Count == 1 ? node.Op.Name : NameOf(group), body, value, reduce.Kind, node.Inputs[0].Shape, reduce.Axes, Result(node));
    }

    /// <summary>A product that accumulates into its result's buffer: in place where that is the third operand's own, else on a copy of it.</summary>
    private Stage[] AccumulatingGemmOf(Tensor node, Gemm gemm)
    {
        GemmStage stage = GemmOf(node, gemm.Alpha, gemm.Beta);
        if (gemm.Beta == 0) return [stage];
        Tensor accumulator = maps[node.Inputs[2]].Base;
        return bufferOf(accumulator) == bufferOf(node) ? [stage] : [CopyStage(accumulator, bufferOf(node)), stage];
    }

    private GemmStage GemmOf(Tensor node, float alpha, float beta)
    {
        Shape batch = Shape.Create(node.Shape.Dims[..^2]);
        View a = Matrices(node, 0), b = Matrices(node, 1);
        Shape shape = [(int)batch.Count, node.Shape[^2], node.Shape[^1]];
        Buffer result = bufferOf(node);
        return new GemmStage("gemm", a, b, new View(result, IndexMap.Contiguous(shape)), alpha, beta);
    }

    /// <summary>An operand of a product as (batch, R, C), stretched along batch axes of 1.</summary>
    private View Matrices(Tensor node, int input)
    {
        (Tensor stored, IndexMap map) = maps[node.Inputs[input]];
        return new View(bufferOf(stored), Materialise.BatchMap(map, node.Shape)!);
    }

    private PoolStage MaxPoolOf(Group group, PoolGeometry geometry)
    {
        Tensor? value = group.Roots.Find(root => root.Op is MaxPool), index = group.Roots.Find(root => root.Op is MaxPoolIndex);
        return new PoolStage("max_pool", PoolKind.Max, geometry, false, [Operand(group.Roots[0], 0)], value is null ? null : Result(value), index is null ? null : Result(index));
    }

    /// <summary>The windows that a max_unpool's indices came from, when they came from a max pooling of planes like its own: then each index
    /// lies in its window, and a pixel need look only at the windows that cover it. Null if that is not known.</summary>
    private PoolGeometry? WindowsOf(Tensor unpool)
    {
        (Tensor stored, IndexMap map) = maps[unpool.Inputs[0]];
        return stored.Op is MaxPoolIndex index && map.IsWhole((int)stored.Shape.Count) && map.Shape.Equals(stored.Shape)
            && stored.Inputs[0].Shape.Equals(unpool.Shape) ? index.Geometry : null;
    }

    private IndexStage ArgMaxOf(Tensor node, int axis)
    {
        View x = Operand(node, 0);
        Shape shape = node.Inputs[0].Shape, split = [(int)shape.Product(0, axis), shape[axis], (int)shape.Product(axis + 1, shape.Rank)];
        return new IndexStage("argmax", IndexKind.ArgMax, [x with { Map = IndexMap.Contiguous(split) with { Offset = x.Map.Offset } }], Result(node));
    }

    private FusedStage ConcatOf(Tensor node, int axis)
    {
        var bodies = new List<FusedBody>();
        int[] strides = node.Shape.Strides();
        int at = 0;
        for (int i = 0; i < node.Inputs.Length; i++)
        {
            Shape part = node.Inputs[i].Shape;
            bodies.Add(Move(node, i, new View(bufferOf(node), new IndexMap(part, Ints.Create(strides), at * strides[axis]))));
            at += part[axis];
        }
        return new FusedStage("concat", bodies);
    }

    private Stage[] PadOf(Tensor node, Pad pad)
    {
        int[] strides = node.Shape.Strides();
        int offset = 0;
        for (int axis = 0; axis < strides.Length; axis++)
        {
            offset += pad.Low[axis] * strides[axis];
            strides[axis] *= pad.Interior[axis] + 1;
        }
        var fill = new FusedBody((int)node.Shape.Count, 1, [new Number(Level.Full, node.DType, node, pad.Value)], [new Store(0, Result(node))]);
        FusedBody place = Move(node, 0, new View(bufferOf(node), new IndexMap(node.Inputs[0].Shape, Ints.Create(strides), offset)));
        return [new FusedStage("pad_fill", [fill]), new FusedStage("pad", [place])];
    }

    private FusedBody Move(Tensor node, int input, View target)
    {
        Tensor from = node.Inputs[input];
        return new FusedBody((int)from.Shape.Count, 1, [new Load(Level.Full, from.DType, from, Operand(node, input))], [new Store(0, target)]);
    }
}
