// Convolution and pooling as layers: filters (O, C, KH, KW) over images (B, C, H, W), channels first; and the way from and to channels last.
//
//     out = floor((in + 2 padding - window) / stride) + 1        of each side; with ceil, rounded up
//
// (V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016, relationship 6.) The one thing to understand: a filter looks at all channels of its
// window at once, so 4 filters of 3 x 3 over 6 channels have 4 (6 3 3 + 1) = 220 parameters, wherever they are applied.
namespace MiniDL;

public abstract partial class Layer
{
    /// <summary>Convolution (correlation, as most libraries) with filters of size x size, plus a bias for each.</summary>
    /// <param name="filters">O.</param>
    /// <param name="size">KH = KW, in pixels.</param>
    /// <param name="mode">Valid, Same or Full padding.</param>
    /// <param name="stride">Pixels between windows, both ways.</param>
    /// <param name="padding">Pixels on each side instead of the mode's.</param>
    /// <param name="bias">Whether there is a bias, 0 at first; before batch normalisation it would do nothing.</param>
    /// <param name="first">First filters; Xavier's uniform ones if not given.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count or size below 1.</exception>
    /// <example><code>Layer conv = Layer.Conv2D(32, 3, ConvMode.Same);   // (B, 1, 28, 28) -> (B, 32, 28, 28)</code></example>
    public static Layer Conv2D(int filters, int size, ConvMode mode = ConvMode.Valid, int stride = 1, int? padding = null, bool bias = true, Func<Init, Shape, NDArray>? first = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(filters, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        return new ConvolutionLayer(filters, size, mode, stride, padding, bias, first ?? ((init, shape) => init.XavierUniform(shape)));
    }

    /// <summary>The largest of each window.</summary>
    /// <param name="size">Side of the window in pixels.</param>
    /// <param name="stride">Pixels between windows; the window's side if not given.</param>
    /// <param name="padding">Pixels on each side, which never win.</param>
    /// <param name="ceil">Whether a last, partial window counts.</param>
    public static Layer MaxPool2D(int size, int? stride = null, int padding = 0, bool ceil = false) =>
        Of("max_pool2d", x => T.MaxPool2D(x, (size, size), (stride ?? size, stride ?? size), (padding, padding), ceil));

    /// <summary>The mean of each window. Arguments as in <see cref="MaxPool2D"/>.</summary>
    public static Layer AvgPool2D(int size, int? stride = null, int padding = 0, bool ceil = false) =>
        Of("avg_pool2d", x => T.AvgPool2D(x, (size, size), (stride ?? size, stride ?? size), (padding, padding), ceil));

    /// <summary>Images channels last, (B, H, W, C), become channels first, (B, C, H, W): put it in front of a net whose images come from a program that keeps the colors of a pixel together.</summary>
    public static Layer ChannelsFirst { get; } = Of("channels_first", x => T.Transpose(x, [0, 3, 1, 2]));

    /// <summary>The way back: (B, C, H, W) becomes (B, H, W, C).</summary>
    public static Layer ChannelsLast { get; } = Of("channels_last", x => T.Transpose(x, [0, 2, 3, 1]));

    /// <summary>The mean of each channel: (B, C, H, W) becomes (B, C).</summary>
    public static Layer GlobalAvgPool2D { get; } = Of("global_avg_pool2d", x => T.Mean(x, axes: [2, 3]));
}

/// <summary>Filters over images.</summary>
internal sealed class ConvolutionLayer(int filters, int size, ConvMode mode, int stride, int? padding, bool bias, Func<Init, Shape, NDArray> first) : Layer
{
    public override string Kind => "conv2d";

    protected internal override Tensor Apply(Tensor x, Scope scope)
    {
        if (x.Rank != 4 || x.Shape[1] == Shape.Unknown) throw GraphException.About("conv2d", $"needs images (B, C, H, W) with C known, not {x.Shape}", [x]);
        Tensor w = scope.Parameter("filters", [filters, x.Shape[1], size, size], first);
        Tensor y = T.Conv2D(x, w, mode, (stride, stride), padding is { } pixels ? (pixels, pixels) : null);
        return bias ? y + T.Reshape(scope.Parameter("bias", [filters], (_, shape) => NDArray.Zeros(shape)), [1, filters, 1, 1]) : y;
    }
}
