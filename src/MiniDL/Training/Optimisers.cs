// Optimisers: from a cost and its parameters to a list of updates.
//
// Build-time only. The one thing to understand: an optimiser is not an object with a Step method. It writes down, as graphs, the new value
// of each parameter and of each number it has to remember; a function's updates are simultaneous, so the formulas in these files can be read
// as they stand in the papers, old values on the right and new ones on the left. What is remembered lives in shared variables that start at 0.
//
//   g      gradient of the cost with respect to a parameter p
//   rate   learning rate: a number, or a float32 scalar such as a shared variable that a schedule changes between runs (Schedules.cs)
//
// Here: what they have in common, and the simplest. Then Optimisers.Momentum.cs and Optimisers.Adaptive.cs.
using System.Runtime.CompilerServices;

namespace MiniDL;

public static partial class T
{
    /// <summary>Gradient descent: p' = p - rate g.</summary>
    /// <param name="cost">float32 scalar.</param>
    /// <param name="parameters">The shared variables it is to be made small by.</param>
    /// <param name="learningRate">A number or a float32 scalar.</param>
    /// <param name="gradients">What is to be done with the gradients first; see <see cref="ClipByNorm"/>.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="GraphException">The cost is no scalar, does not depend on a parameter, or the rate is no float32 scalar.</exception>
    /// <example><code>var train = T.Function([X, Y], cost, updates: T.Sgd(cost, [w], learningRate: 0.05f));</code></example>
    public static Update[] Sgd(Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, Func<Tensor[], Tensor[]>? gradients = null,
        [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Optimise("sgd", cost, parameters, learningRate, gradients, (p, g) => [(p, p - learningRate * g)]);
    }

    // The updates of all parameters, given those of one parameter p with gradient g.
    private static Update[] Optimise(string name, Tensor cost, IReadOnlyList<Shared> parameters, Tensor learningRate, Func<Tensor[], Tensor[]>? transform,
        Func<Shared, Tensor, Update[]> updatesOf)
    {
        CheckIsFloatScalar(name, "the learning rate", learningRate);
        Tensor[] gradients = Grad(cost, parameters);
        if (transform is not null) gradients = Transformed(name, gradients, transform);
        return [.. parameters.Zip(gradients).SelectMany(pair => updatesOf(pair.First, pair.Second))];
    }

    private static Tensor[] Transformed(string name, Tensor[] gradients, Func<Tensor[], Tensor[]> transform)
    {
        Tensor[] transformed = transform([.. gradients]);
        if (transformed.Length != gradients.Length)
            throw new GraphException($"{name}: {gradients.Length} gradients went into the transform and {transformed.Length} came out; it must return one for each, in the same order");
        for (int i = 0; i < gradients.Length; i++)
            if (transformed[i].DType != gradients[i].DType || !gradients[i].Shape.Accepts(transformed[i].Shape))
                throw GraphException.About(name, $"a gradient of type {gradients[i].Type} was transformed to {transformed[i].Type}", [gradients[i], transformed[i]]);
        return transformed;
    }

    private static void CheckIsFloatScalar(string name, string what, Tensor number)
    {
        ArgumentNullException.ThrowIfNull(number);
        if (number.Rank != 0 || number.DType != DType.Float32) throw GraphException.About(name, $"{what} must be a float32 scalar, not {number.Type}", [number]);
    }

    // The share of an average that stays at each step.
    private static void CheckShare(string name, string what, float share)
    {
        if (!(share is >= 0 and < 1)) throw new GraphException($"{name}: {what} is the share that stays at each step, in [0, 1), not {share}");
    }

    private static Shared ZeroState(Shared parameter, string what) => Shared(NDArray.Zeros(parameter.Shape), $"{what} of {parameter.Label}");
}
