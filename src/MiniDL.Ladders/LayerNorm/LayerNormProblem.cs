// Rows for layer norm, forward.
//
// The one thing to understand: x are whole numbers, so that sums of rows are exact and all kernels have the same mean to a rounding. Every third row has 1,000 added. That changes no
// result on paper, but a variance computed as mean of squares minus square of the mean would be off by several percent there.
using MiniDL.Cuda;

namespace MiniDL.Ladders;

/// <summary>Problems of <see cref="LayerNormLadder"/>.</summary>
internal static class LayerNormProblem
{
    private const float Epsilon = 1e-5f;
    private const double FarMean = 1000;

    /// <summary>A mean of 1,000 is rounded to 3e-5 at each of the two or three steps that form it; that times rstd (0.6) times gamma (up to 3) stays in the result.</summary>
    private const double Tolerance = 2e-4;

    /// <summary>Rows of small whole numbers, every third far from 0.</summary>
    public static Problem Plain(int rows, int columns) => Of(rows, columns, i => ProblemArray.Whole(i, 1) + (i / columns % 3 == 2 ? FarMean : 0), "");

    /// <summary>Five rows of a kind each.</summary>
    public static Problem Special(int columns) => Of(5, columns, i => (i / columns) switch
    {
        0 => 7,                                                                         // variance 0: what is left is beta
        1 => i % columns == columns - 1 ? double.NaN : ProblemArray.Whole(i),           // NaN, all of it
        2 => i % columns == columns / 2 ? 1e4 : ProblemArray.Whole(i),                  // one far from all others
        3 => 0,
        _ => FarMean + ProblemArray.Whole(i),
    }, ", special values");

    private static Problem Of(int rows, int columns, Func<int, double> first, string kind) => new()
    {
        Size = $"{rows} x {columns}{kind}",
        Macros = [("ROWS", rows), ("COLUMNS", columns), ("EPSILON", CudaText.Literal(Epsilon, DType.Float32))],
        Arrays =
        [
            new ProblemArray("x", rows * columns, ArrayRole.Input, first),
            new ProblemArray("gamma", columns, ArrayRole.Input, i => 0.5 + ProblemArray.Whole(i, 2) / 2), new ProblemArray("beta", columns, ArrayRole.Input, i => ProblemArray.Whole(i, 3)),
            new ProblemArray("y", rows * columns, ArrayRole.Output, _ => 0), new ProblemArray("mean", rows, ArrayRole.Output, _ => 0), new ProblemArray("rstd", rows, ArrayRole.Output, _ => 0),
        ],
        Flops = 8.0 * rows * columns,
        MinimumBytes = 8.0 * rows * columns + 8.0 * columns + 8.0 * rows,
        Tolerance = Tolerance,
        Reference = arrays => Normalise(rows, columns, arrays["x"], arrays["gamma"], arrays["beta"]),
    };

    private static Dictionary<string, double[]> Normalise(int rows, int columns, double[] x, double[] gamma, double[] beta)
    {
        double[] y = new double[x.Length], mean = new double[rows], rstd = new double[rows];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> of = x.AsSpan(row * columns, columns);
            double sum = 0, squares = 0;
            foreach (double v in of) sum += v;
            mean[row] = sum / columns;
            foreach (double v in of) squares += (v - mean[row]) * (v - mean[row]);
            rstd[row] = 1 / Math.Sqrt(squares / columns + Epsilon);
            for (int column = 0; column < columns; column++) y[row * columns + column] = (of[column] - mean[row]) * rstd[row] * gamma[column] + beta[column];
        }
        return new() { ["y"] = y, ["mean"] = mean, ["rstd"] = rstd };
    }
}
