// Integer arithmetic of 32 and 64 bits, and logic: addresses, indices, counters, random numbers.
//
// PTX, sections 9.7.1 and 9.7.8. Sums, differences and low products wrap, so signed and unsigned are one operation; minimum, maximum, high products, division
// and right shift are two. The operations are written once for any element type; the JIT makes the vector code of each.
//
// The one thing to understand: C# masks a shift count (x << 33 is x << 1), PTX does not: a shift by the width or more gives 0, or the sign. Division by zero, which PTX
// leaves open, gives all ones here, quotient and remainder, as the code that ptxas makes for division does (observed on Volta and later).
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>add.{u,s}{32,64}</summary>
internal readonly struct Add<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => a + b;
}

/// <summary>sub.{u,s}{32,64}</summary>
internal readonly struct Subtract<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => a - b;
}

/// <summary>mul.lo.{u,s}{32,64}</summary>
internal readonly struct MultiplyLow<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => a * b;
}

/// <summary>mad.lo.{u,s}{32,64}: the low half of a * b, plus c.</summary>
internal readonly struct MultiplyAddLow<T> : ITernary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b, Vector256<T> c) => (a * b) + c;
}

/// <summary>min, by the element type's order.</summary>
internal readonly struct Minimum<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => Vector256.Min(a, b);
}

/// <summary>max, by the element type's order.</summary>
internal readonly struct Maximum<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => Vector256.Max(a, b);
}

/// <summary>neg: 0 - a; the most negative number is its own.</summary>
internal readonly struct Negate<T> : IUnary<T>
{
    public static Vector256<T> Of(Vector256<T> a) => Vector256<T>.Zero - a;
}

/// <summary>abs; the most negative number is its own.</summary>
internal readonly struct Absolute<T> : IUnary<T>
{
    public static Vector256<T> Of(Vector256<T> a) => Vector256.ConditionalSelect(Vector256.LessThan(a, Vector256<T>.Zero), Vector256<T>.Zero - a, a);
}

/// <summary>and.b{32,64}</summary>
internal readonly struct And<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => a & b;
}

/// <summary>or.b{32,64}</summary>
internal readonly struct Or<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => a | b;
}

/// <summary>xor.b{32,64}</summary>
internal readonly struct Xor<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => a ^ b;
}

/// <summary>not.b{32,64}</summary>
internal readonly struct Not<T> : IUnary<T>
{
    public static Vector256<T> Of(Vector256<T> a) => ~a;
}

/// <summary>mov</summary>
internal readonly struct Move<T> : IUnary<T>
{
    public static Vector256<T> Of(Vector256<T> a) => a;
}

/// <summary>shl.b32: 0 for counts of 32 and more. (AVX2's shift by a vector means the same.)</summary>
internal readonly struct ShiftLeft : IBinary<uint>
{
    public static Vector256<uint> Of(Vector256<uint> a, Vector256<uint> count)
    {
        if (Avx2.IsSupported) return Avx2.ShiftLeftLogicalVariable(a, count);
        for (int i = 0; i < 8; i++) a = a.WithElement(i, count[i] < 32 ? a[i] << (int)count[i] : 0);
        return a;
    }
}

/// <summary>shr.u32: 0 for counts of 32 and more.</summary>
internal readonly struct ShiftRight : IBinary<uint>
{
    public static Vector256<uint> Of(Vector256<uint> a, Vector256<uint> count)
    {
        if (Avx2.IsSupported) return Avx2.ShiftRightLogicalVariable(a, count);
        for (int i = 0; i < 8; i++) a = a.WithElement(i, count[i] < 32 ? a[i] >> (int)count[i] : 0);
        return a;
    }
}

/// <summary>shr.s32: the sign for counts of 32 and more.</summary>
internal readonly struct ShiftRightSigned : IBinary<uint>
{
    public static Vector256<uint> Of(Vector256<uint> a, Vector256<uint> count)
    {
        if (Avx2.IsSupported) return Avx2.ShiftRightArithmeticVariable(a.AsInt32(), count).AsUInt32();
        for (int i = 0; i < 8; i++) a = a.WithElement(i, (uint)((int)a[i] >> (int)Math.Min(count[i], 31)));
        return a;
    }
}

/// <summary>The shifts of 64 bits, whose counts have 32.</summary>
internal static unsafe class Shifts64
{
    /// <summary>shl.b64</summary>
    public static void Left(void* d, void* a, void* count, void* c = null, void* e = null)
    {
        if (!Avx2.IsSupported) Lanes.Each<ulong, uint, ulong, ShiftLeft<ulong>>(d, a, count);
        else for (int i = 0; i < Lanes.Count; i += 4) Avx2.ShiftLeftLogicalVariable(Vector256.Load((ulong*)a + i), Avx2.ConvertToVector256Int64((uint*)count + i).AsUInt64()).Store((ulong*)d + i);
    }

