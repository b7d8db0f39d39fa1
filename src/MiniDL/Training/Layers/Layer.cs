// A layer: a function from tensor to tensor that may ask for parameters by name.
//
// Build-time only, as all of Training. Networks of the progression are plain methods over shared variables; a layer is for nets where naming every weight by hand would drown the
// idea. The one thing to understand: a layer holds no numbers and knows no shapes. Apply writes its expression for whatever x it is given, and takes parameters from the Scope,
// which decides what they are: shared variables with values (Model), or mere symbols (Summary, which so describes a net of 138 million parameters without allocating one).
namespace MiniDL;

/// <summary>A part of a network. Immutable; the same layer may stand in several models.</summary>
/// <remarks>Each kind of layer adds its factory method to this class in the file that defines it.</remarks>
/// <example><code>
/// using static MiniDL.Layer;
/// Layer net = Sequential(Dense(625), Relu, Dropout(0.5f), Dense(10));
/// var model = new Model(net, input: [784], new Init(seed: 1));
/// </code></example>
public abstract partial class Layer
{
    /// <summary>What kind it is, such as <c>dense</c>: the first part of its parameters' names, and its line in a summary.</summary>
    public abstract string Kind { get; }

    /// <summary>The layer's expression.</summary>
    /// <param name="x">What comes in: (B, ...), B not known.</param>
    /// <param name="scope">Where parameters come from; tells whether this is training.</param>
    /// <exception cref="GraphException">The shape of x does not suit the layer.</exception>
    protected internal abstract Tensor Apply(Tensor x, Scope scope);

    /// <summary>A layer without parameters, from a function.</summary>
    /// <param name="kind">What to call it.</param>
    /// <param name="function">Its expression.</param>
    /// <example><code>Layer scale = Layer.Of("scale", x => x * 2);</code></example>
    public static Layer Of(string kind, Func<Tensor, Tensor> function)
    {
        ArgumentException.ThrowIfNullOrEmpty(kind);
        ArgumentNullException.ThrowIfNull(function);
        return new FunctionLayer(kind, function);
    }

    /// <summary>max(x, 0).</summary>
    public static Layer Relu { get; } = Of("relu", x => T.Relu(x));

    /// <summary>1 / (1 + exp(-x)).</summary>
    public static Layer Sigmoid { get; } = Of("sigmoid", x => T.Sigmoid(x));

    /// <summary>tanh x.</summary>
    public static Layer Tanh { get; } = Of("tanh", x => T.Tanh(x));

    /// <summary>softmax over the last axis. Losses "from logits" want a net without it.</summary>
    public static Layer Softmax { get; } = Of("softmax", x => T.Softmax(x));

    /// <summary>(B, C, H, W) becomes (B, C H W).</summary>
    public static Layer Flatten { get; } = Of("flatten", x => T.Flatten(x));

    private sealed class FunctionLayer(string kind, Func<Tensor, Tensor> function) : Layer
    {
        public override string Kind => kind;

        protected internal override Tensor Apply(Tensor x, Scope scope) => function(x);
    }
}
