// Optimisers with a step of its own for each element: divided by how large its gradients have been.
//
// An element that rarely gets a gradient, such as the weight of a pixel at the border, and one that gets a large one at every step want different
// rates. All methods below keep a moving average of g^2 and divide by its root. The one thing to understand: the step then hardly depends on
// the gradient's size, so that scaling the cost by a hundred changes next to nothing, and the learning rate is a distance: about how far an element
// moves in a step. Adadelta goes on to choose even that by itself, from the steps it took before.
using System.Runtime.CompilerServices;

namespace MiniDL;

public static partial class T
{
    /// <summary>RMSprop: a' = rho a + (1 - rho) g^2, p' = p - rate g / sqrt(a' + epsilon). The new mean square is used, epsilon is inside
    /// the square root, and the start at 0 is not corrected for, so the first steps are long ones.</summary>
    /// <remarks>Tieleman and Hinton, Coursera, "Neural networks for machine learning" (2012), lecture 6.5.</remarks>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar.</param>
    /// <param name="rho">The share of the mean square a that stays, in [0, 1).</param>
    /// <param name="epsilon">Keeps the division finite; in units of g^2.</param>
    /// <param name="gradients">What is to be done with the gradients first; see <see cref="ClipByNorm"/>.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Two updates for each parameter.</returns>
    /// <exception cref="GraphException">As Sgd; or rho is not in [0, 1).</exception>
    /// <example><code>var train = T.Function([X, Y], cost, updates: T.RmsProp(cost, [wH, wO], learningRate: 0.001f));</code></example>
    public static Update[] RmsProp(Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, float rho = 0.9f, float epsilon = 1e-6f,
        Func<Tensor[], Tensor[]>? gradients = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        CheckShare("rmsprop", "rho", rho);
        return Optimise("rmsprop", cost, parameters, learningRate, gradients, (p, g) =>
        {
            Shared meanSquare = ZeroState(p, "mean square");
            Tensor newMeanSquare = rho * meanSquare + (1 - rho) * Square(g);
            return [(meanSquare, newMeanSquare), (p, p - learningRate * g / Sqrt(newMeanSquare + epsilon))];
        });
    }

    /// <summary>Adadelta: a' = rho a + (1 - rho) g^2, d = g sqrt(b + epsilon) / sqrt(a' + epsilon), b' = rho b + (1 - rho) d^2, p' = p - rate d.
    /// The step d has the parameter's unit, whatever the cost's: b is the mean square of the steps before. The first ones are tiny, about
    /// sqrt(epsilon) / sqrt(1 - rho).</summary>
    /// <remarks>M. Zeiler, "Adadelta: an adaptive learning rate method" (2012), algorithm 1, which has no rate: it is 1.</remarks>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar; 1, the method as published, if not given.</param>
    /// <param name="rho">The share of both mean squares, a and b, that stays, in [0, 1).</param>
    /// <param name="epsilon">What b starts from, and what keeps the division finite; in units of d^2 and g^2 alike.</param>
    /// <param name="gradients">What is to be done with the gradients first; see <see cref="ClipByNorm"/>.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Three updates for each parameter.</returns>
    /// <exception cref="GraphException">As Sgd; or rho is not in [0, 1).</exception>
    /// <example><code>T.Adadelta(cost, model.Parameters)</code></example>
    public static Update[] Adadelta(Tensor cost, IReadOnlyList<Shared> parameters, Tensor? learningRate = null, float rho = 0.95f, float epsilon = 1e-6f,
        Func<Tensor[], Tensor[]>? gradients = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        CheckShare("adadelta", "rho", rho);
        Tensor rate = learningRate ?? 1f;
        return Optimise("adadelta", cost, parameters, rate, gradients, (p, g) =>
        {
            Shared meanSquare = ZeroState(p, "mean square"), meanSquareStep = ZeroState(p, "mean square step");
            Tensor newMeanSquare = rho * meanSquare + (1 - rho) * Square(g);
            Tensor step = g * (Sqrt(meanSquareStep + epsilon) / Sqrt(newMeanSquare + epsilon));
            return [(meanSquare, newMeanSquare), (meanSquareStep, rho * meanSquareStep + (1 - rho) * Square(step)), (p, p - rate * step)];
        });
    }

