// 2-D convolution and its two gradients: three ops that are each other's gradients, so that any derivative exists.
//
//   y[b,o,i,j]  = sum over c,p,q of x[b,c, i S + p - top, j S + q - left] w[o,c,p,q]        (conv2d: a correlation, nothing flipped)
// is linear in x and in w. With g the gradient for y, the gradient for x spreads g back over the windows and the one for w correlates
// x with g. Each is linear in its two operands again, hence the closed triangle below. Layout: x (B, C, H, W), w (O, C, KH, KW),
// y (B, O, OH, OW). A true convolution turns the filter around first: flip.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>What the three convolution ops share: a geometry and the loop that visits every product of the sum.</summary>
public abstract record ConvOp(ConvGeometry Geometry) : Op
{
    /// <inheritdoc/>
    public override Tolerance Tolerance => new(4e-6, OfLargest: true);

    /// <summary>Checks ranks, dtypes and, for two dims that must agree, their sizes.</summary>
    private protected void Check(ReadOnlySpan<Tensor> inputs, int axisOfFirst, int axisOfSecond)
    {
        for (int i = 0; i < 2; i++)
        {
            if (inputs[i].DType != DType.Float32) throw Error("takes float32; use T.Cast", inputs);
            if (inputs[i].Rank != 4) throw Error($"takes rank 4, images (B, C, H, W) and filters (O, C, H, W), not rank {inputs[i].Rank}", inputs);
        }
        int a = inputs[0].Shape[axisOfFirst], b = inputs[1].Shape[axisOfSecond];
        if (a != b && a != Shape.Unknown && b != Shape.Unknown) throw Error($"the numbers of channels differ: {a} and {b}", inputs);
    }

    /// <summary>Calls <paramref name="visit"/>(x index, w index, y index) for each term of the sum that falls on the image.</summary>
    private protected void Visit(Shape x, Shape w, Shape y, Action<int, int, int> visit)
    {
        for (int b = 0; b < y[0]; b++)
            for (int o = 0; o < y[1]; o++)
                for (int i = 0; i < y[2]; i++)
                    for (int j = 0; j < y[3]; j++)
                        for (int c = 0; c < w[1]; c++)
                            for (int p = 0; p < w[2]; p++)
                                for (int q = 0; q < w[3]; q++)
                                {
                                    int row = i * Geometry.StrideY + p - Geometry.Top, column = j * Geometry.StrideX + q - Geometry.Left;
                                    if (row < 0 || row >= x[2] || column < 0 || column >= x[3]) continue;
                                    visit(((b * x[1] + c) * x[2] + row) * x[3] + column, ((o * w[1] + c) * w[2] + p) * w[3] + q, ((b * y[1] + o) * y[2] + i) * y[3] + j);
                                }
    }
}

/// <summary>conv2d(x, w).</summary>
public sealed record Conv2D(ConvGeometry Geometry) : ConvOp(Geometry)
{
    /// <inheritdoc/>
    public override string Name => "conv2d";

    /// <inheritdoc/>
    protected override string Parameters => Geometry.ToString();

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Check(inputs, 1, 1);
        Shape x = inputs[0].Shape, w = inputs[1].Shape;
        bool heights = x[2] != Shape.Unknown && w[2] != Shape.Unknown, widths = x[3] != Shape.Unknown && w[3] != Shape.Unknown;
        if ((heights && x[2] + Geometry.Top + Geometry.Bottom < w[2]) || (widths && x[3] + Geometry.Left + Geometry.Right < w[3]))
            throw Error($"the filter {w[2]}x{w[3]} is larger than the padded image", inputs);
        return new TensorType(DType.Float32, [x[0], w[0], heights ? Geometry.OutH(x[2], w[2]) : Shape.Unknown, widths ? Geometry.OutW(x[3], w[3]) : Shape.Unknown]);
    }

    /// <inheritdoc/>
    public override Tensor?[] Gradient(Tensor y, Tensor g) =>
        [Conv2DInputGrad.Of(Geometry, g, y.Inputs[1], y.Inputs[0]), Conv2DFilterGrad.Of(Geometry, y.Inputs[0], g, y.Inputs[1])];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var y = new ReferenceArray(type.Shape);
        double[] x = inputs[0].Data, w = inputs[1].Data;
        Visit(inputs[0].Shape, inputs[1].Shape, type.Shape, (ix, iw, iy) => y.Data[iy] += x[ix] * w[iw]);
        return y;
    }
}

/// <summary>The gradient of conv2d for its input: from g (B, O, OH, OW) and w, of an image's height and width.
/// Without them, those of a third input.</summary>
public sealed record Conv2DInputGrad(ConvGeometry Geometry, int? H, int? W) : ConvOp(Geometry)
{
    /// <inheritdoc/>
    public override string Name => "conv2d_input_grad";

    /// <inheritdoc/>
    protected override string Parameters => Geometry.ToString();

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Check(inputs, 1, 0);
        return new TensorType(DType.Float32, [inputs[0].Shape[0], inputs[1].Shape[1], H ?? inputs[2].Shape[2], W ?? inputs[2].Shape[3]]);
    }

    /// <inheritdoc/>
    public override Tensor Rebuild(Tensor[] inputs, Tensor old) =>
        H is null && inputs[2].Shape.IsKnown ? Of(Geometry, inputs[0], inputs[1], inputs[2]) : base.Rebuild(inputs, old);

    /// <summary>With h the gradient for this image: conv2d(h, w) for g, and the filter gradient of h and g for w.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor forG = Tensor.Apply(new Conv2D(Geometry), g, y.Inputs[1]), forW = Conv2DFilterGrad.Of(Geometry, g, y.Inputs[0], y.Inputs[1]);
        return H is null ? [forG, forW, null] : [forG, forW];
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var x = new ReferenceArray(type.Shape);
        double[] g = inputs[0].Data, w = inputs[1].Data;
        Visit(type.Shape, inputs[1].Shape, inputs[0].Shape, (ix, iw, iy) => x.Data[ix] += g[iy] * w[iw]);
        return x;
    }

    internal static Tensor Of(ConvGeometry geometry, Tensor g, Tensor w, Tensor like) =>
        like.Shape[2] != Shape.Unknown && like.Shape[3] != Shape.Unknown
            ? Tensor.Apply(new Conv2DInputGrad(geometry, like.Shape[2], like.Shape[3]), g, w)
            : Tensor.Apply(new Conv2DInputGrad(geometry, null, null), g, w, like);
}

