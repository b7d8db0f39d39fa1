// Penalties: large weights cost something, so that a net uses no more of them than the data pay for.
//
//   L2    sum w^2     pulls each weight towards 0 with a force of 2 w: the large ones hard, the small ones hardly; they all become small
//   L1    sum |w|     pulls with the same force everywhere: what the data do not hold becomes 0 and stays there; few weights remain
//
// Both are expressions to add to a cost. The one thing to understand: in a cost, a penalty goes through the optimiser like everything else. An adaptive
// one divides the pull by the root of the mean square gradient, so that a weight with large gradients is hardly pulled at all. Weight decay
// stands beside the optimiser instead ("decoupled"): every weight loses the same share.
using System.Runtime.CompilerServices;

namespace MiniDL;

public static partial class T
{
    /// <summary>The sum of |w| over all elements.</summary>
    /// <remarks>R. Tibshirani, "Regression shrinkage and selection via the lasso" (1996). The gradient is sign w, and 0 at 0. Gradient descent makes a weight jump to and
    /// fro across 0 by up to a rate times the factor: near zeros, not exact ones.</remarks>
    /// <param name="weights">float32, any shapes; at least one. As a rule no biases.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32, rank 0.</returns>
    /// <exception cref="ArgumentException">There are no weights.</exception>
    /// <example><code>Tensor penalised = cost + 1e-4f * T.L1([wH, wO]);</code></example>
    public static Tensor L1(IReadOnlyList<Tensor> weights, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return SumOver(weights, w => Abs(w));
    }

    /// <summary>The sum of w^2 over all elements, without the 1/2 that some put in front: the gradient is 2 w.</summary>
    /// <param name="weights">float32, any shapes; at least one. As a rule no biases.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>float32, rank 0.</returns>
    /// <exception cref="ArgumentException">There are no weights.</exception>
    /// <example><code>Tensor penalised = cost + 1e-4f * T.L2([wH, wO]);</code></example>
    public static Tensor L2(IReadOnlyList<Tensor> weights, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return SumOver(weights, w => Square(w));
    }

    /// <summary>An optimiser's updates, with a share of each parameter taken away besides: p' = (what the optimiser makes of p) - rate p.</summary>
    /// <remarks>Loshchilov and Hutter, "Decoupled weight decay regularization" (ICLR 2019). With plain gradient descent it is the same as L2 with the factor
    /// rate / (2 learning rate); with any other optimiser it is not.</remarks>
    /// <param name="updates">What an optimiser returned.</param>
    /// <param name="parameters">The parameters that decay: all of them, or only the weights among them.</param>
    /// <param name="rate">The share that is lost in a step: a number or a float32 scalar, the learning rate times a constant as a rule.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="GraphException">A parameter is not among the updates, or the rate is no float32 scalar.</exception>
    /// <example><code>T.WeightDecay(T.Momentum(cost, [w, b], rate), [w], rate * 1e-4f)</code></example>
    public static Update[] WeightDecay(IReadOnlyList<Update> updates, IReadOnlyList<Shared> parameters, Tensor rate, [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(parameters);
        using var at = Source.Here(file, line);
        CheckIsFloatScalar("weight_decay", "the rate", rate);
        foreach (Shared p in parameters)
            if (!updates.Any(update => update.Variable == p)) throw GraphException.About("weight_decay", $"{p.Label} is to decay, but the optimiser does not update it", [p]);
        var decaying = new HashSet<Tensor>(parameters);
        return [.. updates.Select(update => decaying.Contains(update.Variable) ? (update.Variable, update.Value - rate * update.Variable) : update)];
    }
}
