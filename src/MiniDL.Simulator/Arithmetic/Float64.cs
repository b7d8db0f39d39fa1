// Float64 arithmetic, to nearest and in the other directions.
//
// To nearest C# has all of it. The other roundings are rare, so they take the slow and obvious way: the exact result as an integer times a power of two
// (BigInteger), then one rounding.
//
// The one thing to understand: a double is m * 2^x with m an integer of 53 bits, so sums and products of doubles are exact in integers that are long enough.
using System.Numerics;
using System.Runtime.Intrinsics;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>add.rn.f64</summary>
internal readonly struct AddDouble : IBinary<double>
{
    public static Vector256<double> Of(Vector256<double> a, Vector256<double> b) => a + b;
}

/// <summary>sub.rn.f64</summary>
internal readonly struct SubtractDouble : IBinary<double>
{
    public static Vector256<double> Of(Vector256<double> a, Vector256<double> b) => a - b;
}

/// <summary>mul.rn.f64</summary>
internal readonly struct MultiplyDouble : IBinary<double>
{
    public static Vector256<double> Of(Vector256<double> a, Vector256<double> b) => a * b;
}

/// <summary>div.rn.f64</summary>
internal readonly struct DivideDouble : IBinary<double>
{
    public static Vector256<double> Of(Vector256<double> a, Vector256<double> b) => a / b;
}

/// <summary>fma.rn.f64</summary>
internal readonly struct FusedDouble : ITernary<double>
{
    public static Vector256<double> Of(Vector256<double> a, Vector256<double> b, Vector256<double> c) => Vector256.FusedMultiplyAdd(a, b, c);
}

/// <summary>sqrt.rn.f64</summary>
internal readonly struct SquareRootDouble : IUnary<double>
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256.Sqrt(a);
}

/// <summary>rcp.rn.f64</summary>
internal readonly struct ReciprocalDouble : IUnary<double>
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256<double>.One / a;
}

/// <summary>neg.f64</summary>
internal readonly struct NegateDouble : IUnary<double>
{
    public static Vector256<double> Of(Vector256<double> a) => (a.AsUInt64() ^ Vector256.Create(1UL << 63)).AsDouble();
}

/// <summary>abs.f64</summary>
internal readonly struct AbsoluteDouble : IUnary<double>
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256.Abs(a);
}

/// <summary>min.f64: of a number and NaN the number.</summary>
internal readonly struct MinimumDouble : IBinary<double>
{
    public static Vector256<double> Of(Vector256<double> a, Vector256<double> b) => Vector256.MinNumber(a, b);
}

/// <summary>max.f64: of a number and NaN the number.</summary>
internal readonly struct MaximumDouble : IBinary<double>
{
    public static Vector256<double> Of(Vector256<double> a, Vector256<double> b) => Vector256.MaxNumber(a, b);
}

/// <summary>copysign.f64: the sign of a on the magnitude of b.</summary>
internal readonly struct CopySignDouble : IBinary<double>
{
    public static Vector256<double> Of(Vector256<double> a, Vector256<double> b) => Vector256.CopySign(b, a);
}

/// <summary>add.rz/rm/rp.f64</summary>
internal readonly struct AddDoubleRounded<TRounding> : IEach<double, double, double> where TRounding : struct, IRounding
{
    public static double Of(double a, double b) => ExactDouble.MultiplyAdd<TRounding>(a, 1, b);
}

/// <summary>sub.rz/rm/rp.f64</summary>
internal readonly struct SubtractDoubleRounded<TRounding> : IEach<double, double, double> where TRounding : struct, IRounding
{
    public static double Of(double a, double b) => ExactDouble.MultiplyAdd<TRounding>(a, 1, -b);
}

/// <summary>mul.rz/rm/rp.f64</summary>
internal readonly struct MultiplyDoubleRounded<TRounding> : IEach<double, double, double> where TRounding : struct, IRounding
{
    // The zero that is added has the product's sign, so that -0 stays -0.
    public static double Of(double a, double b) => ExactDouble.MultiplyAdd<TRounding>(a, b, double.IsNegative(a) != double.IsNegative(b) ? -0.0 : 0.0);
}

/// <summary>fma.rz/rm/rp.f64</summary>
internal readonly struct FusedDoubleRounded<TRounding> : IEach<double, double, double, double> where TRounding : struct, IRounding
{
    public static double Of(double a, double b, double c) => ExactDouble.MultiplyAdd<TRounding>(a, b, c);
}

internal static class ExactDouble
{
    /// <summary>a * b + c with one rounding, in the given direction.</summary>
    public static double MultiplyAdd<TRounding>(double a, double b, double c) where TRounding : struct, IRounding
    {
        double nearest = Math.FusedMultiplyAdd(a, b, c);
        if (!double.IsFinite(a) || !double.IsFinite(b) || !double.IsFinite(c)) return nearest;

        // The exact result as n * 2^(xa + xb), or with c's exponent if that is the lower.
        (BigInteger ma, int xa) = Split(a);
        (BigInteger mb, int xb) = Split(b);
        (BigInteger mc, int xc) = Split(c);
        int x = Math.Min(xa + xb, xc);
        BigInteger n = (ma * mb << (xa + xb - x)) + (mc << (xc - x));
        if (n.IsZero) return ZeroOf<TRounding>((double.IsNegative(a) != double.IsNegative(b)), double.IsNegative(c), a == 0 || b == 0);

        // The sign of (exact - nearest) decides whether to step. An overflown nearest is one step above the largest number.
        int error = double.IsInfinity(nearest) ? -Math.Sign(nearest) : Compare(n, x, nearest);
        bool down = TRounding.Round(0, -1) < 0, up = TRounding.Round(0, 1) > 0;
        if (error < 0 && (down || (!up && n.Sign > 0))) return double.BitDecrement(nearest);
        if (error > 0 && (up || (!down && n.Sign < 0))) return double.BitIncrement(nearest);
        return nearest;
    }

    /// <summary>The sign of n * 2^x - y.</summary>
    private static int Compare(BigInteger n, int x, double y)
    {
        (BigInteger m, int xy) = Split(y);
        int common = Math.Min(x, xy);
        return (n << (x - common)).CompareTo(m << (xy - common));
    }

    /// <summary>A sum that is exactly zero: with the sign of both if they agree, else as the rounding says.</summary>
    private static double ZeroOf<TRounding>(bool productNegative, bool termNegative, bool productIsZero) where TRounding : struct, IRounding =>
        (productIsZero && productNegative == termNegative ? termNegative : TRounding.ZeroIsNegative) ? -0.0 : 0.0;

    /// <summary>m * 2^x = d, exactly.</summary>
    private static (BigInteger M, int X) Split(double d)
    {
        long bits = BitConverter.DoubleToInt64Bits(d), fraction = bits & 0xF_FFFF_FFFF_FFFF;
        int exponent = (int)(bits >> 52) & 0x7FF;
        if (exponent != 0) fraction |= 1L << 52;
        return (bits < 0 ? -fraction : fraction, Math.Max(exponent, 1) - 1075);
    }
}
