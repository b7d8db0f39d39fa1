// Losses: what a model is to make small. Each is a line or two of ordinary ops.
//
// Build-time only: they make tensors, nothing else, and the compiler finds what can be fused. The one thing to understand: the first one
// is written as in the textbook, -sum t log p, although log p is -infinity wherever a probability underflows. The stabilising rewrites
// see the softmax or sigmoid behind p before anything is differentiated (Rewrites/Stabilise.cs), so the textbook's line is also the safe
// one. The losses "from logits" say the same without needing a rewrite.
using System.Runtime.CompilerServices;

namespace MiniDL;

public static partial class T
{
    /// <summary>The cross-entropy of each example, -sum t log p over the last axis.</summary>
    /// <param name="probabilities">p: float32 (..., classes), a softmax's output.</param>
    /// <param name="targets">t: float32 of the same shape, a distribution for each example, often one-hot.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32 (...): nats; take T.Mean of it for a cost.</returns>
    /// <exception cref="GraphException">A shape or dtype does not fit.</exception>
    /// <example><code>Tensor cost = T.Mean(T.CategoricalCrossEntropy(T.Softmax(T.Dot(X, w)), Y));</code></example>
    public static Tensor CategoricalCrossEntropy(Tensor probabilities, Tensor targets, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return -Sum(targets * Log(probabilities), -1);
    }

    /// <summary>The cross-entropy of each example from what a softmax would be applied to: -sum t log softmax(z).</summary>
    /// <param name="logits">z: float32 (..., classes).</param>
    /// <param name="targets">t: float32 of the same shape.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32 (...), nats.</returns>
    /// <exception cref="GraphException">A shape or dtype does not fit.</exception>
    public static Tensor CategoricalCrossEntropyFromLogits(Tensor logits, Tensor targets, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return -Sum(targets * LogSoftmax(logits), -1);
    }

    /// <summary>The cross-entropy of each example whose class is given by number: -log softmax(z)[label]. A label that is not in
    /// 0..classes-1 costs 0 and gives no gradient, so that -1 may mark an example to leave out.</summary>
    /// <param name="logits">z: float32 (..., classes), the number of classes known.</param>
    /// <param name="labels">int32 (...).</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32 (...), nats.</returns>
    /// <exception cref="GraphException">The number of classes is not known, or a shape or dtype does not fit.</exception>
    public static Tensor SparseCrossEntropy(Tensor logits, Tensor labels, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(logits);
        using var at = Source.Here(file, line);
        if (logits.Rank == 0 || logits.Shape[^1] == MiniDL.Shape.Unknown)
            throw GraphException.About("sparse_cross_entropy", "the number of classes, the last dim of the logits, must be known", [logits]);
        return -Sum(OneHot(labels, logits.Shape[^1]) * LogSoftmax(logits), -1);
    }

    /// <summary>The cross-entropy of each yes-or-no answer: -t log s - (1 - t) log(1 - s) with s = sigmoid(z).</summary>
    /// <remarks>log s = -softplus(-z), log(1 - s) = -softplus(z) and softplus(-z) = softplus(z) - z; all that remains is
    /// softplus(z) - t z, which is finite for every finite z.</remarks>
    /// <param name="logits">z: float32, any shape.</param>
    /// <param name="targets">t: float32 of the same shape, in 0..1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32 of the same shape, nats.</returns>
    /// <exception cref="GraphException">A shape or dtype does not fit.</exception>
    public static Tensor BinaryCrossEntropyFromLogits(Tensor logits, Tensor targets, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Softplus(logits) - targets * logits;
    }

    /// <summary>The mean over all elements of (y - t)^2.</summary>
    /// <param name="prediction">y: float32, any shape.</param>
    /// <param name="target">t: float32 of the same shape.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32, rank 0.</returns>
    /// <exception cref="GraphException">A shape or dtype does not fit.</exception>
    public static Tensor MeanSquaredError(Tensor prediction, Tensor target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Mean(Square(prediction - target));
    }

    /// <summary>The entropy of each distribution, -sum p log p over the last axis: what is left to guess when p is known. 0 log 0 counts as 0.</summary>
    /// <param name="probabilities">p: float32 (..., classes).</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32 (...), nats: 0 for a one-hot row, log K for K equal numbers.</returns>
    /// <exception cref="GraphException">Not float32, or a scalar.</exception>
    /// <remarks>C. Shannon, "A mathematical theory of communication" (1948), section 6.</remarks>
    public static Tensor Entropy(Tensor probabilities, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return -Sum(probabilities * LogOrZero(probabilities), -1);
    }

    /// <summary>The Kullback-Leibler divergence of each example, sum t log(t / p) over the last axis: what guessing by p costs more than guessing by t itself. It is
    /// 0 where they are equal and positive elsewhere, and cross-entropy(p, t) = entropy(t) + divergence(p, t).</summary>
    /// <param name="probabilities">p: float32 (..., classes), a softmax's output, of which the stabilising rewrites take the logarithm safely.</param>
    /// <param name="targets">t: float32 of the same shape, a distribution for each example; where it is 0 a class costs nothing.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32 (...), nats.</returns>
    /// <exception cref="GraphException">A shape or dtype does not fit.</exception>
    /// <remarks>S. Kullback and R. Leibler, "On information and sufficiency" (1951), equation 2.4.</remarks>
    public static Tensor KlDivergence(Tensor probabilities, Tensor targets, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Sum(targets * (LogOrZero(targets) - Log(probabilities)), -1);
    }

    // log p, and 0 where p is 0: p log p then is 0 there as it should be, and so is its gradient.
    private static Tensor LogOrZero(Tensor p) => Log(Where(Equal(p, 0), 1, p));

    /// <summary>Targets that are not quite sure: t' = (1 - amount) t + amount / K. A net that must answer 1 - amount + amount / K has no reason to drive its logits apart
    /// without end.</summary>
    /// <remarks>Szegedy et al., "Rethinking the Inception architecture for computer vision" (CVPR 2016), section 7. 1 / K is taken as the mean of the row, so that a row
    /// of zeros, an example to leave out, stays one.</remarks>
    /// <param name="targets">t: float32 (..., classes), each row a distribution, often one-hot.</param>
    /// <param name="amount">In [0, 1).</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32 of the same shape.</returns>
    /// <exception cref="GraphException">The amount is not in [0, 1).</exception>
    /// <example><code>T.CategoricalCrossEntropyFromLogits(z, T.SmoothLabels(T.OneHot(labels, 10), 0.1f))</code></example>
    public static Tensor SmoothLabels(Tensor targets, float amount, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (!(amount is >= 0 and < 1)) throw new GraphException($"smooth_labels: the amount must be in [0, 1), not {amount}");
        using var at = Source.Here(file, line);
        return (1 - amount) * targets + amount * Mean(targets, -1, keepDims: true);
    }
}
