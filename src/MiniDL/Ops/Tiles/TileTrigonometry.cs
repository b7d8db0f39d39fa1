// sin and cos. System.Numerics.Tensors' are accurate, but choose their method by the largest of the 16 lanes: the bits of
// sin(x) there depend on x's neighbours.
//
// The one thing to understand: x = n pi/2 + r with |r| <= pi/4; n modulo 4 says whether to take sin r or cos r, and with
// which sign. pi/2 is split into three floats so that r keeps its digits (Cody and Waite); beyond 10^5, which a net
// hardly ever asks for, the scalar library function takes over, lane by lane.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static System.Runtime.Intrinsics.Vector512;
using Floats = System.Runtime.Intrinsics.Vector512<float>;

namespace MiniDL.Ops;

internal static partial class Tile
{
    private const float LargeAngle = 1e5f;

    /// <summary>dst = sin x, x in radians.</summary>
    public static void Sin(ReadOnlySpan<float> x, Span<float> dst) => Map<SinOp, float, float>(x, dst);

    /// <summary>dst = cos x, x in radians.</summary>
    public static void Cos(ReadOnlySpan<float> x, Span<float> dst) => Map<CosOp, float, float>(x, dst);

    /// <summary>sin(x + quarters pi/2) for |x| &lt;= 10^5.</summary>
    /// <remarks>Both polynomials are minimax on |r| &lt;= 1.01 pi/4, found with the Remez exchange in 40 digits: errors of
    /// 2^-28 (sin, relative) and 2^-32 (cos).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Floats Sine(Floats x, int quarters)
    {
        // r = x - n pi/2; the first step is exact.
        Floats n = Round(x * Create(0.63661975f));
        Floats r = FusedMultiplyAdd(n, Create(-1.5707964f), x);
        r = FusedMultiplyAdd(n, Create(4.371139e-8f), r);
        r = FusedMultiplyAdd(n, Create(1.7151245e-15f), r);
        Floats r2 = r * r;

        // sin r = r + r^3 S(r^2)
        Floats s = Fma(Create(-0.0001951083867f), r2, 0.008332131493f);
        s = Fma(s, r2, -0.1666665423f);
        Floats sin = FusedMultiplyAdd(r * r2, s, r);

        // cos r = 1 - r^2/2 + r^4 C(r^2)
        Floats c = Fma(Create(2.445422828e-5f), r2, -0.001388754295f);
        c = Fma(c, r2, 0.04166665156f);
        Floats cos = FusedMultiplyAdd(r2, Fma(c, r2, -0.5f), Floats.One);

        // Odd quarters take the cosine; the second bit is the sign: moved to bit 31.
        Vector512<int> quarter = ConvertToInt32Native(n) + Create(quarters);
        Floats odd = Vector512.Equals(quarter & Vector512<int>.One, Vector512<int>.One).AsSingle();
        Vector512<int> sign = (quarter & Create(2)) << 30;
        return (ConditionalSelect(odd, cos, sin).AsInt32() ^ sign).AsSingle();
    }

    /// <summary>Replaces the lanes of <paramref name="result"/> whose angle is large by the library's scalar function.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Floats LargeAngles(Floats x, Floats result, Func<float, float> function)
    {
        for (int lane = 0; lane < Lanes; lane++)
            if (MathF.Abs(x[lane]) > LargeAngle)
                result = result.WithElement(lane, function(x[lane]));
        return result;
    }

    private readonly struct SinOp : ITileMap<float, float>
    {
        public static Floats Apply(Floats x) =>
            GreaterThanAny(Vector512.Abs(x), Create(LargeAngle)) ? LargeAngles(x, Sine(x, 0), MathF.Sin) : Sine(x, 0);
    }

    private readonly struct CosOp : ITileMap<float, float>
    {
        public static Floats Apply(Floats x) =>
            GreaterThanAny(Vector512.Abs(x), Create(LargeAngle)) ? LargeAngles(x, Sine(x, 1), MathF.Cos) : Sine(x, 1);
    }
}