    /// <summary>Adam: m' = b1 m + (1 - b1) g, v' = b2 v + (1 - b2) g^2, p' = p - rate (m' / c1) / (sqrt(v' / c2) + epsilon), where
    /// c1 = 1 - b1^t and c2 = 1 - b2^t correct for the start at 0 in step t.</summary>
    /// <remarks>Kingma and Ba, "Adam: a method for stochastic optimization" (ICLR 2015), algorithm 1. The corrections are themselves moving
    /// averages, of the constant 1: c' = b c + (1 - b) from c = 0. Kept so, they lose no digits to 1 - b^t, and need no step number.</remarks>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar.</param>
    /// <param name="beta1">The share of the mean m that stays, in [0, 1).</param>
    /// <param name="beta2">The share of the mean square v that stays, in [0, 1).</param>
    /// <param name="epsilon">Keeps the division finite; in units of g, outside the square root.</param>
    /// <param name="gradients">What is to be done with the gradients first; see <see cref="ClipByNorm"/>.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Three updates for each parameter, and two for the corrections.</returns>
    /// <exception cref="GraphException">As Sgd; or a beta is not in [0, 1).</exception>
    /// <example><code>T.Adam(cost, model.Parameters, 0.001f)</code></example>
    public static Update[] Adam(Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, float beta1 = 0.9f, float beta2 = 0.999f,
        float epsilon = 1e-8f, Func<Tensor[], Tensor[]>? gradients = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        CheckShare("adam", "beta1", beta1);
        CheckShare("adam", "beta2", beta2);
        Shared c1 = Shared(NDArray.Zeros([]), "1 - beta1^t"), c2 = Shared(NDArray.Zeros([]), "1 - beta2^t");
        Tensor newC1 = beta1 * c1 + (1 - beta1), newC2 = beta2 * c2 + (1 - beta2);
        Update[] updates = Optimise("adam", cost, parameters, learningRate, gradients, (p, g) =>
        {
            Shared mean = ZeroState(p, "mean"), meanSquare = ZeroState(p, "mean square");
            Tensor newMean = beta1 * mean + (1 - beta1) * g;
            Tensor newMeanSquare = beta2 * meanSquare + (1 - beta2) * Square(g);
            return [(mean, newMean), (meanSquare, newMeanSquare), (p, p - learningRate * (newMean / newC1) / (Sqrt(newMeanSquare / newC2) + epsilon))];
        });
        return [(c1, newC1), (c2, newC2), .. updates];
    }

    /// <summary>AdamW: Adam's step, and beside it every parameter shrinks by rate weightDecay p. (<see cref="WeightDecay"/> says why beside it.)</summary>
    /// <remarks>Loshchilov and Hutter, "Decoupled weight decay regularization" (ICLR 2019), algorithm 2, in which the decay is multiplied by the schedule
    /// but not by the rate itself; that it is multiplied by both, as here, has become the custom.</remarks>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar.</param>
    /// <param name="weightDecay">The share of p that is lost in a step of rate 1.</param>
    /// <param name="beta1">The share of the mean m that stays, in [0, 1).</param>
    /// <param name="beta2">The share of the mean square v that stays, in [0, 1).</param>
    /// <param name="epsilon">Keeps the division finite; in units of g, outside the square root.</param>
    /// <param name="gradients">What is to be done with the gradients first; see <see cref="ClipByNorm"/>.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Three updates for each parameter, and two for the corrections.</returns>
    /// <exception cref="GraphException">As Adam.</exception>
    /// <example><code>T.AdamW(cost, model.Parameters, 0.001f, weightDecay: 0.01f)</code></example>
    public static Update[] AdamW(Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, float weightDecay = 0.01f, float beta1 = 0.9f,
        float beta2 = 0.999f, float epsilon = 1e-8f, Func<Tensor[], Tensor[]>? gradients = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        Update[] adam = Adam(cost, parameters, learningRate, beta1, beta2, epsilon, gradients);
        return WeightDecay(adam, parameters, learningRate * weightDecay);
    }
}
