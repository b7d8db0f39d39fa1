// Examples with their targets, and how a mini-batch is taken out of them.
//
// The first file of Fit, which stands beside the pipeline and feeds compiled functions. The one thing to understand: a batch of shuffled examples is not a piece of the array, so its
// rows are copied together into one buffer that is used for every step. The copy is small beside a training step, and the step allocates nothing.
namespace MiniDL;

/// <summary>Examples and their targets, row by row.</summary>
/// <param name="X">The examples: float32 (N, ...).</param>
/// <param name="Y">The targets: int32 labels (N), or float32 (N, ...).</param>
/// <example><code>var training = new DataSet(mnist.TrainImages.Reshape([-1, 1, 28, 28]), mnist.TrainLabels);</code></example>
public sealed record DataSet(NDArray X, NDArray Y)
{
    /// <summary>The number of examples, N.</summary>
    public int Count => X.Shape[0];

    /// <summary>Examples <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> - 1: a view, nothing is copied.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are not all there.</exception>
    public DataSet Rows(int start, int count) => new(X.Rows(start, count), Y.Rows(start, count));

    /// <summary>Complains if the two arrays cannot belong together, or cannot be fed to a net for such inputs and targets.</summary>
    internal void Check(string what, Tensor x, Tensor targets)
    {
        if (X.Shape.Rank == 0 || Y.Shape.Rank == 0 || X.Shape[0] != Y.Shape[0])
            throw new ArgumentException($"the {what} data have examples of shape {X.Shape} and targets of shape {Y.Shape}; both need the same first dim, one row for each example");
        if (Count == 0) throw new ArgumentException($"the {what} data have no examples");
        if (!x.Shape.Accepts(X.Shape) || x.DType != X.DType) throw new ArgumentException($"the {what} examples are {X.DType.Label()}{X.Shape}; the model takes {x.Type}");
        if (!targets.Shape.Accepts(Y.Shape) || targets.DType != Y.DType) throw new ArgumentException($"the {what} targets are {Y.DType.Label()}{Y.Shape}; the loss takes {targets.Type}");
    }
}

/// <summary>A mini-batch: one pair of buffers, filled anew for every step.</summary>
internal sealed class Batch(DataSet data, int size)
{
    /// <summary>The examples, (size, ...).</summary>
    public NDArray X { get; } = NDArray.Zeros(data.X.Shape.With(0, size), data.X.DType);

    /// <summary>Their targets.</summary>
    public NDArray Y { get; } = NDArray.Zeros(data.Y.Shape.With(0, size), data.Y.DType);

    /// <summary>Copies rows of the data into the buffers, in this order.</summary>
    public void Gather(ReadOnlySpan<int> rows)
    {
        Gather(data.X, rows, X);
        Gather(data.Y, rows, Y);
    }

    private static void Gather(NDArray from, ReadOnlySpan<int> rows, NDArray to)
    {
        Span<byte> source = from.Bytes(), target = to.Bytes();
        int width = target.Length / rows.Length;   // bytes of a row
        for (int i = 0; i < rows.Length; i++) source.Slice(rows[i] * width, width).CopyTo(target.Slice(i * width, width));
    }
}
