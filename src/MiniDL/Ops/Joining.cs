// Ops that put tensors together or around: pad (the mirror image of slice), concat, stack.
//
// The one thing to understand: putting together and taking apart are each other's gradients: pad and slice, concat and parts.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>Surrounds a tensor with a value: <paramref name="Low"/> elements before, <paramref name="High"/> after and
/// <paramref name="Interior"/> between any two, along every axis.</summary>
public sealed record Pad(Ints Low, Ints High, Ints Interior, float Value) : Op
{
    /// <inheritdoc/>
    public override string Name => "pad";

    /// <inheritdoc/>
    protected override string Parameters => $"low {Low}, high {High}" + (Interior.Values.IndexOfAnyExcept(0) < 0 ? "" : $", between {Interior}") + (Value == 0 ? "" : $", with {Value}");

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Shape shape = inputs[0].Shape;
        if (Low.Length != shape.Rank || High.Length != shape.Rank) throw Error($"{Low.Length} and {High.Length} paddings for rank {shape.Rank}", inputs);
        var dims = new int[shape.Rank];
        for (int axis = 0; axis < dims.Length; axis++)
        {
            if (Low[axis] < 0 || High[axis] < 0 || Interior[axis] < 0) throw Error("a padding is below 0", inputs);
            int dim = shape[axis];
            dims[axis] = dim == Shape.Unknown ? Shape.Unknown : Low[axis] + dim + Math.Max(0, dim - 1) * Interior[axis] + High[axis];
        }
        return new TensorType(inputs[0].DType, Shape.Create(dims));
    }

    /// <summary>The padded positions are constant; the others are read back by a slice.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor x = y.Inputs[0];
        if (!x.Shape.IsKnown) return [Tensor.Apply(new Unpad(this), g, x)];
        return [Inside(g, x.Shape)];
    }

    /// <summary>The slice of a padded tensor where the original of a known shape stands.</summary>
    internal Tensor Inside(Tensor padded, Shape original)
    {
        var stop = new int[original.Rank];
        var step = new int[original.Rank];
        for (int axis = 0; axis < stop.Length; axis++)
        {
            step[axis] = Interior[axis] + 1;
            stop[axis] = original[axis] == 0 ? Low[axis] : Low[axis] + (original[axis] - 1) * step[axis] + 1;
        }
        return Tensor.Apply(new Slice(Low, Ints.Create(stop), Ints.Create(step)), padded);
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var result = new ReferenceArray(type.Shape);
        Array.Fill(result.Data, Value);
        int[] strides = type.Shape.Strides();
        Shape shape = inputs[0].Shape;
        Span<int> index = stackalloc int[shape.Rank];
        foreach (double x in inputs[0].Data)
        {
            int target = 0;
            for (int axis = 0; axis < index.Length; axis++)
                target += (Low[axis] + index[axis] * (Interior[axis] + 1)) * strides[axis];
            result.Data[target] = x;
            ReferenceArray.Advance(index, shape);
        }
        return result;
    }

    /// <summary>The gradient of a slice: <paramref name="g"/> put where <paramref name="slice"/> read from
    /// <paramref name="like"/>, zeros elsewhere.</summary>
    internal static Tensor Unslice(Tensor g, Tensor like, Slice slice)
    {
        if (!like.Shape.IsKnown || !g.Shape.IsKnown) return Tensor.Apply(new Unslice(slice), g, like);
        var high = new int[like.Rank];
        var interior = new int[like.Rank];
        for (int axis = 0; axis < high.Length; axis++)
        {
            int count = g.Shape[axis], step = slice.Step[axis];
            interior[axis] = step - 1;
            high[axis] = like.Shape[axis] - slice.Start[axis] - (count == 0 ? 0 : (count - 1) * step + 1);
        }
        return Tensor.Apply(new Pad(slice.Start, Ints.Create(high), Ints.Create(interior), 0), g);
    }
}

/// <summary>The gradient of <see cref="Pad"/> while shapes are unknown: becomes a slice once they are known.</summary>
public sealed record Unpad(Pad Of) : DeferredOp
{
    /// <inheritdoc/>
    public override string Name => "unpad";

    /// <inheritdoc/>
    protected override Tensor Resolve(Tensor[] inputs) => Of.Inside(inputs[0], inputs[1].Shape);
}

/// <summary>The gradient of <see cref="Slice"/> while shapes are unknown: becomes a pad once they are known.</summary>
public sealed record Unslice(Slice Of) : DeferredOp
{
    /// <inheritdoc/>
    public override string Name => "unslice";

    /// <inheritdoc/>
    protected override Tensor Resolve(Tensor[] inputs) => Pad.Unslice(inputs[0], inputs[1], Of);
}

/// <summary>Tensors one after the other along an axis; all other dims are equal.</summary>
public sealed record Concat(int Axis) : Op
{
    /// <inheritdoc/>
    public override string Name => "concat";

