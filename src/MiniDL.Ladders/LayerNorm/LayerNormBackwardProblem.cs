// Gradients of layer norm.
//
// The one thing to understand: mean and rstd are inputs, and the formula asks nothing of them. So they need not belong to x: with whole numbers and powers of two, all sums along
// rows and down columns are exact in float32. Only the two averages and what is made of them are rounded.
namespace MiniDL.Ladders;

/// <summary>Problems of <see cref="LayerNormBackwardLadder"/>.</summary>
internal static class LayerNormBackwardProblem
{
    /// <summary>A few roundings of numbers up to 30.</summary>
    private const double Tolerance = 1e-5;

    /// <summary>Rows of small whole numbers.</summary>
    public static Problem Of(int rows, int columns) => Of(rows, columns, i => ProblemArray.Whole(i, 1) - 2, "");

    /// <summary>The same with a NaN in the gradient of one element: it spoils its row of dx, and its column of dgamma and dbeta.</summary>
    public static Problem WithNaN(int rows, int columns) => Of(rows, columns, i => i == rows / 2 * columns + columns - 1 ? double.NaN : ProblemArray.Whole(i, 1) - 2, ", a NaN");

    private static Problem Of(int rows, int columns, Func<int, double> gradient, string kind) => new()
    {
        Size = $"{rows} x {columns}{kind}",
        Macros = [("ROWS", rows), ("COLUMNS", columns)],
        Arrays =
        [
            new ProblemArray("g", rows * columns, ArrayRole.Input, gradient), new ProblemArray("x", rows * columns, ArrayRole.Input, i => ProblemArray.Whole(i, 2)),
            new ProblemArray("gamma", columns, ArrayRole.Input, i => 0.5 + ProblemArray.Whole(i, 3) / 2),
            new ProblemArray("mean", rows, ArrayRole.Input, i => ProblemArray.Whole(i, 4)), new ProblemArray("rstd", rows, ArrayRole.Input, i => 1.0 / (1 << (i % 3))),
            new ProblemArray("dx", rows * columns, ArrayRole.Output, _ => 0), new ProblemArray("dgamma", columns, ArrayRole.Output, _ => 0), new ProblemArray("dbeta", columns, ArrayRole.Output, _ => 0),
        ],
        Flops = 13.0 * rows * columns,
        MinimumBytes = 12.0 * rows * columns + 12.0 * columns + 8.0 * rows,
        Tolerance = Tolerance,
        Reference = arrays => Gradients(rows, columns, arrays["g"], arrays["x"], arrays["gamma"], arrays["mean"], arrays["rstd"]),
    };

    /// <summary>The formula, in double precision.</summary>
    internal static Dictionary<string, double[]> Gradients(int rows, int columns, double[] g, double[] x, double[] gamma, double[] mean, double[] rstd)
    {
        double[] dx = new double[g.Length], dgamma = new double[columns], dbeta = new double[columns];
        for (int row = 0; row < rows; row++)
        {
            double Normal(int column) => (x[row * columns + column] - mean[row]) * rstd[row];
            double averageH = 0, averageHX = 0;
            for (int column = 0; column < columns; column++)
            {
                double gradient = g[row * columns + column], h = gradient * gamma[column];
                averageH += h / columns;
                averageHX += h * Normal(column) / columns;
                dgamma[column] += gradient * Normal(column);
                dbeta[column] += gradient;
            }
            for (int column = 0; column < columns; column++)
                dx[row * columns + column] = rstd[row] * (g[row * columns + column] * gamma[column] - averageH - Normal(column) * averageHX);
        }
        return new() { ["dx"] = dx, ["dgamma"] = dgamma, ["dbeta"] = dbeta };
    }
}
