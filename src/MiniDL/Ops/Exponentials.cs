// Exponentials and what is built from them: logarithms, sigmoids, the activations, sine and cosine.
//
// Each record is four lines: meaning, derivative, CUDA, tile (see Arithmetic.cs). The one thing to understand here is why log1p,
// expm1 and softplus exist beside exp and log: near 0, and at large arguments, the spelled-out forms lose every digit.
using System.Runtime.CompilerServices;
using MiniDL.Ops;

namespace MiniDL;

/// <summary>Exponential, logarithmic, trigonometric and activation functions.</summary>
internal static class Exponentials
{
    public static readonly Elementwise Exp = Elementwise.Unary("exp", Math.Exp,
        (x, y, g) => g * y,
        "expf({0})", Tile.Exp, weight: 8, error: 4e-7);

    public static readonly Elementwise Log = Elementwise.Unary("log", Math.Log,
        (x, y, g) => g / x,
        "logf({0})", Tile.Log, weight: 8, error: 4e-7);

    public static readonly Elementwise Log1p = Elementwise.Unary("log1p", ScalarMath.Log1p,
        (x, y, g) => g / (1 + x),
        "log1pf({0})", Tile.Log1p, weight: 12, error: 6e-7);

    public static readonly Elementwise Expm1 = Elementwise.Unary("expm1", ScalarMath.Expm1,
        (x, y, g) => g * (y + 1),
        "expm1f({0})", Tile.Expm1, weight: 16, error: 6e-7);

    public static readonly Elementwise Sin = Elementwise.Unary("sin", Math.Sin,
        (x, y, g) => g * T.Cos(x),
        "sinf({0})", Tile.Sin, weight: 16, error: 1e-6);

    public static readonly Elementwise Cos = Elementwise.Unary("cos", Math.Cos,
        (x, y, g) => -g * T.Sin(x),
        "cosf({0})", Tile.Cos, weight: 16, error: 1e-6);

    public static readonly Elementwise Tanh = Elementwise.Unary("tanh", Math.Tanh,
        (x, y, g) => g * (1 - T.Square(y)),
        "tanhf({0})", Tile.Tanh, weight: 12, error: 6e-7);

    public static readonly Elementwise Sigmoid = Elementwise.Unary("sigmoid", x => 1 / (1 + Math.Exp(-x)),
        (x, y, g) => g * y * (1 - y),
        "1.0f / (1.0f + expf(-{0}))", Tile.Sigmoid, weight: 10, error: 6e-7);

    public static readonly Elementwise Softplus = Elementwise.Unary("softplus", x => Math.Max(x, 0) + ScalarMath.Log1p(Math.Exp(-Math.Abs(x))),
        (x, y, g) => g * T.Sigmoid(x),
        "fmaxf({0}, 0.0f) + log1pf(expf(-fabsf({0})))", Tile.Softplus, weight: 20, error: 8e-7);

    public static readonly Elementwise Relu = Elementwise.Unary("relu", x => x > 0 || double.IsNaN(x) ? x : 0,
        (x, y, g) => T.Where(x > 0, g, 0),
        "({0} > 0.0f || {0} != {0} ? {0} : 0.0f)", Tile.Relu);

    public static readonly Elementwise Erf = Elementwise.Unary("erf", ScalarMath.Erf,
        (x, y, g) => g * (float)(2 / Math.Sqrt(Math.PI)) * T.Exp(-T.Square(x)),
        "erff({0})", Tile.Erf, weight: 12, error: 6e-7);
}

public static partial class T
{
    /// <summary>e to the power x. float32.</summary>
    public static Tensor Exp(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Exp.Of(x);
    }

    /// <summary>The natural logarithm: -infinity at 0, NaN below. float32.</summary>
    public static Tensor Log(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Log.Of(x);
    }

    /// <summary>log(1 + x), exact to the last digits also near 0. float32.</summary>
    public static Tensor Log1p(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Log1p.Of(x);
    }

    /// <summary>exp(x) - 1, exact to the last digits also near 0. float32.</summary>
    public static Tensor Expm1(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Expm1.Of(x);
    }

    /// <summary>The sine of x in radians. float32.</summary>
    public static Tensor Sin(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Sin.Of(x);
    }

    /// <summary>The cosine of x in radians. float32.</summary>
    public static Tensor Cos(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Cos.Of(x);
    }

    /// <summary>The hyperbolic tangent. float32.</summary>
    public static Tensor Tanh(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Tanh.Of(x);
    }

    /// <summary>1 / (1 + exp(-x)), the logistic function. float32.</summary>
    public static Tensor Sigmoid(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Sigmoid.Of(x);
    }

    /// <summary>log(1 + exp(x)), finite for every finite x. float32.</summary>
    public static Tensor Softplus(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Softplus.Of(x);
    }

    /// <summary>max(x, 0); NaN stays NaN; the derivative at 0 is 0. float32.</summary>
    public static Tensor Relu(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Relu.Of(x);
    }

    /// <summary>The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. float32.</summary>
    public static Tensor Erf(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Exponentials.Erf.Of(x);
    }
}
