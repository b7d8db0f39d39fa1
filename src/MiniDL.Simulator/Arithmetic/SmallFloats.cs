// Float16 and bfloat16: numbers of 16 bits, in lanes of their own or two to a lane (f16x2, bf16x2); and TF32, a float32 whose last 13 bits are zero.
//
// float16 has 11 bits of precision and reaches 65504; bfloat16 is the upper half of a float32: its range, 8 bits of precision. PTX, section 9.7.4.
//
// The one thing to understand: computing in double and rounding once more is only right if the first rounding did not already decide a tie; hence s + e and round to
// odd, as in Rounding.cs. NaN results are 0x7FFF.
namespace MiniDL.Simulator.Arithmetic;

/// <summary>A number of 16 bits.</summary>
internal interface ISmallFloat<T> where T : unmanaged
{
    /// <summary>Its exact value.</summary>
    static abstract double Wide(T a);

    /// <summary>The number for the exact value s + e.</summary>
    static abstract T Narrow<TRounding>(double s, double e = 0) where TRounding : struct, IRounding;
}

/// <summary>f16</summary>
internal readonly struct Float16 : ISmallFloat<Half>
{
    public static double Wide(Half a) => (double)a;

    public static Half Narrow<TRounding>(double s, double e = 0) where TRounding : struct, IRounding =>
        double.IsNaN(s) ? BitConverter.UInt16BitsToHalf(0x7FFF) : (Half)SmallFloat.Round<TRounding>(s, e, precision: 11, lowest: -14, largest: 65504);
}

/// <summary>bf16, held in its bits.</summary>
internal readonly struct BFloat16 : ISmallFloat<ushort>
{
    public static double Wide(ushort a) => BitConverter.UInt32BitsToSingle((uint)a << 16);

    public static ushort Narrow<TRounding>(double s, double e = 0) where TRounding : struct, IRounding =>
        double.IsNaN(s) ? (ushort)0x7FFF : (ushort)(BitConverter.SingleToUInt32Bits((float)SmallFloat.Round<TRounding>(s, e, precision: 8, lowest: -126, largest: 3.3895313892515355e38)) >> 16);
}

internal static class SmallFloat
{
    /// <summary>s + e in a format of so many bits whose smallest normal number is 2^lowest.</summary>
    public static double Round<TRounding>(double s, double e, int precision, int lowest, double largest) where TRounding : struct, IRounding
    {
        if (s == 0 || !double.IsFinite(s)) return s;
        // In units of the last place, the number is rounded to a whole one. Scaling by a power of two is exact.
        int unit = Math.Max(Math.ILogB(s), lowest) - (precision - 1);
        double rounded = Math.ScaleB(TRounding.Whole(Math.ScaleB(s, -unit), e), unit);
        if (rounded == 0) return Math.CopySign(0, s);
        if (Math.Abs(rounded) <= largest) return rounded;
        // Beyond the largest: there, or at infinity, as the same rounding takes float32 beyond its largest.
        return float.IsInfinity(TRounding.Round(Math.CopySign(1e300, s), 0)) ? Math.CopySign(double.PositiveInfinity, s) : Math.CopySign(largest, s);
    }

    /// <summary>cvt.rna.tf32.f32: 10 bits of fraction, ties away from zero. Infinities and NaN stay.</summary>
    public static float ToTensorFloat32(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        return float.IsFinite(x) ? BitConverter.UInt32BitsToSingle((bits + 0x1000) & ~0x1FFFu) : Float32.Canonical(x);
    }
}

/// <summary>add.f16, add.bf16</summary>
internal readonly struct AddSmall<T, TFormat> : IEach<T, T, T> where T : unmanaged where TFormat : struct, ISmallFloat<T>
{
    public static T Of(T a, T b) => Sum(TFormat.Wide(a), TFormat.Wide(b));

    public static T Sum(double x, double y) => TFormat.Narrow<Nearest>(x + y, ExactSum.Error(x, y, x + y));
}

/// <summary>sub.f16, sub.bf16</summary>
internal readonly struct SubtractSmall<T, TFormat> : IEach<T, T, T> where T : unmanaged where TFormat : struct, ISmallFloat<T>
{
    public static T Of(T a, T b) => AddSmall<T, TFormat>.Sum(TFormat.Wide(a), -TFormat.Wide(b));
}

/// <summary>mul.f16, mul.bf16: the product of 11 or 8 bits each is exact in double.</summary>
internal readonly struct MultiplySmall<T, TFormat> : IEach<T, T, T> where T : unmanaged where TFormat : struct, ISmallFloat<T>
{
    public static T Of(T a, T b) => TFormat.Narrow<Nearest>(TFormat.Wide(a) * TFormat.Wide(b));
}

/// <summary>fma.rn.f16, fma.rn.bf16</summary>
internal readonly struct FusedSmall<T, TFormat> : IEach<T, T, T, T> where T : unmanaged where TFormat : struct, ISmallFloat<T>
{
    public static T Of(T a, T b, T c) => AddSmall<T, TFormat>.Sum(TFormat.Wide(a) * TFormat.Wide(b), TFormat.Wide(c));
}

/// <summary>fma.rn.relu: negative results become 0.</summary>
internal readonly struct FusedReluSmall<T, TFormat> : IEach<T, T, T, T> where T : unmanaged where TFormat : struct, ISmallFloat<T>
{
    public static T Of(T a, T b, T c) => FusedSmall<T, TFormat>.Of(a, b, c) is var sum && TFormat.Wide(sum) < 0 ? default : sum;
}

/// <summary>min.f16, min.bf16: of a number and NaN the number.</summary>
internal readonly struct MinimumSmall<T, TFormat> : IEach<T, T, T> where T : unmanaged where TFormat : struct, ISmallFloat<T>
{
    public static T Of(T a, T b) => TFormat.Narrow<Nearest>(double.MinNumber(TFormat.Wide(a), TFormat.Wide(b)));
}

/// <summary>max.f16, max.bf16: of a number and NaN the number.</summary>
internal readonly struct MaximumSmall<T, TFormat> : IEach<T, T, T> where T : unmanaged where TFormat : struct, ISmallFloat<T>
{
    public static T Of(T a, T b) => TFormat.Narrow<Nearest>(double.MaxNumber(TFormat.Wide(a), TFormat.Wide(b)));
}

/// <summary>neg.f16, neg.bf16: the sign bit flips.</summary>
internal readonly struct NegateSmall : IEach<ushort, ushort>
{
    public static ushort Of(ushort a) => (ushort)(a ^ 0x8000);
}

/// <summary>abs.f16, abs.bf16: the sign bit goes.</summary>
internal readonly struct AbsoluteSmall : IEach<ushort, ushort>
{
    public static ushort Of(ushort a) => (ushort)(a & 0x7FFF);
}

/// <summary>ex2.approx and tanh.approx of 16 bits.</summary>
internal readonly struct ApproximateSmall<T, TFormat, TOp> : IEach<T, T> where T : unmanaged where TFormat : struct, ISmallFloat<T> where TOp : struct, IApproximation
{
    public static T Of(T a) => TFormat.Narrow<Nearest>(TOp.Of(System.Runtime.Intrinsics.Vector256.Create(TFormat.Wide(a)))[0]);
}
