// Optimisers: from a cost and its parameters to a list of updates.
//
// Build-time only. The one thing to understand: an optimiser is not an object with a Step method. It writes down, as graphs, the new value
// of each parameter and of each number it has to remember; a function's updates are simultaneous, so the formulas below can be read as
// they stand in the papers, old values on the right and new ones on the left. What is remembered lives in shared variables that start at 0.
//
//   g      gradient of the cost with respect to a parameter p
//   rate   learning rate: a number, or a float32 scalar such as a shared variable that a schedule changes between runs
using System.Runtime.CompilerServices;

namespace MiniDL;

public static partial class T
{
    /// <summary>Gradient descent: p' = p - rate g.</summary>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="GraphException">The cost is no scalar, does not depend on a parameter, or the rate is no float32 scalar.</exception>
    /// <example><code>var train = T.Function([X, Y], cost, updates: T.Sgd(cost, [w], learningRate: 0.05f));</code></example>
    public static Update[] Sgd(Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate,
        [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Optimise("sgd", cost, parameters, learningRate, (p, g) => [(p, p - learningRate * g)]);
    }

    /// <summary>Gradient descent with momentum: v' = momentum v - rate g, p' = p + v'.</summary>
    /// <remarks>Polyak (1964), in the form of Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in
    /// deep learning" (ICML 2013), equations 1 and 2.</remarks>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar.</param>
    /// <param name="momentum">The share of the velocity v that stays, in 0..1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Two updates for each parameter.</returns>
    /// <exception cref="GraphException">As Sgd.</exception>
    public static Update[] Momentum(Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, float momentum = 0.9f,
        [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Optimise("momentum", cost, parameters, learningRate, (p, g) =>
        {
            Shared velocity = ZeroState(p, "velocity");
            Tensor newVelocity = momentum * velocity - learningRate * g;
            return [(velocity, newVelocity), (p, p + newVelocity)];
        });
    }

    /// <summary>RMSprop: a' = rho a + (1 - rho) g^2, p' = p - rate g / sqrt(a' + epsilon). The new mean square is used, epsilon is inside
    /// the square root, and the start at 0 is not corrected for, so the first steps are long ones.</summary>
    /// <remarks>Tieleman and Hinton, Coursera, "Neural networks for machine learning" (2012), lecture 6.5.</remarks>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar.</param>
    /// <param name="rho">The share of the mean square a that stays, in 0..1.</param>
    /// <param name="epsilon">Keeps the division finite; in units of g^2.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Two updates for each parameter.</returns>
    /// <exception cref="GraphException">As Sgd.</exception>
    /// <example><code>var train = T.Function([X, Y], cost, updates: T.RmsProp(cost, [wH, wO], learningRate: 0.001f));</code></example>
    public static Update[] RmsProp(Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, float rho = 0.9f, float epsilon = 1e-6f,
        [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Optimise("rmsprop", cost, parameters, learningRate, (p, g) =>
        {
            Shared meanSquare = ZeroState(p, "mean square");
            Tensor newMeanSquare = rho * meanSquare + (1 - rho) * Square(g);
            return [(meanSquare, newMeanSquare), (p, p - learningRate * g / Sqrt(newMeanSquare + epsilon))];
        });
    }

    /// <summary>Adam: m' = b1 m + (1 - b1) g, v' = b2 v + (1 - b2) g^2, p' = p - rate (m' / c1) / (sqrt(v' / c2) + epsilon), where
    /// c1 = 1 - b1^t and c2 = 1 - b2^t correct for the start at 0 in step t.</summary>
    /// <remarks>Kingma and Ba, "Adam: a method for stochastic optimization" (ICLR 2015), algorithm 1. The corrections are themselves moving
    /// averages, of the constant 1: c' = b c + (1 - b) from c = 0. Kept so, they lose no digits to 1 - b^t, and need no step number.</remarks>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar.</param>
    /// <param name="beta1">The share of the mean m that stays, in 0..1.</param>
    /// <param name="beta2">The share of the mean square v that stays, in 0..1.</param>
    /// <param name="epsilon">Keeps the division finite; in units of g, outside the square root.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Three updates for each parameter, and two for the corrections.</returns>
    /// <exception cref="GraphException">As Sgd.</exception>
    public static Update[] Adam(Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, float beta1 = 0.9f, float beta2 = 0.999f,
        float epsilon = 1e-8f, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        Shared c1 = Shared(NDArray.Zeros([]), "1 - beta1^t"), c2 = Shared(NDArray.Zeros([]), "1 - beta2^t");
        Tensor newC1 = beta1 * c1 + (1 - beta1), newC2 = beta2 * c2 + (1 - beta2);
        Update[] updates = Optimise("adam", cost, parameters, learningRate, (p, g) =>
        {
            Shared mean = ZeroState(p, "mean"), meanSquare = ZeroState(p, "mean square");
            Tensor newMean = beta1 * mean + (1 - beta1) * g;
            Tensor newMeanSquare = beta2 * meanSquare + (1 - beta2) * Square(g);
            return [(mean, newMean), (meanSquare, newMeanSquare), (p, p - learningRate * (newMean / newC1) / (Sqrt(newMeanSquare / newC2) + epsilon))];
        });
        return [(c1, newC1), (c2, newC2), .. updates];
    }

    // The updates of all parameters, given those of one parameter p with gradient g.
    private static Update[] Optimise(string name, Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, Func<Shared, Tensor, Update[]> updatesOf)
    {
        ArgumentNullException.ThrowIfNull(learningRate);
        if (learningRate.Rank != 0 || learningRate.DType != DType.Float32)
            throw GraphException.About(name, $"the learning rate must be a float32 scalar, not {learningRate.Type}", [learningRate]);
        Tensor[] gradients = Grad(cost, parameters);
        return [.. parameters.Zip(gradients).SelectMany(pair => updatesOf(pair.First, pair.Second))];
    }

    private static Shared ZeroState(Shared parameter, string what) => Shared(NDArray.Zeros(parameter.Shape), $"{what} of {parameter.Label}");
}
