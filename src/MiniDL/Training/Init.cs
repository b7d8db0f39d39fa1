// First values for parameters.
//
// It stands at the very start, beside the data: numbers made here go into shared variables before anything is compiled. The one thing to
// understand: a layer multiplies the variance of what flows through it by about (inputs summed) * (variance of a weight), forward and
// backward. Weights of a fixed small size, as in the progression (0.01), let signals fade from layer to layer; Xavier and He choose the
// size so that they do not.
namespace MiniDL;

/// <summary>Draws arrays of random numbers, one after the other, from one seed: the same calls in the same order give the same arrays.</summary>
/// <param name="seed">Seeds the generator, <see cref="SplitMix64"/>.</param>
/// <example><code>
/// var init = new Init(seed: 1);
/// Shared w = T.Shared(init.Normal([784, 625], 0.01f), "w");
/// </code></example>
public sealed class Init(ulong seed)
{
    private SplitMix64 _random = new(seed);

    /// <summary>Normal numbers of mean 0 and standard deviation <paramref name="std"/>. float32.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="std"/> is negative or not finite.</exception>
    public NDArray Normal(Shape shape, float std)
    {
        if (!(std >= 0 && float.IsFinite(std)))
            throw new ArgumentOutOfRangeException(nameof(std), std, "a standard deviation is 0 or more, and finite");
        NDArray array = NDArray.Zeros(shape);
        foreach (ref float element in array.Span<float>()) element = (float)(std * _random.NextNormal());
        return array;
    }

    /// <summary>Uniform numbers in [<paramref name="low"/>, <paramref name="high"/>]. float32.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="low"/> is above <paramref name="high"/>, or one is not finite.</exception>
    public NDArray Uniform(Shape shape, float low, float high)
    {
        if (!(low <= high && float.IsFinite(low) && float.IsFinite(high)))
            throw new ArgumentOutOfRangeException(nameof(low), low, $"the range {low} to {high} must be finite and not empty");
        NDArray array = NDArray.Zeros(shape);
        double width = (double)high - low;
        foreach (ref float element in array.Span<float>()) element = (float)(low + width * _random.NextDouble());
        return array;
    }

    /// <summary>Normal numbers of variance 2 / (nIn + nOut): the compromise between keeping the variance of activations (1 / nIn) and
    /// that of gradients (1 / nOut), for tanh and the like.</summary>
    /// <param name="shape">(nIn, nOut), or filters (O, C, KH, KW) with nIn = C KH KW and nOut = O KH KW.</param>
    /// <remarks>Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (AISTATS 2010), equation 12.</remarks>
    /// <exception cref="ArgumentException">The shape is of neither kind.</exception>
    public NDArray XavierNormal(Shape shape)
    {
        (double nIn, double nOut) = Fans(shape);
        return Normal(shape, (float)Math.Sqrt(2 / (nIn + nOut)));
    }

    /// <summary>Uniform numbers within sqrt(6 / (nIn + nOut)) of 0: the same variance, since that of U(-a, a) is a^2 / 3.</summary>
    /// <param name="shape">As for <see cref="XavierNormal"/>.</param>
    /// <remarks>Glorot and Bengio (AISTATS 2010), equation 16, the "normalized initialization".</remarks>
    /// <exception cref="ArgumentException">The shape is of neither kind.</exception>
    public NDArray XavierUniform(Shape shape)
    {
        (double nIn, double nOut) = Fans(shape);
        float limit = (float)Math.Sqrt(6 / (nIn + nOut));
        return Uniform(shape, -limit, limit);
    }

    /// <summary>Normal numbers of variance 2 / nIn: for relu, which lets half of the variance through.</summary>
    /// <param name="shape">As for <see cref="XavierNormal"/>.</param>
    /// <remarks>He, Zhang, Ren and Sun, "Delving deep into rectifiers" (ICCV 2015), equation 10.</remarks>
    /// <exception cref="ArgumentException">The shape is of neither kind.</exception>
    public NDArray HeNormal(Shape shape) => Normal(shape, (float)Math.Sqrt(2 / Fans(shape).In));

    /// <summary>Uniform numbers within sqrt(6 / nIn) of 0: the variance of <see cref="HeNormal"/>.</summary>
    /// <param name="shape">As for <see cref="XavierNormal"/>.</param>
    /// <exception cref="ArgumentException">The shape is of neither kind.</exception>
    public NDArray HeUniform(Shape shape)
    {
        float limit = (float)Math.Sqrt(6 / Fans(shape).In);
        return Uniform(shape, -limit, limit);
    }

    // How many products are summed into one output, and how many outputs one input goes into.
    private static (double In, double Out) Fans(Shape shape) => shape switch
    {
        { Rank: 2 } => (shape[0], shape[1]),
        { Rank: 4 } => (shape.Product(1, 4), (double)shape[0] * shape.Product(2, 4)),
        _ => throw new ArgumentException($"{shape} is neither a matrix (nIn, nOut) nor filters (O, C, KH, KW); use Normal or Uniform", nameof(shape)),
    };
}
