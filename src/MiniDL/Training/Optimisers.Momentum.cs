// Optimisers that keep moving: the velocity v is what is left of earlier steps.
//
// A ball that rolls down a valley does not zigzag between its walls: what alternates cancels, what agrees adds up, to 1 / (1 - momentum) times the
// single step. The one thing to understand: both methods below are the same but for where the gradient is taken. Momentum takes it where the ball
// is; Nesterov where the velocity is about to carry it, so that it brakes before the wall and not on it.
using System.Runtime.CompilerServices;

namespace MiniDL;

public static partial class T
{
    /// <summary>Gradient descent with momentum: v' = momentum v - rate g, p' = p + v'.</summary>
    /// <remarks>Polyak (1964), in the form of Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in
    /// deep learning" (ICML 2013), equations 1 and 2.</remarks>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar.</param>
    /// <param name="momentum">The share of the velocity v that stays, in [0, 1).</param>
    /// <param name="gradients">What is to be done with the gradients first; see <see cref="ClipByNorm"/>.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Two updates for each parameter.</returns>
    /// <exception cref="GraphException">As Sgd; or momentum is not in [0, 1).</exception>
    /// <example><code>T.Momentum(cost, [w], learningRate: 0.01f, momentum: 0.9f)</code></example>
    public static Update[] Momentum(Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, float momentum = 0.9f,
        Func<Tensor[], Tensor[]>? gradients = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        CheckShare("momentum", "momentum", momentum);
        return Optimise("momentum", cost, parameters, learningRate, gradients, (p, g) =>
        {
            Shared velocity = ZeroState(p, "velocity");
            Tensor newVelocity = momentum * velocity - learningRate * g;
            return [(velocity, newVelocity), (p, p + newVelocity)];
        });
    }

    /// <summary>Nesterov's accelerated gradient: v' = momentum v - rate g, p' = p + momentum v' - rate g.</summary>
    /// <remarks>Sutskever et al. (ICML 2013), equations 3 and 4, take the gradient at q + momentum v: one step further than where the parameter q
    /// is. Here, as in Bengio, Boulanger-Lewandowski and Pascanu, "Advances in optimizing recurrent networks" (ICASSP 2013), equations 6 and 7, the
    /// variable holds p = q + momentum v itself, so that g is the gradient of the cost as it is written. Put q' = q + v' into p' = q' + momentum v' and
    /// the line above comes out. Once the velocity has died away, p and q are the same.</remarks>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar.</param>
    /// <param name="momentum">The share of the velocity v that stays, in [0, 1).</param>
    /// <param name="gradients">What is to be done with the gradients first; see <see cref="ClipByNorm"/>.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Two updates for each parameter.</returns>
    /// <exception cref="GraphException">As Sgd; or momentum is not in [0, 1).</exception>
    /// <example><code>T.Nesterov(cost, [w], learningRate: 0.01f, momentum: 0.9f)</code></example>
    public static Update[] Nesterov(Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, float momentum = 0.9f,
        Func<Tensor[], Tensor[]>? gradients = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        CheckShare("nesterov", "momentum", momentum);
        return Optimise("nesterov", cost, parameters, learningRate, gradients, (p, g) =>
        {
            Shared velocity = ZeroState(p, "velocity");
            Tensor step = learningRate * g, newVelocity = momentum * velocity - step;
            return [(velocity, newVelocity), (p, p + momentum * newVelocity - step)];
        });
    }
}