    /// <summary>shr.u64</summary>
    public static void Right(void* d, void* a, void* count, void* c = null, void* e = null)
    {
        if (!Avx2.IsSupported) Lanes.Each<ulong, uint, ulong, ShiftRight<ulong>>(d, a, count);
        else for (int i = 0; i < Lanes.Count; i += 4) Avx2.ShiftRightLogicalVariable(Vector256.Load((ulong*)a + i), Avx2.ConvertToVector256Int64((uint*)count + i).AsUInt64()).Store((ulong*)d + i);
    }
}

/// <summary>shl.b64 and shl.b16; the count has 32 bits.</summary>
internal readonly struct ShiftLeft<T> : IEach<T, uint, T> where T : unmanaged, IBinaryInteger<T>
{
    public static T Of(T a, uint count) => count < 8 * Unsafe.SizeOf<T>() ? a << (int)count : T.Zero;
}

/// <summary>shr of 64 and 16 bits: an unsigned T fills with 0, a signed one with its sign.</summary>
internal readonly struct ShiftRight<T> : IEach<T, uint, T> where T : unmanaged, IBinaryInteger<T>
{
    public static T Of(T a, uint count) => count < 8 * Unsafe.SizeOf<T>() ? a >> (int)count : T.IsNegative(a) ? ~T.Zero : T.Zero;
}

/// <summary>add for 16 bits.</summary>
internal readonly struct AddEach<T> : IEach<T, T, T> where T : INumberBase<T>
{
    public static T Of(T a, T b) => unchecked(a + b);
}

/// <summary>sub for 16 bits.</summary>
internal readonly struct SubtractEach<T> : IEach<T, T, T> where T : INumberBase<T>
{
    public static T Of(T a, T b) => unchecked(a - b);
}

/// <summary>mul.lo for 16 bits.</summary>
internal readonly struct MultiplyEach<T> : IEach<T, T, T> where T : INumberBase<T>
{
    public static T Of(T a, T b) => unchecked(a * b);
}

/// <summary>mad.lo for 16 bits.</summary>
internal readonly struct MultiplyAddEach<T> : IEach<T, T, T, T> where T : INumberBase<T>
{
    public static T Of(T a, T b, T c) => unchecked(a * b + c);
}

/// <summary>min for 16 bits.</summary>
internal readonly struct MinimumEach<T> : IEach<T, T, T> where T : IComparisonOperators<T, T, bool>
{
    public static T Of(T a, T b) => b < a ? b : a;
}

/// <summary>max for 16 bits.</summary>
internal readonly struct MaximumEach<T> : IEach<T, T, T> where T : IComparisonOperators<T, T, bool>
{
    public static T Of(T a, T b) => b > a ? b : a;
}

/// <summary>neg for 16 bits.</summary>
internal readonly struct NegateEach<T> : IEach<T, T> where T : INumberBase<T>
{
    public static T Of(T a) => unchecked(T.Zero - a);
}

/// <summary>abs for 16 bits.</summary>
internal readonly struct AbsoluteEach<T> : IEach<T, T> where T : INumberBase<T>
{
    public static T Of(T a) => T.IsNegative(a) ? unchecked(T.Zero - a) : a;
}

/// <summary>div: towards zero; all ones for a divisor of 0; the most negative number over -1 is itself.</summary>
internal readonly struct Divide<T> : IEach<T, T, T> where T : IBinaryInteger<T>
{
    public static T Of(T a, T b) => b == T.Zero ? ~T.Zero : T.IsNegative(b) && b == ~T.Zero ? unchecked(T.Zero - a) : a / b;
}

/// <summary>rem: with the sign of a; all ones for a divisor of 0.</summary>
internal readonly struct Remainder<T> : IEach<T, T, T> where T : IBinaryInteger<T>
{
    public static T Of(T a, T b) => b == T.Zero ? ~T.Zero : T.IsNegative(b) && b == ~T.Zero ? T.Zero : a % b;
}

/// <summary>sad: |a - b| + c.</summary>
internal readonly struct SumOfDifferences<T> : IEach<T, T, T, T> where T : IBinaryInteger<T>
{
    public static T Of(T a, T b, T c) => unchecked(c + (a < b ? b - a : a - b));
}

/// <summary>add.sat.s32: stops at the ends of the range.</summary>
internal readonly struct AddSaturated : IEach<int, int, int>
{
    public static int Of(int a, int b) => int.CreateSaturating((long)a + b);
}

/// <summary>sub.sat.s32</summary>
internal readonly struct SubtractSaturated : IEach<int, int, int>
{
    public static int Of(int a, int b) => int.CreateSaturating((long)a - b);
}
