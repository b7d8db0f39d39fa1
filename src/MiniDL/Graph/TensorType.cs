// The type of a node: dtype and shape.
//
// It is inferred once, when the node is made (build), and inferred again by every pass. The one thing to understand: types compare by
// value, so "did this rewrite change the type?" is one comparison.
namespace MiniDL;

/// <summary>What is known of a tensor before it has a value: its dtype and its shape, some dims perhaps unknown.</summary>
/// <example>float32(?, 784) is a batch of images whose number is only known when the function runs.</example>
public readonly record struct TensorType(DType DType, Shape Shape)
{
    /// <summary>The number of dims.</summary>
    public int Rank => Shape.Rank;

    /// <summary>The dtype and the shape: float32(?, 784).</summary>
    public override string ToString() => $"{DType.Label()}{Shape}";
}
