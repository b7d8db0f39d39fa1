// cvt: every number type into every other.
//
// PTX, section 9.7.9.21. Four cases: integer to integer (cut off or extended), float to integer (rounded to a whole number, then clamped), integer to float, float to
// float (both rounded to the destination's precision); and float to whole float of the same type.
//
// The one thing to understand: a float that an integer type cannot hold becomes the nearest it can, and NaN becomes 0; only where the source is f64 or the
// destination has 64 bits, NaN becomes 2^(bits-1), the hardware's "integer indefinite".
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>Integer to integer: the low bits, extended with the source's sign.</summary>
internal readonly struct Truncate<TA, TD> : IEach<TA, TD> where TA : INumberBase<TA> where TD : INumberBase<TD>
{
    public static TD Of(TA a) => TD.CreateTruncating(a);
}

/// <summary>Integer to integer with .sat: the nearest value the destination has.</summary>
internal readonly struct Clamp<TA, TD> : IEach<TA, TD> where TA : INumberBase<TA> where TD : INumberBase<TD>
{
    public static TD Of(TA a) => TD.CreateSaturating(a);
}

/// <summary>A float type's exact value in double.</summary>
internal interface IWiden<TA>
{
    static abstract double Of(TA a);
}

/// <summary>f32 source.</summary>
internal readonly struct FromSingle : IWiden<float>
{
    public static double Of(float a) => a;
}

/// <summary>f32 source with .ftz.</summary>
internal readonly struct FromSingleFlushed : IWiden<float>
{
    public static double Of(float a) => Float32.Flush(a);
}

/// <summary>f64 source.</summary>
internal readonly struct FromDouble : IWiden<double>
{
    public static double Of(double a) => a;
}

/// <summary>f16 source.</summary>
internal readonly struct FromHalf : IWiden<Half>
{
    public static double Of(Half a) => (double)a;
}

/// <summary>bf16 source.</summary>
internal readonly struct FromBFloat : IWiden<ushort>
{
    public static double Of(ushort a) => BFloat16.Wide(a);
}

/// <summary>Float to integer: .rni, .rzi, .rmi, .rpi.</summary>
internal readonly struct ToInteger<TA, TWiden, TD, TRounding> : IEach<TA, TD>
    where TA : unmanaged where TWiden : struct, IWiden<TA> where TD : unmanaged, IBinaryInteger<TD> where TRounding : struct, IRounding
{
    public static TD Of(TA a)
    {
        double x = TWiden.Of(a);
        if (!double.IsNaN(x)) return TD.CreateSaturating(TRounding.Whole(x));
        int bits = 8 * Unsafe.SizeOf<TD>();
        return Unsafe.SizeOf<TA>() == 8 || bits == 64 ? TD.One << (bits - 1) : TD.Zero;
    }
}

/// <summary>Where a float result goes, from the exact value s + e.</summary>
internal interface INarrow<TD>
{
    static abstract TD Of<TRounding>(double s, double e) where TRounding : struct, IRounding;
}

/// <summary>f32 destination.</summary>
internal readonly struct ToSingle : INarrow<float>
{
    public static float Of<TRounding>(double s, double e) where TRounding : struct, IRounding => Float32.Canonical(TRounding.Round(s, e));
}

/// <summary>f32 destination with .ftz.</summary>
internal readonly struct ToSingleFlushed : INarrow<float>
{
    public static float Of<TRounding>(double s, double e) where TRounding : struct, IRounding => Float32.Flush(ToSingle.Of<TRounding>(s, e));
}

/// <summary>f32 destination with .sat.</summary>
internal readonly struct ToSingleSaturated : INarrow<float>
{
    public static float Of<TRounding>(double s, double e) where TRounding : struct, IRounding => Float32.Saturate(TRounding.Round(s, e));
}

/// <summary>f64 destination of a value that double holds exactly.</summary>
internal readonly struct ToDouble : INarrow<double>
{
    public static double Of<TRounding>(double s, double e) where TRounding : struct, IRounding => s;
}

/// <summary>f16 destination.</summary>
internal readonly struct ToHalf : INarrow<Half>
{
    public static Half Of<TRounding>(double s, double e) where TRounding : struct, IRounding => Float16.Narrow<TRounding>(s, e);
}

/// <summary>bf16 destination.</summary>
internal readonly struct ToBFloat : INarrow<ushort>
{
    public static ushort Of<TRounding>(double s, double e) where TRounding : struct, IRounding => BFloat16.Narrow<TRounding>(s, e);
}

/// <summary>Float to float.</summary>
internal readonly struct ToFloat<TA, TWiden, TD, TNarrow, TRounding> : IEach<TA, TD>
    where TWiden : struct, IWiden<TA> where TNarrow : struct, INarrow<TD> where TRounding : struct, IRounding
{
    public static TD Of(TA a) => TNarrow.Of<TRounding>(TWiden.Of(a), 0);
}

/// <summary>Float to a whole number in float: cvt.rni.f32.f32 and the like. A zero keeps the sign of the source.</summary>
internal readonly struct ToWhole<TA, TWiden, TD, TNarrow, TRounding> : IEach<TA, TD>
    where TWiden : struct, IWiden<TA> where TNarrow : struct, INarrow<TD> where TRounding : struct, IRounding
{
    public static TD Of(TA a)
    {
        double x = TWiden.Of(a);
        return TNarrow.Of<Nearest>(Math.CopySign(TRounding.Whole(x), x), 0);
    }
}

/// <summary>Integer to float: s is the nearest double, e what it misses, which only 64 bits can make other than 0.</summary>
internal readonly struct FromInteger<TA, TD, TNarrow, TRounding> : IEach<TA, TD>
    where TA : unmanaged, IBinaryInteger<TA> where TNarrow : struct, INarrow<TD> where TRounding : struct, IRounding
{
    public static TD Of(TA a)
    {
        double s = double.CreateTruncating(a);
        double e = Unsafe.SizeOf<TA>() < 8 ? 0 : (double)(Int128.CreateTruncating(a) - (Int128)s);
        return TNarrow.Of<TRounding>(s, e);
    }
}

/// <summary>cvt.rna.tf32.f32</summary>
internal readonly struct ToTensorFloat : IEach<float, float>
{
    public static float Of(float a) => SmallFloat.ToTensorFloat32(a);
}

/// <summary>cvt.rn.f32.s32, the frequent one.</summary>
internal readonly struct IntToSingle : IUnary<int>
{
    public static Vector256<int> Of(Vector256<int> a) => Vector256.ConvertToSingle(a).AsInt32();
}

/// <summary>cvt.rn.f16x2.f32 d, a, b: two floats into the halves of a lane, a above.</summary>
internal readonly struct PackHalves<TNarrow, TRounding> : IEach<float, float, uint> where TNarrow : struct, INarrow<Half> where TRounding : struct, IRounding
{
    public static uint Of(float a, float b) =>
        ((uint)BitConverter.HalfToUInt16Bits(TNarrow.Of<TRounding>(a, 0)) << 16) | BitConverter.HalfToUInt16Bits(TNarrow.Of<TRounding>(b, 0));
}

/// <summary>cvt.rn.bf16x2.f32 d, a, b: two floats into the halves of a lane, a above.</summary>
internal readonly struct PackBFloats<TNarrow, TRounding> : IEach<float, float, uint> where TNarrow : struct, INarrow<ushort> where TRounding : struct, IRounding
{
    public static uint Of(float a, float b) => ((uint)TNarrow.Of<TRounding>(a, 0) << 16) | TNarrow.Of<TRounding>(b, 0);
}
