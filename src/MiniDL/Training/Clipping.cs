// Clipping: gradients kept from being too large, before an optimiser sees them.
//
// One batch on the edge of a cliff can throw a net further than a thousand good steps brought it. The one thing to understand: an optimiser takes a
// function from gradients to gradients (`gradients:`), so clipping knows nothing of optimisers and works with each of them:
//
//     T.Adam(cost, parameters, 0.001f, gradients: g => T.ClipByNorm(g, 1))
//
// (R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013, algorithm 1.)
using System.Runtime.CompilerServices;

namespace MiniDL;

public static partial class T
{
    /// <summary>The length of all gradients taken together as one vector: the square root of the sum of all squares.</summary>
    /// <param name="gradients">float32, any shapes; at least one.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32, rank 0. Worth plotting: it tells where to clip.</returns>
    /// <exception cref="ArgumentException">There are no gradients.</exception>
    /// <example><code>Tensor norm = T.GlobalNorm(T.Grad(cost, parameters));</code></example>
    public static Tensor GlobalNorm(IReadOnlyList<Tensor> gradients, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Sqrt(SumOver(gradients, g => Square(g)));
    }

    /// <summary>Gradients whose length together is at most a limit: g' = g min(1, limit / norm), norm being <see cref="GlobalNorm"/>. The
    /// direction stays what it was.</summary>
    /// <param name="gradients">float32, any shapes.</param>
    /// <param name="limit">A number above 0, or a float32 scalar.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>As many, of the same shapes. A NaN or infinity among them makes NaN of all: a batch that went wrong is not hidden.</returns>
    /// <exception cref="GraphException">The limit is no float32 scalar, or not above 0.</exception>
    /// <example><code>T.Sgd(cost, [w], 0.1f, gradients: g => T.ClipByNorm(g, 5))</code></example>
    public static Tensor[] ClipByNorm(IReadOnlyList<Tensor> gradients, Tensor limit, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        CheckLimit("clip_by_norm", limit);
        Tensor factor = Minimum(1, limit / GlobalNorm(gradients));
        return [.. gradients.Select(g => g * factor)];
    }

    /// <summary>Gradients whose elements are each limited to [-limit, limit]. That turns the direction towards the diagonals; <see cref="ClipByNorm"/>
    /// does not.</summary>
    /// <param name="gradients">float32, any shapes.</param>
    /// <param name="limit">A number above 0, or a float32 scalar.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>As many, of the same shapes. NaN stays NaN.</returns>
    /// <exception cref="GraphException">The limit is no float32 scalar, or not above 0.</exception>
    /// <example><code>T.RmsProp(cost, [w], 0.001f, gradients: g => T.ClipByValue(g, 0.5f))</code></example>
    public static Tensor[] ClipByValue(IReadOnlyList<Tensor> gradients, Tensor limit, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        using var at = Source.Here(file, line);
        CheckLimit("clip_by_value", limit);
        return [.. gradients.Select(g => Clip(g, -limit, limit))];
    }

    private static void CheckLimit(string name, Tensor limit)
    {
        CheckIsFloatScalar(name, "the limit", limit);
        if (MiniDL.Constant.ScalarOf(limit) is { } number && !(number > 0)) throw new GraphException($"{name}: the limit must be above 0, not {number:G7}");
    }

    // The sum over all elements of several tensors, after a function of each.
    private static Tensor SumOver(IReadOnlyList<Tensor> tensors, Func<Tensor, Tensor> function)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (tensors.Count == 0) throw new ArgumentException("there is no tensor to sum over", nameof(tensors));
        return tensors.Select(tensor => Sum(function(tensor))).Aggregate((a, b) => a + b);
    }
}
