// The special-function unit: reciprocals, roots, exponentials, logarithms, sines, within a documented error.
//
// PTX, sections 9.7.3.13 to 9.7.3.22. Real hardware interpolates in tables and its results are not published bit for bit. Here each is computed in double and
// rounded, which is as good as float32 can be; a real GPU may differ by each function's Bound.
//
// The one thing to understand: a kernel that only works because these results are good is fragile. Jitter (Jittered) moves each result at random within the
// bound, the same input by the same amount, so that such a kernel shows.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>A function of one argument in double, and how far PTX lets a float32 implementation be from it.</summary>
internal interface IApproximation : IUnary<double>
{
    /// <summary>The largest error PTX documents at argument x with the exact result y.</summary>
    static abstract double Bound(double x, double y);
}

/// <summary>rcp.approx.f32: 1 ulp.</summary>
internal readonly struct Reciprocal : IApproximation
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256<double>.One / a;

    public static double Bound(double x, double y) => Jitter.Ulp(y);
}

/// <summary>sqrt.approx.f32: relative 2^-23.</summary>
internal readonly struct SquareRoot : IApproximation
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256.Sqrt(a);

    public static double Bound(double x, double y) => y * 1.1920928955078125e-07;
}

/// <summary>rsqrt.approx.f32: relative 2^-22.9.</summary>
internal readonly struct ReciprocalRoot : IApproximation
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256<double>.One / Vector256.Sqrt(a);

    public static double Bound(double x, double y) => y * 1.27765e-07;
}

/// <summary>ex2.approx.f32: 2^a within 2 ulp.</summary>
internal readonly struct Exponential2 : IApproximation
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256.Exp(a * Vector256.Create(0.69314718055994530942));

    public static double Bound(double x, double y) => 2 * Jitter.Ulp(y);
}

/// <summary>lg2.approx.f32: absolute 2^-22 for arguments in (0.5, 2), else relative 2^-22.</summary>
internal readonly struct Logarithm2 : IApproximation
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256.Log2(a);

    public static double Bound(double x, double y) => 2.384185791015625e-07 * (x is > 0.5 and < 2 ? 1 : Math.Abs(y));
}

/// <summary>sin.approx.f32: absolute 2^-20.5 within 2 pi of zero; farther out PTX promises less, and so does nobody here rely on it.</summary>
internal readonly struct Sine : IApproximation
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256.Sin(a);

    public static double Bound(double x, double y) => 6.7435e-07;
}

/// <summary>cos.approx.f32: absolute 2^-20.5 within 2 pi of zero.</summary>
internal readonly struct Cosine : IApproximation
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256.Cos(a);

    public static double Bound(double x, double y) => 6.7435e-07;
}

/// <summary>tanh.approx.f32: relative 2^-11.</summary>
internal readonly struct HyperbolicTangent : IApproximation
{
    public static Vector256<double> Of(Vector256<double> a) => Vector256.Create(Math.Tanh(a[0]), Math.Tanh(a[1]), Math.Tanh(a[2]), Math.Tanh(a[3]));

    public static double Bound(double x, double y) => Math.Abs(y) * 0.00048828125;
}

/// <summary>An approximation as an operation on float32: widened, computed, rounded.</summary>
internal readonly struct Approximate<TOp> : IUnary<float> where TOp : struct, IApproximation
{
    public static Vector256<float> Of(Vector256<float> a)
    {
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(a);
        return Float32.Canonical(Vector256.Narrow(TOp.Of(low), TOp.Of(high)));
    }
}

/// <summary>div.full.f32: 2 ulp over the whole range.</summary>
internal readonly struct DivideFull : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Canonical(a / b);
}

/// <summary>div.approx.f32: a * (1/b), within 2 ulp for |b| in [2^-126, 2^126]. For larger b the reciprocal is 0: the quotient is 0, or NaN for an infinite a.</summary>
internal readonly struct DivideApproximately : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b)
    {
        Vector256<float> huge = Vector256.GreaterThan(Vector256.Abs(b), Vector256.Create(8.507059e37f));
        return Float32.Canonical(Vector256.ConditionalSelect(huge, a * Vector256.CopySign(Vector256<float>.Zero, b), a / b));
    }
}

/// <summary>The same functions, each result moved within its bound. The fifth source is the address of a ulong: the seed.</summary>
internal static unsafe class Jitter
{
    /// <summary>The distance between the float32 numbers around y.</summary>
    public static double Ulp(double y) => Math.ScaleB(1, Math.Max(Math.ILogB(y), -126) - 23);

    /// <summary>A jittered approximation of one source.</summary>
    public static void Unary<TOp>(void* d, void* a, void* b, void* c, void* seed) where TOp : struct, IApproximation
    {
        for (int i = 0; i < Lanes.Count; i++) ((float*)d)[i] = Of<TOp>(((float*)a)[i], *(ulong*)seed);
    }

    /// <summary>The same with .ftz.</summary>
    public static void UnaryFlush<TOp>(void* d, void* a, void* b, void* c, void* seed) where TOp : struct, IApproximation
    {
        for (int i = 0; i < Lanes.Count; i++) ((float*)d)[i] = Float32.Flush(Of<TOp>(Float32.Flush(((float*)a)[i]), *(ulong*)seed));
    }

    /// <summary>A jittered division: 2 ulp.</summary>
    public static void Divide<TOp>(void* d, void* a, void* b, void* c, void* seed) where TOp : struct, IBinary<float>
    {
        Lanes.Binary<float, TOp>(d, a, b);
        // The quotient is already rounded, by half an ulp.
        for (int i = 0; i < Lanes.Count; i++)
        {
            float x = ((float*)a)[i], y = ((float*)b)[i], quotient = ((float*)d)[i];
            ((float*)d)[i] = Moved(quotient, 1.5 * Ulp(quotient), x, y, *(ulong*)seed);
        }
    }

    private static float Of<TOp>(float x, ulong seed) where TOp : struct, IApproximation
    {
        double y = TOp.Of(Vector256.Create((double)x))[0];
        return Float32.Canonical(Moved(y, TOp.Bound(x, y), x, 0, seed));
    }

    /// <summary>y plus up to a bound, less the half ulp that rounding may add. Zeros, infinities and NaN stay.</summary>
    private static float Moved(double y, double bound, float a, float b, ulong seed)
    {
        if (y == 0 || !double.IsFinite(y)) return (float)y;
        double room = Math.Max(0, bound - Ulp(y) / 2);
        // A hash of the inputs (the finaliser of MurmurHash3), as a number in [-1, 1).
        ulong h = seed ^ ((ulong)BitConverter.SingleToUInt32Bits(a) << 32 | BitConverter.SingleToUInt32Bits(b));
        h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
        h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
        double u = (long)(h ^ (h >> 33)) * 1.0842021724855044e-19;
        return (float)(y + u * room);
    }
}
