// A convolution's sizes, and its three sums straight from the definition: what the problems of the three conv ladders are made from.
//
// The one thing to understand: forward and both gradients visit the same terms, each a pixel, a tap of a filter and an output; they differ in which two of the three are multiplied
// and to which the product is added. So one loop serves all, and nothing in it is shared with the kernels that it checks.
namespace MiniDL.Ladders;

/// <summary>Images x (B, C, H, W) and filters f (O, C, KH, KW) that make y (B, O, OH, OW).</summary>
/// <param name="X">The shape of x.</param>
/// <param name="F">The shape of f.</param>
/// <param name="Geometry">Strides and padding.</param>
/// <example><code>var points = new Convolution([2, 40, 5, 5], [33, 40, 1, 1], new ConvGeometry(1, 1, 0, 0, 0, 0));</code></example>
internal sealed record Convolution(Shape X, Shape F, ConvGeometry Geometry)
{
    /// <summary>Neither padding nor strides.</summary>
    public static ConvGeometry Valid { get; } = new(1, 1, 0, 0, 0, 0);

    /// <summary>The shape of y.</summary>
    public Shape Y => [X[0], F[0], Geometry.OutH(X[2], F[2]), Geometry.OutW(X[3], F[3])];

    /// <summary>A product and a sum for each term, as if padding were pixels.</summary>
    public double Flops => 2.0 * Y.Count * F.Product(1, 4);

    /// <summary>The sizes as the kernels' macros.</summary>
    public IReadOnlyList<(string Name, object Value)> Macros =>
    [
        ("B", X[0]), ("C", X[1]), ("H", X[2]), ("W", X[3]), ("O", F[0]), ("KH", F[2]), ("KW", F[3]), ("OH", Y[2]), ("OW", Y[3]),
        ("SY", Geometry.StrideY), ("SX", Geometry.StrideX), ("TOP", Geometry.Top), ("LEFT", Geometry.Left),
    ];

    /// <summary>The second layer of the convnet: 32 to 64 channels, 3 x 3 filters, 15 x 15 pixels to 13 x 13.</summary>
    /// <param name="images">B.</param>
    public static Convolution SecondLayer(int images) => new([images, 32, 15, 15], [64, 32, 3, 3], Valid);

    /// <summary>The convolution of a problem, by its macros. What is below and to the right follows from OH and OW.</summary>
    public static Convolution Of(Problem problem)
    {
        int bottom = (problem["OH"] - 1) * problem["SY"] + problem["KH"] - problem["H"] - problem["TOP"];
        int right = (problem["OW"] - 1) * problem["SX"] + problem["KW"] - problem["W"] - problem["LEFT"];
        var geometry = new ConvGeometry(problem["SY"], problem["SX"], problem["TOP"], Math.Max(0, bottom), problem["LEFT"], Math.Max(0, right));
        return new Convolution([problem["B"], problem["C"], problem["H"], problem["W"]], [problem["O"], problem["C"], problem["KH"], problem["KW"]], geometry);
    }

    /// <summary>Calls <paramref name="add"/> with the positions in x, f and y of each term that has a pixel.</summary>
    public void ForEachTerm(Action<int, int, int> add)
    {
        (int channels, int height, int width, int filters, int rows, int columns) = (X[1], X[2], X[3], F[0], Y[2], Y[3]);
        for (int b = 0; b < X[0]; b++)
            for (int o = 0; o < filters; o++)
                for (int c = 0; c < channels; c++)
                    for (int tap = 0; tap < F[2] * F[3]; tap++)
                        for (int i = 0; i < rows; i++)
                            for (int j = 0; j < columns; j++)
                            {
                                int row = i * Geometry.StrideY + tap / F[3] - Geometry.Top, column = j * Geometry.StrideX + tap % F[3] - Geometry.Left;
                                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                                int x = ((b * channels + c) * height + row) * width + column, f = (o * channels + c) * F[2] * F[3] + tap, y = ((b * filters + o) * rows + i) * columns + j;
                                add(x, f, y);
                            }
    }

    /// <summary>The size in words.</summary>
    public override string ToString() => $"{X} by {F}{(Geometry == Valid ? "" : $", {Geometry}")}";
}
