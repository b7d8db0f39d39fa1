// Pooling over windows of (B, C, H, W): what all pooling shares, max pooling with the ops its gradients are, and the builders.
//
// Max pooling remembers, in an op of its own, which element of each plane was chosen (max_pool_index); the gradient puts g back there
// (max_unpool), and the gradient of that picks it up again (pool_gather). Average pooling stands in
// AveragePooling.cs. The one thing to understand: value and index are two nodes, since a node has one output; lowering computes both in one stage.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>What the pooling ops share.</summary>
public abstract record PoolOp(PoolGeometry Geometry) : Op
{
    /// <inheritdoc/>
    protected override string Parameters => Geometry.ToString();

    private protected Shape Pooled(ReadOnlySpan<Tensor> inputs)
    {
        Shape x = inputs[0].Shape;
        if (x.Rank != 4 || inputs[0].DType != DType.Float32) throw Error("takes float32 images (B, C, H, W)", inputs);
        if (Geometry.WindowY < 1 || Geometry.WindowX < 1 || Geometry.StrideY < 1 || Geometry.StrideX < 1 || Geometry.PadY < 0 || Geometry.PadX < 0
            || Geometry.PadY >= Geometry.WindowY || Geometry.PadX >= Geometry.WindowX)
            throw Error("window and stride must be 1 or more, padding 0 or more and smaller than the window", inputs);
        if ((x[2] != Shape.Unknown && x[2] + 2 * Geometry.PadY < Geometry.WindowY && !Geometry.Ceil) || (x[3] != Shape.Unknown && x[3] + 2 * Geometry.PadX < Geometry.WindowX && !Geometry.Ceil))
            throw Error("the window is larger than the padded image", inputs);
        return [x[0], x[1], x[2] == Shape.Unknown ? x[2] : Geometry.OutH(x[2]), x[3] == Shape.Unknown ? x[3] : Geometry.OutW(x[3])];
    }

    /// <summary>Calls <paramref name="visit"/>(plane, output index in the plane, input index in the plane) for each element of each
    /// window that is on the image, row-major within a window.</summary>
    private protected void Visit(Shape x, Shape y, Action<int, int, int> visit)
    {
        for (int plane = 0; plane < x[0] * x[1]; plane++)
            for (int i = 0; i < y[2]; i++)
                for (int j = 0; j < y[3]; j++)
                    for (int p = 0; p < Geometry.WindowY; p++)
                        for (int q = 0; q < Geometry.WindowX; q++)
                        {
                            int row = i * Geometry.StrideY + p - Geometry.PadY, column = j * Geometry.StrideX + q - Geometry.PadX;
                            if (row >= 0 && row < x[2] && column >= 0 && column < x[3]) visit(plane, i * y[3] + j, row * x[3] + column);
                        }
    }

    private protected int[] Chosen(ReferenceArray x, Shape y)
    {
        var chosen = new int[(int)y.Count];
        Array.Fill(chosen, -1);
        int inPlane = x.Shape[2] * x.Shape[3], outPlane = y[2] * y[3];
        Visit(x.Shape, y, (plane, o, i) =>
        {
            ref int best = ref chosen[plane * outPlane + o];
            double candidate = x.Data[plane * inPlane + i], largest = best < 0 ? double.NegativeInfinity : x.Data[plane * inPlane + best];
            if (best < 0 || candidate > largest || (double.IsNaN(candidate) && !double.IsNaN(largest))) best = i;
        });
        return chosen;
    }
}

/// <summary>The largest element of each window; padding never wins; NaN if any is.</summary>
public sealed record MaxPool(PoolGeometry Geometry) : PoolOp(Geometry)
{
    /// <inheritdoc/>
    public override string Name => "max_pool";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new(DType.Float32, Pooled(inputs));

    /// <summary>g where the largest elements were; the first of a tie.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g) =>
        [MaxUnpool.Of(Tensor.Apply(new MaxPoolIndex(Geometry), y.Inputs[0]), g, y.Inputs[0])];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        int[] chosen = Chosen(inputs[0], type.Shape);
        int inPlane = inputs[0].Shape[2] * inputs[0].Shape[3], outPlane = type.Shape[2] * type.Shape[3];
        double[] x = inputs[0].Data;
        return new ReferenceArray(type.Shape, [.. chosen.Select((index, o) => x[o / outPlane * inPlane + index])]);
    }
}

/// <summary>Which element of its H*W plane (int32, row-major) each window's largest is: the first of a tie, the first NaN.</summary>
public sealed record MaxPoolIndex(PoolGeometry Geometry) : PoolOp(Geometry)
{
    /// <inheritdoc/>
    public override string Name => "max_pool_index";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new(DType.Int32, Pooled(inputs));

