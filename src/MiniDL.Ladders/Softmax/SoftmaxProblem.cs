// Rows for softmax: even ones, and all that can go wrong in one.
//
// The one thing to understand: a result is exp over a sum, so float32 rounds it, and two kernels that add up in different orders differ. The tolerance must be above that, and below
// what it costs to leave one element out. With even rows of C elements that is a relative 1 / C, so the tolerance is told relative to a typical result, 1 / C.
namespace MiniDL.Ladders;

/// <summary>Problems of <see cref="SoftmaxLadder"/>.</summary>
internal static class SoftmaxProblem
{
    /// <summary>Relative: exp is good to 2 units in the last place, a sum of 8,000 terms one after the other to some twenty more.</summary>
    private const double Relative = 1e-5;

    /// <summary>Rows of numbers between -1 and 1, so that no result is more than e^2 / C.</summary>
    public static Problem Even(int rows, int columns) => Of(rows, columns, i => ProblemArray.Spread(i), "") with { Tolerance = Relative / columns };

    /// <summary>Eight rows of a kind each. See <see cref="Element"/>.</summary>
    public static Problem Special(int columns) => Of(8, columns, i => Element(i / columns, i % columns, columns), ", special values") with { Tolerance = Relative };

    /// <summary>The element of a row of special kind.</summary>
    private static double Element(int row, int column, int columns)
    {
        double plain = 10 * ProblemArray.Spread(row * columns + column);
        return row switch
        {
            0 => column == columns / 2 ? 80 : plain,                                       // exp(80) squared is infinite
            1 => column % 97 == 3 ? 80 - column % 2 : plain,                               // several of them
            2 => plain - 1e4,                                                              // exp is 0 for all
            3 => column % 2 == 0 ? double.NegativeInfinity : plain,                        // excluded elements: 0
            4 => column < columns - 2 ? double.NegativeInfinity : plain,                   // nothing else for the longest time
            5 => double.NegativeInfinity,                                                  // nothing at all: 0 / 0
            6 => column == columns - 1 ? double.NaN : plain,                               // NaN, all of it
            _ => column == columns / 3 ? double.PositiveInfinity : plain,                  // infinity over infinity
        };
    }

    private static Problem Of(int rows, int columns, Func<int, double> first, string kind) => new()
    {
        Size = $"{rows} x {columns}{kind}",
        Macros = [("ROWS", rows), ("COLUMNS", columns)],
        Arrays = [new ProblemArray("x", rows * columns, ArrayRole.Input, first), new ProblemArray("y", rows * columns, ArrayRole.Output, _ => 0)],
        Flops = 5.0 * rows * columns,
        MinimumBytes = 8.0 * rows * columns,
        Reference = arrays => new Dictionary<string, double[]> { ["y"] = Softmax(columns, arrays["x"]) },
    };

    private static double[] Softmax(int columns, double[] x)
    {
        double[] y = new double[x.Length];
        for (int start = 0; start < x.Length; start += columns)
        {
            // Math.Max keeps NaN, and NaN makes the sum NaN, and the sum the whole row; so does 0 of a row that is minus infinity throughout.
            double largest = double.NegativeInfinity, sum = 0;
            for (int i = start; i < start + columns; i++) largest = Math.Max(largest, (float)x[i]);
            for (int i = start; i < start + columns; i++) sum += Math.Exp((float)x[i] - largest);
            for (int i = start; i < start + columns; i++) y[i] = Math.Exp((float)x[i] - largest) / sum;
        }
        return y;
    }
}
