// Arithmetic, one record per op: meaning, derivative, CUDA, tile. Then the builders that users call.
//
// Read a record as four lines: what it is on scalars; its derivative, where x (or a, b) are the inputs, y the node itself and g the
// gradient of the cost with respect to y; its CUDA expression; and its routine on a tile of a thousand elements.
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using MiniDL.Ops;
using static MiniDL.Ops.Lanes;

namespace MiniDL;

/// <summary>The arithmetic ops.</summary>
internal static class Arithmetic
{
    public static readonly Elementwise Neg = Elementwise.Unary("neg", x => -x,
        (x, y, g) => -g,
        "-{0}", TensorPrimitives.Negate, ElementTypes.Numeric, intTile: (x, y) => TensorPrimitives.Negate(Ints(x), Ints(y))) with
    { IntCuda = "(int)(0u - (uint){0})" };

    public static readonly Elementwise Add = Elementwise.Binary("add", (a, b) => a + b,
        (a, b, y, g) => (g, g),
        "{0} + {1}", TensorPrimitives.Add, ElementTypes.Numeric, intTile: (a, b, y) => TensorPrimitives.Add(Ints(a), Ints(b), Ints(y))) with
    { IntCuda = "(int)((uint){0} + (uint){1})" };

    public static readonly Elementwise Sub = Elementwise.Binary("sub", (a, b) => a - b,
        (a, b, y, g) => (g, -g),
        "{0} - {1}", TensorPrimitives.Subtract, ElementTypes.Numeric, intTile: (a, b, y) => TensorPrimitives.Subtract(Ints(a), Ints(b), Ints(y))) with
    { IntCuda = "(int)((uint){0} - (uint){1})" };

    public static readonly Elementwise Mul = Elementwise.Binary("mul", (a, b) => a * b,
        (a, b, y, g) => (g * b, g * a),
        "{0} * {1}", TensorPrimitives.Multiply, ElementTypes.Numeric, intTile: (a, b, y) => TensorPrimitives.Multiply(Ints(a), Ints(b), Ints(y))) with
    { IntCuda = "(int)((uint){0} * (uint){1})", IntMeaning = (a, b) => unchecked(a * b) };

    public static readonly Elementwise Div = Elementwise.Binary("div", (a, b) => a / b,
        (a, b, y, g) => (g / b, -(g * y) / b),
        "{0} / {1}", TensorPrimitives.Divide, weight: 4);

    public static readonly Elementwise Reciprocal = Elementwise.Unary("reciprocal", x => 1 / x,
        (x, y, g) => -g * T.Square(y),
        "1.0f / {0}", TensorPrimitives.Reciprocal, weight: 4);

    public static readonly Elementwise Square = Elementwise.Unary("square", x => x * x,
        (x, y, g) => 2 * g * x,
        "{0} * {0}", (x, y) => TensorPrimitives.Multiply(x, x, y), ElementTypes.Numeric, intTile: (x, y) => TensorPrimitives.Multiply(Ints(x), Ints(x), Ints(y))) with
    { IntCuda = "(int)((uint){0} * (uint){0})", IntMeaning = (x, _) => unchecked(x * x) };

    public static readonly Elementwise Sqrt = Elementwise.Unary("sqrt", Math.Sqrt,
        (x, y, g) => g / (2 * y),
        "sqrtf({0})", Tile.Sqrt, weight: 4);

    public static readonly Elementwise Rsqrt = Elementwise.Unary("rsqrt", x => 1 / Math.Sqrt(x),
        (x, y, g) => -0.5f * g * y / x,
        "rsqrtf({0})", Tile.ReciprocalSqrt, weight: 4, error: 4e-7);

    public static readonly Elementwise Abs = Elementwise.Unary("abs", Math.Abs,
        (x, y, g) => g * T.Sign(x),
        "fabsf({0})", TensorPrimitives.Abs, ElementTypes.Numeric, intTile: (x, y) => Tile.Abs(Ints(x), Ints(y))) with
    { IntCuda = "({0} < 0 ? (int)(0u - (uint){0}) : {0})" };

    public static readonly Elementwise Sign = Elementwise.Unary("sign", x => double.IsNaN(x) ? x : Math.Sign(x),
        (x, y, g) => T.ZerosLike(x),
        "({0} > 0.0f ? 1.0f : {0} < 0.0f ? -1.0f : {0})", Tile.Sign);

    public static readonly Elementwise Floor = Elementwise.Unary("floor", Math.Floor,
        (x, y, g) => T.ZerosLike(x),
        "floorf({0})", TensorPrimitives.Floor);

