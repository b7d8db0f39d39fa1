// exp and its kin: expm1, sigmoid, tanh. System.Numerics.Tensors has them all, but its exp(0) is 1.0000001, its expm1 and
// tanh lose every digit near 0, and spans shorter than four elements round differently (the README has the table).
//
// The one thing to understand: x = n ln 2 + r with n whole and |r| <= ln(2)/2, so e^x = 2^n e^r, where 2^n is a matter of
// writing the exponent bits and e^r = 1 + r + r^2 q(r) for a short polynomial q (Muller, "Elementary Functions").
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static System.Runtime.Intrinsics.Vector512;
using Floats = System.Runtime.Intrinsics.Vector512<float>;

namespace MiniDL.Ops;

internal static partial class Tile
{
    private const float Log2E = 1.442695f;

    // ln 2 in two floats: n * Ln2High - x is exact under fused multiply-add, Ln2Low supplies the digits beyond.
    private const float Ln2High = 0.6931472f;
    private const float Ln2Low = -1.9046542e-9f;

    /// <summary>dst = e^x.</summary>
    public static void Exp(ReadOnlySpan<float> x, Span<float> dst) => Map<ExpOp, float, float>(x, dst);

    /// <summary>dst = e^x - 1, accurate in relative terms near 0.</summary>
    public static void Expm1(ReadOnlySpan<float> x, Span<float> dst) => Map<Expm1Op, float, float>(x, dst);

    /// <summary>dst = 1 / (1 + e^-x).</summary>
    public static void Sigmoid(ReadOnlySpan<float> x, Span<float> dst) => Map<SigmoidOp, float, float>(x, dst);

    /// <summary>dst = tanh(x), accurate in relative terms near 0.</summary>
    public static void Tanh(ReadOnlySpan<float> x, Span<float> dst) => Map<TanhOp, float, float>(x, dst);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats Exp(Floats x)
    {
        // Beyond these bounds the result is 0 or infinity in any case. MinNative(bound, x) returns x when x is NaN.
        x = MinNative(Create(89f), MaxNative(Create(-104f), x));
        (Floats n, Floats p) = ReducedExpm1(x);

        // n reaches from -150 to 128, more than one exponent holds: scale by two halves, which also rounds to denormals.
        Vector512<int> whole = ConvertToInt32Native(n);
        Vector512<int> half = whole >> 1;
        return (p + Floats.One) * PowerOfTwo(half) * PowerOfTwo(whole - half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats Expm1(Floats x)
    {
        x = MinNative(Create(89f), MaxNative(Create(-80f), x));
        (Floats n, Floats p) = ReducedExpm1(x);

        // 2^n (1 + p) - 1 = 2^n p + (2^n - 1), at half size so that n = 128 does not overflow too early.
        Floats scale = PowerOfTwo(ConvertToInt32Native(n) - Vector512<int>.One);
        Floats scaled = FusedMultiplyAdd(scale, p, scale - Create(0.5f));
        return ConditionalSelect(Vector512.Equals(n, Floats.Zero), p, scaled + scaled);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats Sigmoid(Floats x)
    {
        // e^-|x| cannot overflow: 1/(1+e) on the right of 0, e/(1+e) on the left.
        Floats e = Exp(-Vector512.Abs(x));
        return ConditionalSelect(LessThan(x, Floats.Zero), e, Floats.One) / (Floats.One + e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats Tanh(Floats x)
    {
        // tanh |x| = -t / (t + 2) with t = e^(-2|x|) - 1.
        Floats t = Expm1(Create(-2f) * Vector512.Abs(x));
        return CopySign(-t / (t + Create(2f)), x);
    }

    /// <summary>n = round(x / ln 2), and e^r - 1 = r + r^2 q(r) for r = x - n ln 2.</summary>
    /// <remarks>q: minimax for relative error of e^r - 1 on |r| &lt;= ln(2)/2, found with the Remez exchange in 40 digits:
    /// error 2^-26.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Floats N, Floats P) ReducedExpm1(Floats x)
    {
        Floats n = Round(x * Create(Log2E));
        Floats r = FusedMultiplyAdd(n, Create(-Ln2Low), FusedMultiplyAdd(n, Create(-Ln2High), x));
        Floats q = Create(0.001388251486f);
        q = Fma(q, r, 0.00836658042f);
        q = Fma(q, r, 0.04166720169f);
        q = Fma(q, r, 0.1666654318f);
        q = Fma(q, r, 0.4999999814f);
        return (n, FusedMultiplyAdd(r * r, q, r));
    }

    /// <summary>2^n for -126 &lt;= n &lt;= 127, by writing the exponent field.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats PowerOfTwo(Vector512<int> n) => ((n + Create(127)) << 23).AsSingle();

    /// <summary>a b + c with one rounding: a step of Horner's rule.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats Fma(Floats a, Floats b, float c) => FusedMultiplyAdd(a, b, Create(c));

    private readonly struct ExpOp : ITileMap<float, float>
    {
        public static Floats Apply(Floats x) => Exp(x);
    }

    private readonly struct Expm1Op : ITileMap<float, float>
    {
        public static Floats Apply(Floats x) => Expm1(x);
    }

    private readonly struct SigmoidOp : ITileMap<float, float>
    {
        public static Floats Apply(Floats x) => Sigmoid(x);
    }

    private readonly struct TanhOp : ITileMap<float, float>
    {
        public static Floats Apply(Floats x) => Tanh(x);
    }
}
