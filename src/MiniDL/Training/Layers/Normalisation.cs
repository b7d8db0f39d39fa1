// Normalisation: what flows between layers is brought to mean 0 and variance 1, then scaled and shifted by what is learnt.
//
//     y = gamma (x - mean) / sqrt(var + epsilon) + beta
//
//                  B  C  H  W
//     BatchNorm    mean and variance over B, H, W: one pair for each channel       needs other examples, so in use it takes the average over training
//     LayerNorm    mean and variance over C, H, W: one pair for each example       needs none
//
// The one thing to understand: in training the mean and the variance are part of the expression, and the gradient goes through them. (Ioffe and Szegedy, "Batch normalization",
// ICML 2015, algorithms 1 and 2; Ba, Kiros and Hinton, "Layer normalization", 2016, equation 3.)
namespace MiniDL;

public abstract partial class Layer
{
    /// <summary>Normalises each channel over the batch; (B, C) or (B, C, H, W).</summary>
    /// <param name="momentum">The share of the running mean and variance that stays at each step.</param>
    /// <param name="epsilon">Keeps the division finite; in units of x^2.</param>
    /// <remarks>The running variance is that of the batch, divided by n, not by n - 1.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The momentum is not in [0, 1), or epsilon not above 0.</exception>
    public static Layer BatchNorm(float momentum = 0.9f, float epsilon = 1e-5f)
    {
        if (!(momentum is >= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "the share that stays is in [0, 1)");
        return new BatchNormLayer(momentum, Positive(epsilon));
    }

    /// <summary>Normalises each example over everything but the batch.</summary>
    /// <param name="epsilon">Keeps the division finite; in units of x^2.</param>
    /// <exception cref="ArgumentOutOfRangeException">Epsilon is not above 0.</exception>
    public static Layer LayerNorm(float epsilon = 1e-5f) => new LayerNormLayer(Positive(epsilon));

    private static float Positive(float epsilon) => epsilon > 0 && float.IsFinite(epsilon) ? epsilon : throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "must be above 0");
}

/// <summary>Normalisation over the batch.</summary>
internal sealed class BatchNormLayer(float momentum, float epsilon) : Layer
{
    public override string Kind => "batch_norm";

    protected internal override Tensor Apply(Tensor x, Scope scope)
    {
        if (x.Rank is not (2 or 4) || x.Shape[1] == Shape.Unknown) throw GraphException.About("batch_norm", $"needs (B, C) or (B, C, H, W) with C known, not {x.Shape}", [x]);
        Shape channels = [x.Shape[1]], broadcast = x.Rank == 2 ? [1, x.Shape[1]] : [1, x.Shape[1], 1, 1];
        int[] over = x.Rank == 2 ? [0] : [0, 2, 3];

        Tensor Of(Tensor perChannel) => T.Reshape(perChannel, broadcast);
        Tensor gamma = scope.Parameter("gamma", channels, (_, shape) => Scope.Filled(shape, 1)), beta = scope.Parameter("beta", channels, (_, shape) => NDArray.Zeros(shape));
        Tensor batchMean = T.Mean(x, axes: over), batchVariance = T.Mean(T.Square(x - Of(batchMean)), axes: over);
        Tensor mean = scope.Running("mean", channels, 0, old => momentum * old + (1 - momentum) * batchMean);
        Tensor variance = scope.Running("variance", channels, 1, old => momentum * old + (1 - momentum) * batchVariance);
        if (scope.IsTraining) (mean, variance) = (batchMean, batchVariance);
        return (x - Of(mean)) * Of(gamma * T.Rsqrt(variance + epsilon)) + Of(beta);
    }
}

/// <summary>Normalisation over what belongs to one example.</summary>
internal sealed class LayerNormLayer(float epsilon) : Layer
{
    public override string Kind => "layer_norm";

    protected internal override Tensor Apply(Tensor x, Scope scope)
    {
        if (x.Rank < 2 || x.Shape.Dims[1..].Contains(Shape.Unknown)) throw GraphException.About("layer_norm", $"needs (B, ...) with all dims but B known, not {x.Shape}", [x]);
        Shape features = [.. x.Shape.Dims[1..]];
        int[] over = [.. Enumerable.Range(1, x.Rank - 1)];
        Tensor gamma = scope.Parameter("gamma", features, (_, shape) => Scope.Filled(shape, 1)), beta = scope.Parameter("beta", features, (_, shape) => NDArray.Zeros(shape));
        Tensor centred = x - T.Mean(x, axes: over, keepDims: true), variance = T.Mean(T.Square(centred), axes: over, keepDims: true);
        return centred * T.Rsqrt(variance + epsilon) * gamma + beta;
    }
}
