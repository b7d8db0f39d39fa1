// The leaves of a graph: inputs that are fed on each call, constants, and (in Shared.cs) values that live across calls.
//
// The one thing to understand: inputs and shared variables are equal only to themselves, however alike they look, while equal numbers are the same constant;
// merging equal nodes follows from that.
namespace MiniDL;

/// <summary>A variable that the caller feeds at each run. Made by <c>T.Matrix("X")</c> and its like.</summary>
/// <param name="Type">The declared dtype and shape.</param>
/// <param name="Identity">Makes each input equal only to itself, whatever its name and type.</param>
public sealed record InputOp(TensorType Type, object Identity) : NotDifferentiable
{
    /// <inheritdoc/>
    public override string Name => "input";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => Type;

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) =>
        throw new InvalidOperationException("an input has no value of its own; the function feeds it");

    internal static Tensor Make(TensorType type, string? name, SourceLocation source) =>
        new(new InputOp(type, new object()), [], type, name, source);
}

/// <summary>A value that is part of the graph itself.</summary>
/// <param name="Value">The numbers; nobody changes them once they are here.</param>
/// <param name="IsLiteral">Written as a plain number in an expression: adopts the dtype of what it meets.</param>
public sealed record Constant(NDArray Value, bool IsLiteral = false) : NotDifferentiable
{
    /// <inheritdoc/>
    public override string Name => "constant";

    /// <inheritdoc/>
    protected override string Parameters => Value.Count == 1 ? Value.ToDouble(0).ToString("G7") : Value.ToString();

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new(Value.DType, Value.Shape);

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) =>
        ReferenceArray.From(Value);

    /// <summary>Equal constants of one element merge; larger ones are equal only to themselves.</summary>
    public bool Equals(Constant? other) =>
        other is not null && (ReferenceEquals(Value, other.Value)
            || (Value.Count == 1 && other.Value.Count == 1 && Value.DType == other.Value.DType && Value.Shape.Equals(other.Value.Shape)
                && Value.Bytes().SequenceEqual(other.Value.Bytes())));

    /// <inheritdoc/>
    public override int GetHashCode() => Value.Count == 1 ? Value.ToDouble(0).GetHashCode() : Value.GetHashCode();

    internal static Tensor Of(NDArray value) => Tensor.Apply(new Constant(value));

    internal static Tensor Literal(float value) => Tensor.Apply(new Constant(NDArray.Scalar(value), IsLiteral: true));

    /// <summary>A scalar of a given dtype, as the derivative rules need them (zero and one of the operand's dtype).</summary>
    internal static Tensor Of(double value, DType dtype) => Of(dtype switch
    {
        DType.Float32 => NDArray.Scalar((float)value),
        DType.Int32 => NDArray.Scalar((int)value),
        _ => NDArray.Scalar(value != 0),
    });

    /// <summary>The value of a one-element constant seen through reshapes and broadcasts, or null when the tensor is something else.</summary>
    internal static double? ScalarOf(Tensor tensor)
    {
        while (tensor.Op is BroadcastTo or ReshapeTo or DimShuffle) tensor = tensor.Inputs[0];
        return tensor.Op is Constant { Value.Count: 1 } constant ? constant.Value.ToDouble(0) : null;
    }
}
