// The builders users call to rearrange tensors: transpose, dimshuffle, reshape, flatten, broadcast, slice, flip.
//
// The one thing to understand: none of them moves a number. They are index maps with a name, which lowering turns into strides (Lowering/IndexMaps.cs).
using System.Runtime.CompilerServices;

namespace MiniDL;

public static partial class T
{
    /// <summary>Axes in another order; without one, reversed: the transpose of a matrix.</summary>
    /// <example><code>T.Transpose(w)             // (784, 625) -> (625, 784)
    /// T.Transpose(images, [0, 2, 3, 1])  // NCHW -> NHWC</code></example>
    public static Tensor Transpose(Tensor x, int[]? order = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        order ??= [.. Enumerable.Range(0, x.Rank).Reverse()];
        if (order.Length != x.Rank) throw GraphException.About("transpose", $"{order.Length} axes for rank {x.Rank}", [x]);
        return MiniDL.DimShuffle.Of(x, [.. order.Select(axis => AxisOf("transpose", x, axis, x.Rank))]);
    }

    /// <summary>Permutes axes, adds axes of 1 (-1) and drops axes of 1 (left out), as Theano's dimshuffle does.</summary>
    /// <example><code>T.DimShuffle(bias, [-1, 0, -1, -1])   // (C) -> (1, C, 1, 1)</code></example>
    public static Tensor DimShuffle(Tensor x, int[] pattern, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(pattern);
        using var at = Source.Here(file, line);
        return MiniDL.DimShuffle.Of(x, pattern);
    }

    /// <summary>The same elements, row-major, under another shape; one dim may be -1: what is left.</summary>
    /// <exception cref="GraphException">The numbers of elements differ.</exception>
    /// <example><code>T.Reshape(x, [-1, 1, 28, 28])</code></example>
    public static Tensor Reshape(Tensor x, Shape shape, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(shape);
        using var at = Source.Here(file, line);
        if (shape.Dims.Count(MiniDL.Shape.Unknown) > 1) throw GraphException.About("reshape", $"only one dim of {shape} may be left open", [x]);
        return ReshapeTo.To(x, shape);
    }

    /// <summary>All axes from <paramref name="axis"/> on as one: a batch of images (B, C, H, W) becomes (B, C*H*W).</summary>
    public static Tensor Flatten(Tensor x, int axis = 1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        Tensor flat = Tensor.Apply(new FlattenOp(axis), x);
        return x.Shape.IsKnown ? ReshapeTo.To(x, flat.Shape) : flat;
    }

    /// <summary>x stretched to a shape: dims of 1 and missing leading dims are repeated.</summary>
    /// <exception cref="GraphException">A dim is neither 1 nor that of the shape.</exception>
    public static Tensor BroadcastTo(Tensor x, Shape shape, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(shape);
        using var at = Source.Here(file, line);
        if (!shape.IsKnown) throw GraphException.About("broadcast", $"the shape {shape} must be known", [x]);
        return MiniDL.BroadcastTo.To(x, shape);
    }

    /// <summary>A range of each axis: start, start + step, ... below stop. Axes that are not named are taken whole.</summary>
    /// <exception cref="GraphException">A range reaches beyond its axis, or stops before it starts.</exception>
    /// <example><code>T.Slice(x, (2, 5), (0, 28, 2))       // x[2:5, 0:28:2]
    /// T.Slice(x, T.All, (0, 10))           // x[:, 0:10]</code></example>
    public static Tensor Slice(Tensor x, Range first, Range? second = null, Range? third = null, Range? fourth = null,
        [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        Range?[] ranges = [first, second, third, fourth];
        var full = Enumerable.Range(0, x.Rank).Select(axis => (axis < 4 ? ranges[axis] : null) ?? All).ToArray();
        if (ranges[^1] is not null && x.Rank < 4 || ranges[2] is not null && x.Rank < 3 || ranges[1] is not null && x.Rank < 2 || x.Rank == 0)
            throw GraphException.About("slice", $"more ranges than the {x.Rank} axes", [x]);
        return Tensor.Apply(new Slice([.. full.Select(r => r.Start)], [.. full.Select(r => r.Stop)], [.. full.Select(r => r.Step)]), x);
    }

    /// <summary>A range that takes an axis whole.</summary>
    public static readonly Range All = new(0, int.MaxValue);

    /// <summary>Rows start to start + count - 1 of the outermost axis.</summary>
    public static Tensor Rows(Tensor x, int start, int count, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Slice(x, new Range(start, start + count), file: file, line: line);

    /// <summary>Some axes turned around: a filter flipped in both directions is <c>T.Flip(w, [2, 3])</c>.</summary>
    /// <exception cref="GraphException">An axis does not exist or is named twice.</exception>
    public static Tensor Flip(Tensor x, int[] axes, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(axes);
        using var at = Source.Here(file, line);
        return Tensor.Apply(new Reverse(AxesOf("flip", x, null, axes)), x);
    }

    /// <summary>x itself, but no gradient flows back through it.</summary>
    public static Tensor StopGradient(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Tensor.Apply(new StopGradient(), x);
    }
}

/// <summary>Indices start, start + step, ... below stop, all 0 or more; the argument of <c>T.Slice</c>.</summary>
public readonly record struct Range(int Start, int Stop, int Step = 1)
{
    /// <summary>(start, stop) is a range with step 1.</summary>
    public static implicit operator Range((int Start, int Stop) range) => new(range.Start, range.Stop);

    /// <summary>(start, stop, step).</summary>
    public static implicit operator Range((int Start, int Stop, int Step) range) => new(range.Start, range.Stop, range.Step);
}
