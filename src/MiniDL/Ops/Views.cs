// Ops that rearrange without computing: permuting axes, stretching, slicing, reversing (and, in Reshaping.cs, reshaping).
//
// On an executor these cost nothing by themselves: lowering turns them into strides and offsets with which the next stage reads.
// The one thing to understand: the gradient of reading through an index map is adding back through the same map, so each op's
// gradient is its mirror image here or in Joining.cs (slice and pad, stretch and sum, permute and permute back).
namespace MiniDL;

/// <summary>Permutes axes, adds axes of 1 and drops axes of 1 (Theano's dimshuffle).</summary>
/// <param name="Pattern">For each axis of the result the axis of the input it comes from, or -1 for a new axis of 1.</param>
public sealed record DimShuffle(Ints Pattern) : Op
{
    /// <summary>Marks a new axis of 1 in a pattern.</summary>
    public const int NewAxis = -1;

    /// <inheritdoc/>
    public override string Name => "dimshuffle";

    /// <inheritdoc/>
    protected override string Parameters => Pattern.ToString().Replace("-1", "x");

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0];
        var dims = new int[Pattern.Length];
        for (int i = 0; i < dims.Length; i++)
        {
            if (Pattern[i] < NewAxis || Pattern[i] >= x.Rank) throw Error($"axis {Pattern[i]} does not exist in rank {x.Rank}", inputs);
            for (int j = 0; j < i; j++)
                if (Pattern[i] != NewAxis && Pattern[i] == Pattern[j]) throw Error($"axis {Pattern[i]} appears twice", inputs);
            dims[i] = Pattern[i] == NewAxis ? 1 : x.Shape[Pattern[i]];
        }
        for (int axis = 0; axis < x.Rank; axis++)
            if (!Pattern.Contains(axis) && x.Shape[axis] != 1)
                throw Error($"axis {axis} is dropped, but is not known to be 1", inputs);
        return new TensorType(x.DType, Shape.Create(dims));
    }

    /// <summary>The way back: each axis of the input from where it went, dropped ones as new axes of 1.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        var back = new int[y.Inputs[0].Rank];
        for (int axis = 0; axis < back.Length; axis++) back[axis] = Pattern.Values.IndexOf(axis);
        return [Of(g, back)];
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        int[] own = inputs[0].Shape.Strides();
        var strides = new int[Pattern.Length];
        for (int i = 0; i < strides.Length; i++) strides[i] = Pattern[i] == NewAxis ? 0 : own[Pattern[i]];
        return inputs[0].Gather(type.Shape, strides);
    }

    /// <summary>Makes the node; the identity pattern makes none.</summary>
    internal static Tensor Of(Tensor x, ReadOnlySpan<int> pattern)
    {
        ArgumentNullException.ThrowIfNull(x);
        bool identity = pattern.Length == x.Rank;
        for (int i = 0; identity && i < pattern.Length; i++) identity = pattern[i] == i;
        return identity ? x : Tensor.Apply(new DimShuffle(Ints.Create(pattern)), x);
    }

    /// <summary>x with leading axes of 1 up to a rank: how elementwise ops align their inputs.</summary>
    internal static Tensor PadRank(Tensor x, int rank)
    {
        var pattern = new int[rank];
        for (int axis = 0; axis < rank; axis++) pattern[axis] = Math.Max(NewAxis, axis - (rank - x.Rank));
        return Of(x, pattern);
    }

    /// <summary>x without some of its axes, each of which is 1.</summary>
    internal static Tensor Drop(Tensor x, Ints axes)
    {
        var pattern = new List<int>();
        for (int axis = 0; axis < x.Rank; axis++)
            if (!axes.Contains(axis)) pattern.Add(axis);
        return Of(x, pattern.ToArray());
    }
}

