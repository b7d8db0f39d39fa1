// log, log1p and softplus.
//
// The one thing to understand: u = 2^e (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), so ln u = e ln 2 + ln(1 + f), and
// ln(1 + f) = f - f^2/2 + f^3 P(f) for a polynomial P. log1p(x) is ln u for u = 1 + x, but that sum has rounded: the part
// of x that it lost is found exactly (Knuth, TAOCP vol. 2, 4.2.2, theorem B) and put back into f.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static System.Runtime.Intrinsics.Vector512;
using Floats = System.Runtime.Intrinsics.Vector512<float>;

namespace MiniDL.Ops;

internal static partial class Tile
{
    /// <summary>dst = ln x; -infinity at 0, NaN below.</summary>
    public static void Log(ReadOnlySpan<float> x, Span<float> dst) => Map<LogOp, float, float>(x, dst);

    /// <summary>dst = ln(1 + x), accurate in relative terms near 0; -infinity at -1, NaN below.</summary>
    public static void Log1p(ReadOnlySpan<float> x, Span<float> dst) => Map<Log1pOp, float, float>(x, dst);

    /// <summary>dst = ln(1 + e^x), without overflow.</summary>
    public static void Softplus(ReadOnlySpan<float> x, Span<float> dst) => Map<SoftplusOp, float, float>(x, dst);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Floats Log(Floats x)
    {
        // Denormals have no exponent to read: scale them up by 2^23 and count it back.
        Vector512<int> denormal = LessThan(x, Create(1.17549435e-38f)).AsInt32();
        Floats scaled = ConditionalSelect(denormal.AsSingle(), x * Create(8388608f), x);
        return Logarithm(scaled, Floats.Zero, denormal & Create(-23));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats Log1p(Floats x)
    {
        // u + lost = 1 + x exactly.
        Floats u = Floats.One + x;
        Floats kept = u - Floats.One;
        Floats lost = (Floats.One - (u - kept)) + (x - kept);
        return Logarithm(u, lost, Vector512<int>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats Softplus(Floats x) =>
        ConditionalSelect(GreaterThan(x, Floats.Zero), x, Floats.Zero) + Log1p(Exp(-Vector512.Abs(x)));

    /// <summary>ln(u + lost) + extra ln 2, for u of normal size and lost below half a unit in u's last place.</summary>
    /// <remarks>P: minimax for relative error of ln(1 + f), found with the Remez exchange in 40 digits: error 2^-27. A call of its
    /// own, because the JIT inlines only so much into one loop, and where 16 lanes take two registers this is too much.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Floats Logarithm(Floats u, Floats lost, Vector512<int> extra)
    {
        // Taking the bits of sqrt(1/2) away makes the exponent field say e, for a mantissa that starts at sqrt(1/2).
        Vector512<int> sqrtHalf = Create(0x3F3504F3);
        Vector512<int> bits = u.AsInt32() - sqrtHalf;
        Vector512<int> e = bits >> 23;
        Floats mantissa = ((bits & Create(0x7FFFFF)) + sqrtHalf).AsSingle();

        // f = u 2^-e - 1 + lost 2^-e; beyond e = 127 what was lost no longer counts, and 2^-127 may as well be 0.
        Floats scale = (Vector512.Max(Create(127) - e, Vector512<int>.Zero) << 23).AsSingle();
        Floats f = FusedMultiplyAdd(lost, scale, mantissa - Floats.One);

        Floats p = Create(-0.07634501932f);
        p = Fma(p, f, 0.1276157909f);
        p = Fma(p, f, -0.1316018126f);
        p = Fma(p, f, 0.1420175772f);
        p = Fma(p, f, -0.1662335746f);
        p = Fma(p, f, 0.2000122689f);
        p = Fma(p, f, -0.2500082103f);
        p = Fma(p, f, 0.3333333171f);

        // e ln 2 + f + f^2 (f P - 1/2), small terms first.
        Floats exponent = ConvertToSingle(e + extra);
        Floats small = FusedMultiplyAdd(f * f, Fma(p, f, -0.5f), exponent * Create(Ln2Low));
        Floats result = FusedMultiplyAdd(exponent, Create(Ln2High), f + small);

        // 0 gives -infinity and infinity itself; what is left, negative or NaN, gives NaN.
        Floats infinity = Create(float.PositiveInfinity);
        Floats special = ConditionalSelect(Vector512.Equals(u, infinity), u, Create(float.NaN));
        special = ConditionalSelect(Vector512.Equals(u, Floats.Zero), -infinity, special);
        return ConditionalSelect(GreaterThan(u, Floats.Zero) & LessThan(u, infinity), result, special);
    }

    private readonly struct LogOp : ITileMap<float, float>
    {
        public static Floats Apply(Floats x) => Log(x);
    }

    private readonly struct Log1pOp : ITileMap<float, float>
    {
        public static Floats Apply(Floats x) => Log1p(x);
    }

    private readonly struct SoftplusOp : ITileMap<float, float>
    {
        public static Floats Apply(Floats x) => Softplus(x);
    }
}