    /// <inheritdoc/>
    protected override string Parameters => $"axis {Axis}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Tensor first = inputs[0];
        if (Axis < 0 || Axis >= first.Rank) throw Error($"axis {Axis} does not exist in rank {first.Rank}", inputs);
        int[] dims = first.Shape.Dims.ToArray();
        dims[Axis] = 0;
        foreach (Tensor input in inputs)
        {
            if (input.Rank != first.Rank) throw Error("the ranks differ", inputs);
            if (input.DType != first.DType) throw Error("the dtypes differ", inputs);
            for (int axis = 0; axis < dims.Length; axis++)
            {
                int dim = input.Shape[axis];
                if (axis == Axis) dims[axis] = dim == Shape.Unknown || dims[axis] == Shape.Unknown ? Shape.Unknown : dims[axis] + dim;
                else if (dims[axis] == Shape.Unknown) dims[axis] = dim;
                else if (dim != Shape.Unknown && dim != dims[axis]) throw Error($"axis {axis} is {dims[axis]} and {dim}", inputs);
            }
        }
        return new TensorType(first.DType, Shape.Create(dims));
    }

    /// <summary>Each input's part of g.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor[] inputs = y.Inputs.ToArray();
        var gradients = new Tensor?[inputs.Length];
        for (int i = 0; i < inputs.Length; i++) gradients[i] = Part.Of(Axis, i, g, inputs);
        return gradients;
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var result = new ReferenceArray(type.Shape);
        int outer = (int)type.Shape.Product(0, Axis), row = (int)type.Shape.Product(Axis, type.Rank), at = 0;
        foreach (ReferenceArray input in inputs)
        {
            int part = (int)input.Shape.Product(Axis, type.Rank);
            for (int i = 0; i < outer; i++)
                Array.Copy(input.Data, i * part, result.Data, i * row + at, part);
            at += part;
        }
        return result;
    }
}

/// <summary>The part of g that belongs to input <paramref name="Index"/> of a concat whose inputs follow g;
/// becomes a slice once their dims along the axis are known.</summary>
public sealed record Part(int Axis, int Index) : DeferredOp
{
    /// <inheritdoc/>
    public override string Name => "part";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new(inputs[0].DType, inputs[Index + 1].Shape);

    /// <inheritdoc/>
    protected override Tensor Resolve(Tensor[] inputs) => Of(Axis, Index, inputs[0], inputs[1..]);

    internal static Tensor Of(int axis, int index, Tensor g, Tensor[] parts)
    {
        if (parts.Any(part => !part.Shape.IsKnown)) return Tensor.Apply(new Part(axis, index), [g, .. parts]);
        int start = parts[..index].Sum(part => part.Shape[axis]);
        int[] starts = new int[g.Rank], stops = parts[index].Shape.Dims.ToArray(), steps = new int[g.Rank];
        Array.Fill(steps, 1);
        starts[axis] = start;
        stops[axis] += start;
        return Tensor.Apply(new Slice(Ints.Create(starts), Ints.Create(stops), Ints.Create(steps)), g);
    }
}

public static partial class T
{
    /// <summary>Tensors one after the other along an axis.</summary>
    /// <exception cref="GraphException">Dims of the other axes, ranks or dtypes differ.</exception>
    public static Tensor Concat(Tensor[] parts, int axis = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(parts);
        using var at = Source.Here(file, line);
        Tensor.ThrowIfAnyNull("concat", parts);
        if (parts.Length == 0) throw new GraphException("concat: there is nothing to put together");
        int positive = AxisOf("concat", parts[0], axis, parts[0].Rank);
        return parts.Length == 1 ? parts[0] : Tensor.Apply(new Concat(positive), [.. parts]);
    }

    /// <summary>Tensors of one shape along a new axis: n matrices (R, C) become (n, R, C).</summary>
    public static Tensor Stack(Tensor[] parts, int axis = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(parts);
        using var at = Source.Here(file, line);
        return Concat([.. parts.Select(part => ExpandDims(part, axis))], axis);
    }

    /// <summary>x with a new axis of 1 at a position.</summary>
    public static Tensor ExpandDims(Tensor x, int axis, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        var pattern = Enumerable.Range(0, x.Rank).ToList();
        pattern.Insert(AxisOf("expand_dims", x, axis, x.Rank + 1), -1);
        return DimShuffle(x, [.. pattern]);
    }

    /// <summary>x surrounded by a value: <paramref name="low"/> elements before and <paramref name="high"/> after each axis.</summary>
    /// <example><code>T.Pad(images, [0, 0, 2, 2], [0, 0, 2, 2])   // two pixels around H and W</code></example>
    public static Tensor Pad(Tensor x, int[] low, int[] high, float value = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(low);
        ArgumentNullException.ThrowIfNull(high);
        using var at = Source.Here(file, line);
        return Tensor.Apply(new Pad(Ints.Create(low), Ints.Create(high), Ints.Create(new int[x.Rank]), value), x);
    }
}
