// The class users write their models with. This file is its heart: declaring inputs and constants. Every family of ops adds its
// own builders to it in its own file (Ops/), Grad and Function come from theirs.
//
// The one thing to understand: each builder checks, makes one or a few nodes, dates them to the caller's line, and computes nothing.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>Builds expressions: <c>T.Matrix("X")</c>, <c>T.Dot(X, w)</c>, <c>T.Grad(cost, w)</c>, <c>T.Function(...)</c>.
/// Made to be used with <c>using static MiniDL.T;</c>.</summary>
public static partial class T
{
    /// <summary>An input of any type; dims may be <see cref="Shape.Unknown"/>.</summary>
    /// <example><code>var images = T.Input([Shape.Unknown, 1, 28, 28], "images");</code></example>
    public static Tensor Input(Shape shape, string name, DType dtype = DType.Float32, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(name);
        return InputOp.Make(new TensorType(dtype, shape), name, new SourceLocation(file, line));
    }

    /// <summary>An input of rank 0.</summary>
    public static Tensor Scalar(string name, DType dtype = DType.Float32, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Input(MiniDL.Shape.Scalar, name, dtype, file, line);

    /// <summary>An input of rank 1 with an unknown dim.</summary>
    public static Tensor Vector(string name, DType dtype = DType.Float32, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Input([MiniDL.Shape.Unknown], name, dtype, file, line);

    /// <summary>An input of rank 2 with unknown dims.</summary>
    public static Tensor Matrix(string name, DType dtype = DType.Float32, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Input([MiniDL.Shape.Unknown, MiniDL.Shape.Unknown], name, dtype, file, line);

    /// <summary>An input of rank 4 (B, C, H, W) with unknown dims.</summary>
    public static Tensor Tensor4(string name, DType dtype = DType.Float32, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Input([MiniDL.Shape.Unknown, MiniDL.Shape.Unknown, MiniDL.Shape.Unknown, MiniDL.Shape.Unknown], name, dtype, file, line);

    /// <summary>A value that is part of the graph; it is copied here.</summary>
    public static Tensor Constant(NDArray value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(value);
        using var at = Source.Here(file, line);
        return MiniDL.Constant.Of(value.Copy());
    }
}