/// <summary>The gradient of conv2d for its filter: from x and g (B, O, OH, OW), of a filter's height and width.
/// Without them, those of a third input.</summary>
public sealed record Conv2DFilterGrad(ConvGeometry Geometry, int? H, int? W) : ConvOp(Geometry)
{
    /// <inheritdoc/>
    public override string Name => "conv2d_filter_grad";

    /// <inheritdoc/>
    protected override string Parameters => Geometry.ToString();

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        Check(inputs, 0, 0);
        return new TensorType(DType.Float32, [inputs[1].Shape[1], inputs[0].Shape[1], H ?? inputs[2].Shape[2], W ?? inputs[2].Shape[3]]);
    }

    /// <inheritdoc/>
    public override Tensor Rebuild(Tensor[] inputs, Tensor old) =>
        H is null && inputs[2].Shape.IsKnown ? Of(Geometry, inputs[0], inputs[1], inputs[2]) : base.Rebuild(inputs, old);

    /// <summary>With h the gradient for this filter: the input gradient of g and h for x, and conv2d(x, h) for g.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor forX = Conv2DInputGrad.Of(Geometry, y.Inputs[1], g, y.Inputs[0]), forG = Tensor.Apply(new Conv2D(Geometry), y.Inputs[0], g);
        return H is null ? [forX, forG, null] : [forX, forG];
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var w = new ReferenceArray(type.Shape);
        double[] x = inputs[0].Data, g = inputs[1].Data;
        Visit(inputs[0].Shape, type.Shape, inputs[1].Shape, (ix, iw, iy) => w.Data[iw] += x[ix] * g[iy]);
        return w;
    }

    internal static Tensor Of(ConvGeometry geometry, Tensor x, Tensor g, Tensor like) =>
        like.Shape[2] != Shape.Unknown && like.Shape[3] != Shape.Unknown
            ? Tensor.Apply(new Conv2DFilterGrad(geometry, like.Shape[2], like.Shape[3]), x, g)
            : Tensor.Apply(new Conv2DFilterGrad(geometry, null, null), x, g, like);
}

/// <summary>How much padding a convolution gets, by the name of what it does to the size.</summary>
public enum ConvMode
{
    /// <summary>None: windows stay on the image; out = size - F + 1 at stride 1.</summary>
    Valid,

    /// <summary>F - 1 in all, the odd one at the end: out = size at stride 1, ceil(size / S) otherwise.</summary>
    Same,

    /// <summary>F - 1 on each side: windows touch the image; out = size + F - 1 at stride 1.</summary>
    Full,
}

public static partial class T
{
    /// <summary>2-D convolution of images (B, C, H, W) with filters (O, C, KH, KW), float32. A correlation unless flipped.</summary>
    /// <param name="x">Images (B, C, H, W).</param>
    /// <param name="w">Filters (O, C, KH, KW); KH and KW are known.</param>
    /// <param name="mode">Valid, Same or Full padding.</param>
    /// <param name="stride">Steps between windows, (y, x) in pixels.</param>
    /// <param name="padding">Pixels on each side, (y, x), instead of the mode's.</param>
    /// <param name="flip">Turn the filters around in both directions: a convolution in the mathematical sense.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="GraphException">Ranks or channels do not fit, or the filter is larger than the padded image.</exception>
    /// <example><code>T.Conv2D(images, w, ConvMode.Full)   // (128, 1, 28, 28), (32, 1, 3, 3) -> (128, 32, 30, 30)</code></example>
    public static Tensor Conv2D(Tensor x, Tensor w, ConvMode mode = ConvMode.Valid, (int Y, int X)? stride = null, (int Y, int X)? padding = null,
        bool flip = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(w);
        using var at = Source.Here(file, line);
        if (w.Rank != 4 || w.Shape[2] == MiniDL.Shape.Unknown || w.Shape[3] == MiniDL.Shape.Unknown)
            throw GraphException.About("conv2d", "filters must be (O, C, KH, KW) with KH and KW known", [x, w]);
        (int sy, int sx) = stride ?? (1, 1);
        if (sy < 1 || sx < 1 || padding is { Y: < 0 } or { X: < 0 }) throw GraphException.About("conv2d", "strides must be 1 or more and paddings 0 or more", [x, w]);
        int fy = w.Shape[2] - 1, fx = w.Shape[3] - 1;
        ConvGeometry geometry = (padding, mode) switch
        {
            ({ } p, _) => new(sy, sx, p.Y, p.Y, p.X, p.X),
            (_, ConvMode.Valid) => new(sy, sx, 0, 0, 0, 0),
            (_, ConvMode.Same) => new(sy, sx, fy / 2, fy - fy / 2, fx / 2, fx - fx / 2),
            _ => new(sy, sx, fy, fy, fx, fx),
        };
        return Tensor.Apply(new Conv2D(geometry), x, flip ? Flip(w, [2, 3]) : w);
    }
}
