// imagekernels: filters that nobody trained, applied by the very op that a convolutional net is made of.
//
//     y[i, j] = sum over p = 0..F-1, q = 0..F-1 of x[i + p, j + q] w[p, q]                 an F x F filter; for F = 5 the sums run over 0..4, twenty-five products
//
// A filter is a pattern detector: y[i, j] is the dot product of the filter with the patch of the image below it, large where the two look alike. Sobel's filter for top edges asks "dark above, bright
// below?"; a trained net's first layer has dozens of such questions, and found them by itself. (Sobel and Feldman, "A 3x3 isotropic gradient operator", 1968.)
//
// Correlation or convolution? The formula above is a correlation, the filter as it is printed; it is what T.Conv2D computes. A convolution in the mathematical sense has x[i - p, j - q], that is, the filter
// turned by half a turn (`flip: true`). A blur does not care. Sobel's filters turned are their own negatives: the detector of top edges becomes one of bottom edges. A net that learns its filters learns the
// turned ones instead, so the choice is a convention; with filters by hand, and with sources that disagree on which Sobel is "top", one must know.
//
// What to look at: red is agreement, blue its opposite. The top edge of a stroke is red in "top edges", its bottom edge blue.
using MiniDL.Pictures;
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>Image kernels on a digit. It has no training, so --epochs, --steps and --batch mean nothing to it; --seed chooses the digit.</summary>
public static class ImageKernelsLecture
{
    /// <summary>A filter with its name.</summary>
    /// <param name="Name">What it does.</param>
    /// <param name="Weights">Row by row, 3 x 3 or 5 x 5.</param>
    /// <param name="IsSigned">Whether its answers are for and against, rather than brightness.</param>
    public sealed record Kernel(string Name, float[] Weights, bool IsSigned = false)
    {
        /// <summary>F.</summary>
        public int Side => (int)Math.Sqrt(Weights.Length);

        /// <summary>As one filter of one channel, (1, 1, F, F).</summary>
        public NDArray Filter => NDArray.From(Weights, [1, 1, Side, Side]);
    }

    /// <summary>The filters.</summary>
    public static readonly Kernel
        Identity = new("identity", [0, 0, 0, 0, 1, 0, 0, 0, 0]),
        Blur = new("blur 3x3, the mean of nine", [.. Enumerable.Repeat(1 / 9f, 9)]),
        Blur5 = new("blur 5x5, binomial", Outer([1 / 16f, 4 / 16f, 6 / 16f, 4 / 16f, 1 / 16f])),
        Sharpen = new("sharpen", [0, -1, 0, -1, 5, -1, 0, -1, 0]),
        TopEdge = new("top edges (Sobel)", [-1, -2, -1, 0, 0, 0, 1, 2, 1], IsSigned: true),
        RightEdge = new("right edges (Sobel)", [1, 0, -1, 2, 0, -2, 1, 0, -1], IsSigned: true);

    /// <summary>Shows all of them on one digit.</summary>
    public static string Run(Session session, string? _)
    {
        var page = new LecturePage(session, "imagekernels", "Image kernels");
        int number = (int)((session.Options.Seed + 2) % (ulong)session.Mnist.TestImages.Shape[0]);   // seed 1: a 0, whose ring has edges of every direction
        NDArray digit = session.Mnist.TestImages.Rows(number, 1).Reshape([1, 1, Mnist.Side, Mnist.Side]);
        page.Text($"Test image {number}, a {session.Mnist.TestLabels.ToDouble(number)}.");

        // Correlation with each filter; for two of them also the convolution.
        List<(string Label, NDArray Image, bool IsSigned)> shown = [];
        foreach (Kernel kernel in (Kernel[])[Identity, Blur, Blur5, Sharpen, TopEdge, RightEdge]) shown.Add((kernel.Name, Apply(digit, kernel, session.Device), kernel.IsSigned));
        shown.Add(("top edges, filter turned", Apply(digit, TopEdge, session.Device, flip: true), true));
        shown.Add(("blur 3x3, filter turned", Apply(digit, Blur, session.Device, flip: true), false));
        List<PicturePanel> panels = [.. shown.Select(one => new PicturePanel(one.Label, PictureOf(one.Image, one.IsSigned)))];
        page.Drawing("grid", PicturePanels.Draw("Image kernels: brightness in gray; agreement red, its opposite blue", panels, columns: 4), "The filters of MiniDL.Examples.ImageKernelsLecture, padded so that the size stays.");
        page.Picture("top-edges", panels[4].Picture, "Where the image is dark above and bright below (red), and the other way round (blue).");
        page.Picture("right-edges", panels[5].Picture, "Bright at the left and dark at the right (red), and the other way round (blue).", hasPreview: false);

        // The strongest answer, and the patch it is an answer to.
        ReadOnlySpan<float> answers = shown[4].Image.Span<float>(), pixels = digit.Span<float>();
        int best = 0;
        for (int i = 0; i < answers.Length; i++)
            if (answers[i] > answers[best]) best = i;
        (int row, int column) = (best / Mnist.Side, best % Mnist.Side);
        page.Text($"The strongest top edge, {answers[best]:F2} of at most 4, is at row {row}, column {column}. There the image has, above, at and below it:");
        for (int y = Math.Max(0, row - 1); y <= Math.Min(Mnist.Side - 1, row + 1); y++)
            page.Text("    " + string.Join("  ", pixels.Slice(y * Mnist.Side + Math.Max(0, column - 1), 3).ToArray().Select(value => $"{value:F2}")));

        ShowSizes(page, digit, session.Device);
        double turned = Distance(shown[4].Image, shown[6].Image), turnedBlur = Distance(shown[1].Image, shown[7].Image);
        page.Text($"Turning the filter changes an answer by up to {turned:F2} for top edges, by {turnedBlur:F2} for the blur.");
        page.Save();
        return LecturePage.Json("imagekernels", ("image", number), ("strongest_top_edge", answers[best]), ("turned_sobel", turned), ("turned_blur", turnedBlur));
    }

