// Rounding towards zero, down and up: add.rz, fma.rm and the rest of what ordinary float arithmetic does not offer.
//
// The exact result is held as s + e: s the nearest double, e the error that s makes, of which only the sign matters. For a sum e comes from Knuth's TwoSum (Knuth,
// The Art of Computer Programming vol. 2, 4.2.2), a product of two float32 is exact in double (24 + 24 <= 53 bits), for quotient and root e has the
// sign of the remainder, which one fused multiply-add gives exactly.
//
// The one thing to understand: round s to the nearest float32 f, compare f with s + e, and step to f's neighbour if f lies on the wrong side.
using System.Runtime.Intrinsics;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>The direction of a rounding.</summary>
internal interface IRounding
{
    /// <summary>The float32 for the exact value s + e.</summary>
    static abstract float Round(double s, double e);

    /// <summary>The whole number for the exact value s + e.</summary>
    static abstract double Whole(double s, double e = 0);

    /// <summary>True where an exact sum of x and -x is -0.</summary>
    static abstract bool ZeroIsNegative { get; }
}

/// <summary>.rn: to nearest, ties to even.</summary>
internal readonly struct Nearest : IRounding
{
    public static bool ZeroIsNegative => false;

    public static float Round(double s, double e) => (float)ExactSum.ToOdd(s, e);

    public static double Whole(double s, double e = 0) => Math.Round(ExactSum.ToOdd(s, e), MidpointRounding.ToEven);
}

/// <summary>.rz</summary>
internal readonly struct TowardZero : IRounding
{
    public static bool ZeroIsNegative => false;

    public static float Round(double s, double e) => s > 0 || (s == 0 && e > 0) ? Down.Round(s, e) : Up.Round(s, e);

    public static double Whole(double s, double e = 0) => s > 0 || (s == 0 && e > 0) ? Down.Whole(s, e) : Up.Whole(s, e);
}

/// <summary>.rm</summary>
internal readonly struct Down : IRounding
{
    public static bool ZeroIsNegative => true;

    public static float Round(double s, double e)
    {
        float f = (float)s;
        return f > s || (f == s && e < 0) ? float.BitDecrement(f) : f;
    }

    public static double Whole(double s, double e = 0) => Math.Floor(s) is var whole && whole == s && e < 0 ? whole - 1 : whole;
}

/// <summary>.rp</summary>
internal readonly struct Up : IRounding
{
    public static bool ZeroIsNegative => false;

    public static float Round(double s, double e)
    {
        float f = (float)s;
        return f < s || (f == s && e > 0) ? float.BitIncrement(f) : f;
    }

    public static double Whole(double s, double e = 0) => Math.Ceiling(s) is var whole && whole == s && e > 0 ? whole + 1 : whole;
}

/// <summary>Exact sums, and the way from them to numbers of fewer bits.</summary>
internal static class ExactSum
{
    /// <summary>What x + y loses when rounded to s.</summary>
    public static double Error(double x, double y, double s)
    {
        double y2 = s - x;
        return (x - (s - y2)) + (y - y2);
    }

    /// <summary>x + y in the given direction, with IEEE 754's sign of zero.</summary>
    public static float Rounded<TRounding>(double x, double y) where TRounding : struct, IRounding
    {
        double s = x + y;
        if (s != 0) return Float32.Canonical(TRounding.Round(s, Error(x, y, s)));
        bool bothPositive = !double.IsNegative(x) && !double.IsNegative(y);
        return TRounding.ZeroIsNegative && !bothPositive ? -0f : (float)s;
    }

    /// <summary>s + e with the last bit set whenever bits are lost ("round to odd"): rounding that once more, to fewer bits, gives what one rounding would.
    /// Boldo and Melquiond, Emulation of a FMA and correctly rounded sums, 2008.</summary>
    public static double ToOdd(double s, double e)
    {
        if (e == 0 || !double.IsFinite(s) || (BitConverter.DoubleToInt64Bits(s) & 1) != 0) return s;
        return e > 0 ? double.BitIncrement(s) : double.BitDecrement(s);
    }
}

