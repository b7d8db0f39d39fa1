// Layers one after the other, and layers around which the signal takes a short cut.
//
// The one thing to understand: both are layers themselves, so they nest. A residual block adds what came in to what its layers make of it, y = x + F(x): the gradient reaches x
// undiminished through the sum whatever F does, which is why nets of 152 layers can be trained. (He, Zhang, Ren and Sun, "Deep residual learning", CVPR 2016, equations 1 and 2.)
namespace MiniDL;

public abstract partial class Layer
{
    /// <summary>Layers one after the other.</summary>
    /// <example><code>Layer net = Layer.Sequential(Layer.Flatten, Layer.Dense(128), Layer.Relu, Layer.Dense(10));</code></example>
    public static Layer Sequential(params ReadOnlySpan<Layer> layers) => new SequentialLayer([.. layers]);

    /// <summary>y = x + F(x), or P(x) + F(x) where F changes the shape.</summary>
    /// <param name="body">F.</param>
    /// <param name="projection">P, a 1 x 1 convolution with F's stride as a rule; null for x itself.</param>
    /// <exception cref="GraphException">When applied: both sides do not have the same shape.</exception>
    public static Layer Residual(Layer body, Layer? projection = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        return new ResidualLayer(body, projection);
    }
}

/// <summary>Layers one after the other.</summary>
internal sealed class SequentialLayer(Layer[] layers) : Layer
{
    public override string Kind => "sequential";

    protected internal override Tensor Apply(Tensor x, Scope scope)
    {
        foreach (Layer layer in layers) x = scope.Apply(layer, x);
        return x;
    }
}

/// <summary>y = P(x) + F(x).</summary>
internal sealed class ResidualLayer(Layer body, Layer? projection) : Layer
{
    public override string Kind => "residual";

    protected internal override Tensor Apply(Tensor x, Scope scope)
    {
        Tensor change = scope.Apply(body, x), around = projection is null ? x : scope.Apply(projection, x);
        if (!change.Shape.Equals(around.Shape))
            throw GraphException.About("residual", $"what goes through is {change.Shape}, what goes around {around.Shape}; a projection must bring them to one shape", [change, around]);
        return around + change;
    }
}
