// Products of twice the width: mul.wide, which makes addresses of indices, and mul.hi, which divides by constants.
//
// PTX, section 9.7.1.3. The one thing to understand: the full product of two 32-bit numbers has 64 bits, so the factors are widened first, with their sign if they
// have one. AVX2 has this product as one instruction that takes the low halves of 64-bit elements.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MiniDL.Simulator.Arithmetic;

internal static unsafe class WideProducts
{
    /// <summary>mul.wide.s32 (T = int), mul.wide.u32 (T = uint): sources of 32 bits, destination of 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<T>(void* d, void* a, void* b, void* c = null, void* e = null) where T : unmanaged
    {
        for (int i = 0; i < Lanes.Count; i += 4) Product<T>((uint*)a + i, (uint*)b + i).Store((ulong*)d + i);
    }

    /// <summary>mad.wide.s32, mad.wide.u32: c has 64 bits as the destination.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyAdd<T>(void* d, void* a, void* b, void* c, void* e = null) where T : unmanaged
    {
        for (int i = 0; i < Lanes.Count; i += 4) (Product<T>((uint*)a + i, (uint*)b + i) + Vector256.Load((ulong*)c + i)).Store((ulong*)d + i);
    }

    /// <summary>mul.hi.s32, mul.hi.u32: the upper half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void High<T>(void* d, void* a, void* b, void* c = null, void* e = null) where T : unmanaged
    {
        for (int i = 0; i < Lanes.Count; i += 8)
        {
            Vector256<ulong> low = Product<T>((uint*)a + i, (uint*)b + i) >>> 32, high = Product<T>((uint*)a + i + 4, (uint*)b + i + 4) >>> 32;
            Vector256.Narrow(low, high).Store((uint*)d + i);
        }
    }

    /// <summary>cvt.s64.s32 (T = int), cvt.u64.u32 (T = uint).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<T>(void* d, void* a, void* b = null, void* c = null, void* e = null) where T : unmanaged
    {
        for (int i = 0; i < Lanes.Count; i += 4) Wide<T>((uint*)a + i).Store((ulong*)d + i);
    }

    /// <summary>The low half of 64 bits: cvt.u32.u64 and all its kin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow(void* d, void* a, void* b = null, void* c = null, void* e = null)
    {
        for (int i = 0; i < Lanes.Count; i += 8) Vector256.Narrow(Vector256.Load((ulong*)a + i), Vector256.Load((ulong*)a + i + 4)).Store((uint*)d + i);
    }

    /// <summary>Four products of 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Product<T>(uint* a, uint* b)
    {
        Vector256<ulong> x = Wide<T>(a), y = Wide<T>(b);
        if (!Avx2.IsSupported) return x * y;
        return typeof(T) == typeof(int) ? Avx2.Multiply(x.AsInt32(), y.AsInt32()).AsUInt64() : Avx2.Multiply(x.AsUInt32(), y.AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Wide<T>(uint* a)
    {
        if (Avx2.IsSupported) return typeof(T) == typeof(int) ? Avx2.ConvertToVector256Int64((int*)a).AsUInt64() : Avx2.ConvertToVector256Int64(a).AsUInt64();
        Vector128<uint> four = Vector128.Load(a);
        return typeof(T) == typeof(int)
            ? Vector256.Create(Vector128.WidenLower(four.AsInt32()), Vector128.WidenUpper(four.AsInt32())).AsUInt64()
            : Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four));
    }
}

/// <summary>mul.wide for 16 bits: TW has twice the bits of T.</summary>
internal readonly struct MultiplyWide<T, TW> : IEach<T, T, TW> where T : IBinaryInteger<T> where TW : IBinaryInteger<TW>
{
    public static TW Of(T a, T b) => TW.CreateTruncating(a) * TW.CreateTruncating(b);
}

/// <summary>mad.wide for 16 bits.</summary>
internal readonly struct MultiplyAddWide<T, TW> : IEach<T, T, TW, TW> where T : IBinaryInteger<T> where TW : IBinaryInteger<TW>
{
    public static TW Of(T a, T b, TW c) => unchecked(TW.CreateTruncating(a) * TW.CreateTruncating(b) + c);
}

/// <summary>mul.hi for 16 and 64 bits: TW has twice the bits of T (Int128 for long).</summary>
internal readonly struct MultiplyHigh<T, TW> : IEach<T, T, T> where T : IBinaryInteger<T> where TW : IBinaryInteger<TW>
{
    public static T Of(T a, T b) => T.CreateTruncating((TW.CreateTruncating(a) * TW.CreateTruncating(b)) >> (8 * Unsafe.SizeOf<T>()));
}

/// <summary>mad.hi: the upper half of a * b, plus c.</summary>
internal readonly struct MultiplyAddHigh<T, TW> : IEach<T, T, T, T> where T : IBinaryInteger<T> where TW : IBinaryInteger<TW>
{
    public static T Of(T a, T b, T c) => unchecked(MultiplyHigh<T, TW>.Of(a, b) + c);
}