    /// <summary>An index gives no gradient.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g) => [null];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) =>
        new(type.Shape, [.. Chosen(inputs[0], type.Shape).Select(index => (double)index)]);
}

/// <summary>Planes of zeros of H x W with each g (B, C, OH, OW) added at its index. Without a size, that of a third input.</summary>
public sealed record MaxUnpool(int? H, int? W) : Op
{
    /// <inheritdoc/>
    public override string Name => "max_unpool";

    /// <inheritdoc/>
    public override Tolerance Tolerance => new(1e-6);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) =>
        new(DType.Float32, [inputs[1].Shape[0], inputs[1].Shape[1], H ?? inputs[2].Shape[2], W ?? inputs[2].Shape[3]]);

    /// <inheritdoc/>
    public override Tensor Rebuild(Tensor[] inputs, Tensor old) =>
        H is null && inputs[2].Shape.IsKnown ? Of(inputs[0], inputs[1], inputs[2]) : base.Rebuild(inputs, old);

    /// <summary>Each g from where it was put.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor back = Tensor.Apply(new PoolGather(), y.Inputs[0], g);
        return H is null ? [null, back, null] : [null, back];
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var result = new ReferenceArray(type.Shape);
        Shape pooled = inputs[1].Shape;
        int outPlane = type.Shape[2] * type.Shape[3], inPlane = pooled[2] * pooled[3];
        for (int i = 0; i < inputs[1].Data.Length; i++)
            result.Data[i / inPlane * outPlane + (int)inputs[0].Data[i]] += inputs[1].Data[i];
        return result;
    }

    internal static Tensor Of(Tensor index, Tensor g, Tensor like) => like.Shape[2] != Shape.Unknown && like.Shape[3] != Shape.Unknown
        ? Tensor.Apply(new MaxUnpool(like.Shape[2], like.Shape[3]), index, g)
        : Tensor.Apply(new MaxUnpool(null, null), index, g, like);
}

/// <summary>From planes v (B, C, H, W), the element at each index (B, C, OH, OW).</summary>
public sealed record PoolGather : Op
{
    /// <inheritdoc/>
    public override string Name => "pool_gather";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new(DType.Float32, inputs[0].Shape);

    /// <inheritdoc/>
    public override Tensor?[] Gradient(Tensor y, Tensor g) => [null, MaxUnpool.Of(y.Inputs[0], g, y.Inputs[1])];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var result = new ReferenceArray(type.Shape);
        Shape v = inputs[1].Shape;
        int outPlane = type.Shape[2] * type.Shape[3];
        for (int i = 0; i < result.Data.Length; i++)
            result.Data[i] = inputs[1].Data[i / Math.Max(1, outPlane) * v[2] * v[3] + (int)inputs[0].Data[i]];
        return result;
    }
}

public static partial class T
{
    /// <summary>The largest element of each window of images (B, C, H, W); a tie gives its gradient to the first. float32.</summary>
    /// <param name="x">Images (B, C, H, W).</param>
    /// <param name="window">Height and width of the window.</param>
    /// <param name="stride">Steps between windows; the window's size if not given.</param>
    /// <param name="padding">Pixels on each side, (y, x); they never win.</param>
    /// <param name="ceil">Whether a last, partial window counts; if not, the rest of the image is left out.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <example><code>T.MaxPool2D(h, (2, 2), ceil: true)   // 13 x 13 -> 7 x 7</code></example>
    public static Tensor MaxPool2D(Tensor x, (int Y, int X) window, (int Y, int X)? stride = null, (int Y, int X)? padding = null, bool ceil = false,
        [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Tensor.Apply(new MaxPool(GeometryOf(window, stride, padding, ceil)), x);
    }

    /// <summary>The mean of each window of images (B, C, H, W). Arguments as in MaxPool2D. float32.</summary>
    /// <param name="x">Images (B, C, H, W).</param>
    /// <param name="window">Height and width of the window.</param>
    /// <param name="stride">Steps between windows; the window's size if not given.</param>
    /// <param name="padding">Pixels on each side, (y, x).</param>
    /// <param name="ceil">Whether a last, partial window counts.</param>
    /// <param name="countPadding">Divide by the window's full size, padding counted as zeros; else by the elements on the image.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public static Tensor AvgPool2D(Tensor x, (int Y, int X) window, (int Y, int X)? stride = null, (int Y, int X)? padding = null, bool ceil = false,
        bool countPadding = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Tensor.Apply(new AvgPool(GeometryOf(window, stride, padding, ceil), countPadding), x);
    }

    private static PoolGeometry GeometryOf((int Y, int X) window, (int Y, int X)? stride, (int Y, int X)? padding, bool ceil)
    {
        ((int sy, int sx), (int py, int px)) = (stride ?? window, padding ?? (0, 0));
        return new(window.Y, window.X, sy, sx, py, px, ceil);
    }
}
