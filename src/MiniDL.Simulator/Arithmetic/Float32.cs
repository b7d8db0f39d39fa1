// Float32 arithmetic rounded to nearest: what nearly every instruction of a deep-learning kernel is.
//
// PTX, section 9.7.3: add, sub, mul, fma, neg, abs, min, max. Three rules beyond IEEE 754: a result that is NaN is always 0x7FFFFFFF; `.ftz` replaces subnormal
// sources and results by zeros of the same sign; `.sat` clamps to [0, 1] and makes NaN +0. The last two are wrappers around an operation (Flush, Saturate), so
// fma.rn.ftz.sat.f32 is Saturate3<Flush3<FusedMultiplyAdd>>.
//
// The one thing to understand: fma is fused, a * b + c rounded once; mul followed by add is something else, and differs where terms cancel.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MiniDL.Simulator.Arithmetic;

internal static class Float32
{
    /// <summary>The NaN that float32 instructions give.</summary>
    public const uint CanonicalNaN = 0x7FFFFFFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Canonical(Vector256<float> x) =>
        Vector256.ConditionalSelect(Vector256.Equals(x, x), x, Vector256.Create(CanonicalNaN).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Canonical(float x) => float.IsNaN(x) ? BitConverter.UInt32BitsToSingle(CanonicalNaN) : x;

    /// <summary>Subnormals become zeros of their sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Flush(Vector256<float> x)
    {
        Vector256<float> sign = Vector256.Create(0x80000000u).AsSingle();
        return Vector256.ConditionalSelect(Vector256.LessThan(Vector256.Abs(x), Vector256.Create(1.17549435e-38f)), x & sign, x);
    }

    /// <summary>A subnormal becomes a zero of its sign.</summary>
    public static float Flush(float x) => float.IsSubnormal(x) ? MathF.CopySign(0, x) : x;

    /// <summary>Into [0, 1]; NaN and -0 become +0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Saturate(Vector256<float> x)
    {
        Vector256<float> positive = Vector256.ConditionalSelect(Vector256.GreaterThan(x, Vector256<float>.Zero), x, Vector256<float>.Zero);
        return Vector256.ConditionalSelect(Vector256.LessThan(positive, Vector256<float>.One), positive, Vector256<float>.One);
    }

    /// <summary>Into [0, 1]; NaN and -0 become +0.</summary>
    public static float Saturate(float x) => x > 0 ? x < 1 ? x : 1 : 0;
}

/// <summary>add.rn.f32</summary>
internal readonly struct AddFloat : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Canonical(a + b);
}

/// <summary>sub.rn.f32</summary>
internal readonly struct SubtractFloat : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Canonical(a - b);
}

/// <summary>mul.rn.f32</summary>
internal readonly struct MultiplyFloat : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Canonical(a * b);
}

/// <summary>div.rn.f32</summary>
internal readonly struct DivideFloat : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Canonical(a / b);
}

/// <summary>fma.rn.f32: a * b + c with one rounding.</summary>
internal readonly struct FusedMultiplyAdd : ITernary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Float32.Canonical(Vector256.FusedMultiplyAdd(a, b, c));
}

/// <summary>sqrt.rn.f32</summary>
internal readonly struct SquareRootFloat : IUnary<float>
{
    public static Vector256<float> Of(Vector256<float> a) => Float32.Canonical(Vector256.Sqrt(a));
}

/// <summary>rcp.rn.f32</summary>
internal readonly struct ReciprocalFloat : IUnary<float>
{
    public static Vector256<float> Of(Vector256<float> a) => Float32.Canonical(Vector256<float>.One / a);
}

/// <summary>neg.f32: the sign bit flips, of NaN too.</summary>
internal readonly struct NegateFloat : IUnary<float>
{
    public static Vector256<float> Of(Vector256<float> a) => (a.AsUInt32() ^ Vector256.Create(0x80000000u)).AsSingle();
}

/// <summary>abs.f32: the sign bit goes, of NaN too.</summary>
internal readonly struct AbsoluteFloat : IUnary<float>
{
    public static Vector256<float> Of(Vector256<float> a) => Vector256.Abs(a);
}

/// <summary>min.f32: of a number and NaN the number; -0 is below +0.</summary>
internal readonly struct MinimumFloat : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Canonical(Vector256.MinNumber(a, b));
}

/// <summary>max.f32: of a number and NaN the number; -0 is below +0.</summary>
internal readonly struct MaximumFloat : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Canonical(Vector256.MaxNumber(a, b));
}

/// <summary>min.NaN.f32: NaN if either is.</summary>
internal readonly struct MinimumOrNaN : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Canonical(Vector256.Min(a, b));
}

/// <summary>max.NaN.f32: NaN if either is.</summary>
internal readonly struct MaximumOrNaN : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Canonical(Vector256.Max(a, b));
}

/// <summary>copysign.f32: the sign of a on the magnitude of b.</summary>
internal readonly struct CopySignFloat : IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Vector256.CopySign(b, a);
}

/// <summary>.ftz around an operation of one source.</summary>
internal readonly struct Flush1<TOp> : IUnary<float> where TOp : struct, IUnary<float>
{
    public static Vector256<float> Of(Vector256<float> a) => Float32.Flush(TOp.Of(Float32.Flush(a)));
}

/// <summary>.ftz around an operation of two sources.</summary>
internal readonly struct Flush2<TOp> : IBinary<float> where TOp : struct, IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Flush(TOp.Of(Float32.Flush(a), Float32.Flush(b)));
}

/// <summary>.ftz around an operation of three sources.</summary>
internal readonly struct Flush3<TOp> : ITernary<float> where TOp : struct, ITernary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Float32.Flush(TOp.Of(Float32.Flush(a), Float32.Flush(b), Float32.Flush(c)));
}

/// <summary>.sat around an operation of two sources.</summary>
internal readonly struct Saturate2<TOp> : IBinary<float> where TOp : struct, IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => Float32.Saturate(TOp.Of(a, b));
}

/// <summary>.sat around an operation of three sources.</summary>
internal readonly struct Saturate3<TOp> : ITernary<float> where TOp : struct, ITernary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Float32.Saturate(TOp.Of(a, b, c));
}