    public static readonly Elementwise Pow = Elementwise.Binary("pow", Math.Pow,
        (a, b, y, g) => (T.Where(T.Equal(b, 0), 0, g * b * T.Pow(a, b - 1)), T.Where(a > 0, g * y * T.Log(a), 0)),
        "powf({0}, {1})", Tile.Pow, weight: 40, error: 2e-6);

    public static readonly Elementwise Maximum = Elementwise.Binary("maximum", Math.Max,
        (a, b, y, g) => (T.Where(a >= b, g, 0), T.Where(a >= b, 0, g)),
        "max_nan({0}, {1})", Tile.Maximum<float>, ElementTypes.Numeric, intTile: (a, b, y) => Tile.Maximum<int>(Ints(a), Ints(b), Ints(y))) with
    { IntCuda = "({0} > {1} ? {0} : {1})" };

    public static readonly Elementwise Minimum = Elementwise.Binary("minimum", Math.Min,
        (a, b, y, g) => (T.Where(a <= b, g, 0), T.Where(a <= b, 0, g)),
        "min_nan({0}, {1})", Tile.Minimum<float>, ElementTypes.Numeric, intTile: (a, b, y) => Tile.Minimum<int>(Ints(a), Ints(b), Ints(y))) with
    { IntCuda = "({0} < {1} ? {0} : {1})" };
}

public static partial class T
{
    /// <summary>-x. float32 or int32.</summary>
    public static Tensor Neg(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Neg.Of(x);
    }

    /// <summary>a + b with broadcasting. float32 or int32 (which wraps).</summary>
    public static Tensor Add(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Add.Of(a, b);
    }

    /// <summary>a - b with broadcasting. float32 or int32 (which wraps).</summary>
    public static Tensor Sub(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Sub.Of(a, b);
    }

    /// <summary>a * b, elementwise, with broadcasting. float32 or int32 (which wraps).</summary>
    public static Tensor Mul(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Mul.Of(a, b);
    }

    /// <summary>a / b with broadcasting. float32.</summary>
    public static Tensor Div(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Div.Of(a, b);
    }

    /// <summary>1 / x. float32.</summary>
    public static Tensor Reciprocal(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Reciprocal.Of(x);
    }

    /// <summary>x * x. float32 or int32 (which wraps).</summary>
    public static Tensor Square(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Square.Of(x);
    }

    /// <summary>The square root; NaN below 0. float32.</summary>
    public static Tensor Sqrt(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Sqrt.Of(x);
    }

    /// <summary>1 / sqrt(x). float32.</summary>
    public static Tensor Rsqrt(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Rsqrt.Of(x);
    }

    /// <summary>|x|; the derivative at 0 is 0. float32 or int32.</summary>
    public static Tensor Abs(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Abs.Of(x);
    }

    /// <summary>-1, 0 or 1; NaN of NaN. Its derivative is 0. float32.</summary>
    public static Tensor Sign(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Sign.Of(x);
    }

    /// <summary>The largest whole number that is not above x. Its derivative is 0. float32.</summary>
    public static Tensor Floor(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Floor.Of(x);
    }

    /// <summary>a to the power b. NaN for a negative a and a b that is not whole; the derivative for b is 0 where a is not positive, the one for a where b is 0. float32.</summary>
    public static Tensor Pow(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Pow.Of(a, b);
    }

    /// <summary>The larger of a and b; NaN if either is. A tie gives its gradient to a. float32 or int32.</summary>
    public static Tensor Maximum(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Maximum.Of(a, b);
    }

    /// <summary>The smaller of a and b; NaN if either is. A tie gives its gradient to a. float32 or int32.</summary>
    public static Tensor Minimum(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Arithmetic.Minimum.Of(a, b);
    }

    /// <summary>x limited to [low, high]; NaN stays NaN. At a limit the gradient still flows. float32 or int32.</summary>
    public static Tensor Clip(Tensor x, Tensor low, Tensor high, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Minimum(Maximum(x, low), high);
    }

    /// <summary>Zeros of the shape and dtype of x; a gradient that is known to vanish.</summary>
    public static Tensor ZerosLike(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        return MiniDL.BroadcastTo.Like(MiniDL.Constant.Of(0, x.DType), x);
    }

    /// <summary>Ones of the shape and dtype of x.</summary>
    public static Tensor OnesLike(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        return MiniDL.BroadcastTo.Like(MiniDL.Constant.Of(1, x.DType), x);
    }
}
