// The affine layer: every output is a weighted sum of all inputs, plus a bias.
//
//     y = x W + b      x (B, nIn), W (nIn, nOut), b (nOut)
namespace MiniDL;

public abstract partial class Layer
{
    /// <summary>x W + b.</summary>
    /// <param name="units">nOut.</param>
    /// <param name="bias">Whether there is a b, 0 at first.</param>
    /// <param name="first">First weights; Xavier's uniform ones if not given (<see cref="Init.XavierUniform"/>).</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than one unit.</exception>
    /// <example><code>Layer hidden = Layer.Dense(625, first: (init, shape) => init.HeNormal(shape));</code></example>
    public static Layer Dense(int units, bool bias = true, Func<Init, Shape, NDArray>? first = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        return new DenseLayer(units, bias, first ?? ((init, shape) => init.XavierUniform(shape)));
    }
}

/// <summary>x W + b.</summary>
internal sealed class DenseLayer(int units, bool bias, Func<Init, Shape, NDArray> first) : Layer
{
    public override string Kind => "dense";

    protected internal override Tensor Apply(Tensor x, Scope scope)
    {
        if (x.Rank != 2 || x.Shape[1] == Shape.Unknown)
            throw GraphException.About("dense", $"needs rows of known length (B, nIn), not {x.Shape}; put Flatten in front of it", [x]);
        Tensor y = T.Dot(x, scope.Parameter("weights", [x.Shape[1], units], first));
        return bias ? y + scope.Parameter("bias", [units], (_, shape) => NDArray.Zeros(shape)) : y;
    }
}