/// <summary>Repeats dims of 1 (and missing leading dims) up to a shape. With <paramref name="Target"/> null the shape is that
/// of a second input, until it is known.</summary>
public sealed record BroadcastTo(Shape? Target) : Op
{
    /// <inheritdoc/>
    public override string Name => "broadcast";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0];
        Shape target = Target ?? inputs[1].Shape;
        int missing = target.Rank - x.Rank;
        if (missing < 0) throw Error($"rank {x.Rank} does not fit into {target}", inputs);
        for (int axis = missing; axis < target.Rank; axis++)
        {
            int from = x.Shape[axis - missing], to = target[axis];
            if (from != 1 && from != to && from != Shape.Unknown && to != Shape.Unknown)
                throw Error($"{x.Shape} cannot be stretched to {target}", inputs);
        }
        return new TensorType(x.DType, target);
    }

    /// <inheritdoc/>
    public override Tensor Rebuild(Tensor[] inputs, Tensor old) =>
        Target is null && inputs[1].Shape.IsKnown ? To(inputs[0], inputs[1].Shape) : base.Rebuild(inputs, old);

    /// <inheritdoc/>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor back = Reduce.SumTo(g, y.Inputs[0]);
        return Target is null ? [back, null] : [back];
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) =>
        inputs[0].BroadcastTo(type.Shape);

    internal static Tensor To(Tensor x, Shape target) => x.Shape.Equals(target) && target.IsKnown ? x : Tensor.Apply(new BroadcastTo(target), x);

    internal static Tensor Like(Tensor x, Tensor like) => like.Shape.IsKnown ? To(x, like.Shape) : Tensor.Apply(new BroadcastTo((Shape?)null), x, like);
}

/// <summary>Elements start, start + step, ... below stop, along every axis. All three are 0 or more.</summary>
public sealed record Slice(Ints Start, Ints Stop, Ints Step) : Op
{
    /// <inheritdoc/>
    public override string Name => "slice";

    /// <inheritdoc/>
    protected override string Parameters => string.Join(", ", Enumerable.Range(0, Start.Length)
        .Select(i => Start[i] == 0 && Stop[i] == int.MaxValue && Step[i] == 1 ? ":"
            : $"{Start[i]}:{(Stop[i] == int.MaxValue ? "" : Stop[i])}{(Step[i] == 1 ? "" : $":{Step[i]}")}"));

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0];
        if (Start.Length != x.Rank) throw Error($"{Start.Length} ranges for rank {x.Rank}", inputs);
        var dims = new int[x.Rank];
        for (int axis = 0; axis < dims.Length; axis++)
        {
            int dim = x.Shape[axis], stop = Stop[axis] == int.MaxValue && dim != Shape.Unknown ? dim : Stop[axis];
            if (Start[axis] < 0 || Step[axis] < 1 || stop < Start[axis]) throw Error($"range {Start[axis]}:{stop}:{Step[axis]} on axis {axis} is not a range", inputs);
            if (dim != Shape.Unknown && stop > dim) throw Error($"range {Start[axis]}:{stop} reaches beyond axis {axis} of {dim}", inputs);
            bool whole = Start[axis] == 0 && stop == int.MaxValue && Step[axis] == 1;
            dims[axis] = stop != int.MaxValue ? (stop - Start[axis] + Step[axis] - 1) / Step[axis] : whole ? dim : Shape.Unknown;
        }
        return new TensorType(x.DType, Shape.Create(dims));
    }

    /// <summary>Zeros everywhere but where the slice was read.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g) => [Pad.Unslice(g, y.Inputs[0], this)];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        int[] strides = inputs[0].Shape.Strides();
        int offset = 0;
        for (int axis = 0; axis < strides.Length; axis++)
        {
            offset += Start[axis] * strides[axis];
            strides[axis] *= Step[axis];
        }
        return inputs[0].Gather(type.Shape, strides, offset);
    }
}

/// <summary>Turns some axes around: what was last comes first.</summary>
public sealed record Reverse(Ints Axes) : Op
{
    /// <inheritdoc/>
    public override string Name => "reverse";

    /// <inheritdoc/>
    protected override string Parameters => $"axes {Axes}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        foreach (int axis in Axes)
            if (axis < 0 || axis >= inputs[0].Rank) throw Error($"axis {axis} does not exist", inputs);
        return inputs[0].Type;
    }

    /// <inheritdoc/>
    public override Tensor?[] Gradient(Tensor y, Tensor g) => [Tensor.Apply(this, g)];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        int[] strides = type.Shape.Strides();
        int offset = 0;
        foreach (int axis in Axes)
        {
            offset += Math.Max(0, type.Shape[axis] - 1) * strides[axis];
            strides[axis] = -strides[axis];
        }
        return inputs[0].Gather(type.Shape, strides, offset);
    }
}