    /// <summary>The image (1, 1, H, W) under a filter.</summary>
    public static NDArray Apply(NDArray image, Kernel kernel, Device device, ConvMode mode = ConvMode.Same, int stride = 1, bool flip = false)
    {
        var x = Input(image.Shape, "x");
        using var function = Function([x], Conv2D(x, Constant(kernel.Filter), mode, stride: (stride, stride), flip: flip), device: device);
        return function.Eval(image)[0];
    }

    /// <summary>The same by the formula, without padding, for one channel: the loops run over 0..F-1. A loop over 1..F, as it is sometimes printed, would leave out the first row and column and read beyond
    /// the last; one over 0..F would make 36 products of a 5 x 5 filter's 25.</summary>
    /// <returns>(H - F + 1, W - F + 1), row by row.</returns>
    public static float[] ByFormula(ReadOnlySpan<float> x, int height, int width, Kernel kernel)
    {
        int side = kernel.Side, outHeight = height - side + 1, outWidth = width - side + 1;
        var y = new float[outHeight * outWidth];
        for (int i = 0; i < outHeight; i++)
            for (int j = 0; j < outWidth; j++)
                for (int p = 0; p < side; p++)          // 0..4 for a 5 x 5 filter
                    for (int q = 0; q < side; q++)
                        y[i * outWidth + j] += x[(i + p) * width + j + q] * kernel.Weights[p * side + q];
        return y;
    }

    // What padding and stride make of the size: (N - F + 2P) / S + 1, rounded down.
    private static void ShowSizes(LecturePage page, NDArray digit, Device device)
    {
        page.Table(["filter, padding, stride", "formula", "size"], [.. from kernel in (Kernel[])[Blur, Blur5] from mode in (ConvMode[])[ConvMode.Valid, ConvMode.Same, ConvMode.Full] from stride in (int[])[1, 2]
            let both = mode switch { ConvMode.Valid => 0, ConvMode.Same => kernel.Side - 1, _ => 2 * (kernel.Side - 1) }   // 2P
            let size = Apply(digit, kernel, device, mode, stride).Shape
            select new[] { $"{kernel.Side}x{kernel.Side}, {mode.ToString().ToLowerInvariant()}, {stride}", $"({Mnist.Side} - {kernel.Side} + {both}) / {stride} + 1 = {(Mnist.Side - kernel.Side + both) / stride + 1}", $"{size[2]} x {size[3]}" }]);
    }

    private static float[] Outer(float[] a) => [.. from x in a from y in a select x * y];

    // Brightness below 0 and above 1 cannot be shown: it is black and white.
    private static Picture PictureOf(NDArray image, bool isSigned)
    {
        float[] values = image.Span<float>().ToArray();
        if (!isSigned) values = Array.ConvertAll(values, value => Math.Clamp(value, 0, 1));
        return ImageGrid.Make(values, image.Shape[2], image.Shape[3], columns: 1, isSigned ? Colormap.Diverging : Colormap.Grayscale, scale: 7, margin: 0);
    }

    private static double Distance(NDArray a, NDArray b) => a.Span<float>().ToArray().Zip(b.Span<float>().ToArray(), (x, y) => Math.Abs(x - y)).Max();
}
