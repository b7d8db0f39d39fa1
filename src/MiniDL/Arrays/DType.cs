// The three element types, and what the compiler asks of them: size, name, C# type.
//
// They stand at the very start: every array and every node of a graph has one. The one thing to understand: there is no float64 here. The
// reference computes in float64 inside itself, but nothing that a user holds is ever of another type than these three.
namespace MiniDL;

/// <summary>The type of the elements of an <see cref="NDArray"/> or of a symbolic <c>Tensor</c>.</summary>
/// <remarks>The reference computes in float64 whatever is asked for here; that type never leaves it.</remarks>
public enum DType
{
    /// <summary>IEEE 754 single precision, 4 bytes: all parameters, activations and gradients.</summary>
    Float32,

    /// <summary>Signed 32-bit integer, 4 bytes: labels, row indices, results of argmax.</summary>
    Int32,

    /// <summary>True or false, 1 byte: results of comparisons, masks.</summary>
    Bool,
}

/// <summary>What the compiler needs to know about a <see cref="DType"/>.</summary>
public static class DTypes
{
    /// <summary>Bytes that one element takes in memory: 4, 4 and 1.</summary>
    public static int Size(this DType dtype) => dtype == DType.Bool ? 1 : 4;

    /// <summary>The name used in listings and messages: float32, int32, bool.</summary>
    public static string Label(this DType dtype) => dtype switch
    {
        DType.Float32 => "float32",
        DType.Int32 => "int32",
        _ => "bool",
    };

    /// <summary>The dtype that stores the C# type <typeparamref name="TElement"/> (float, int or bool).</summary>
    /// <exception cref="NotSupportedException">Another C# type.</exception>
    public static DType Of<TElement>() =>
        typeof(TElement) == typeof(float) ? DType.Float32
        : typeof(TElement) == typeof(int) ? DType.Int32
        : typeof(TElement) == typeof(bool) ? DType.Bool
        : throw new NotSupportedException($"MiniDL has no dtype for {typeof(TElement).Name}; it has float (float32), int (int32) and bool.");
}