/// <summary>add.rz/rm/rp.f32</summary>
internal readonly struct AddRounded<TRounding> : IEach<float, float, float> where TRounding : struct, IRounding
{
    public static float Of(float a, float b) => ExactSum.Rounded<TRounding>(a, b);
}

/// <summary>sub.rz/rm/rp.f32</summary>
internal readonly struct SubtractRounded<TRounding> : IEach<float, float, float> where TRounding : struct, IRounding
{
    public static float Of(float a, float b) => ExactSum.Rounded<TRounding>(a, -b);
}

/// <summary>mul.rz/rm/rp.f32</summary>
internal readonly struct MultiplyRounded<TRounding> : IEach<float, float, float> where TRounding : struct, IRounding
{
    public static float Of(float a, float b)
    {
        double product = (double)a * b;
        return product == 0 ? (float)product : Float32.Canonical(TRounding.Round(product, 0));
    }
}

/// <summary>fma.rz/rm/rp.f32</summary>
internal readonly struct FusedRounded<TRounding> : IEach<float, float, float, float> where TRounding : struct, IRounding
{
    public static float Of(float a, float b, float c) => ExactSum.Rounded<TRounding>((double)a * b, c);
}

/// <summary>div.rz/rm/rp.f32</summary>
internal readonly struct DivideRounded<TRounding> : IEach<float, float, float> where TRounding : struct, IRounding
{
    public static float Of(float a, float b)
    {
        double quotient = (double)a / b;
        if (quotient == 0 || !double.IsFinite(quotient)) return Float32.Canonical((float)quotient);
        double remainder = Math.FusedMultiplyAdd(-quotient, b, a);
        return TRounding.Round(quotient, b < 0 ? -remainder : remainder);
    }
}

/// <summary>rcp.rz/rm/rp.f32</summary>
internal readonly struct ReciprocalRounded<TRounding> : IEach<float, float> where TRounding : struct, IRounding
{
    public static float Of(float a) => DivideRounded<TRounding>.Of(1, a);
}

/// <summary>sqrt.rz/rm/rp.f32</summary>
internal readonly struct SquareRootRounded<TRounding> : IEach<float, float> where TRounding : struct, IRounding
{
    public static float Of(float a)
    {
        double root = Math.Sqrt(a);
        if (root == 0 || !double.IsFinite(root)) return Float32.Canonical((float)root);
        return TRounding.Round(root, Math.FusedMultiplyAdd(-root, root, a));
    }
}

/// <summary>An operation on one lane, in the form of one on a vector of lanes, so that the wrappers for ftz and sat fit.</summary>
internal readonly unsafe struct PerLane1<TOp> : IUnary<float> where TOp : struct, IEach<float, float>
{
    public static Vector256<float> Of(Vector256<float> a)
    {
        float* d = (float*)&a;
        for (int i = 0; i < Vector256<float>.Count; i++) d[i] = TOp.Of(d[i]);
        return a;
    }
}

/// <summary>As <see cref="PerLane1{TOp}"/>, of two sources.</summary>
internal readonly unsafe struct PerLane2<TOp> : IBinary<float> where TOp : struct, IEach<float, float, float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b)
    {
        float* d = (float*)&a, y = (float*)&b;
        for (int i = 0; i < Vector256<float>.Count; i++) d[i] = TOp.Of(d[i], y[i]);
        return a;
    }
}

/// <summary>As <see cref="PerLane1{TOp}"/>, of three sources.</summary>
internal readonly unsafe struct PerLane3<TOp> : ITernary<float> where TOp : struct, IEach<float, float, float, float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b, Vector256<float> c)
    {
        float* d = (float*)&a, y = (float*)&b, z = (float*)&c;
        for (int i = 0; i < Vector256<float>.Count; i++) d[i] = TOp.Of(d[i], y[i], z[i]);
        return a;
    }
}
