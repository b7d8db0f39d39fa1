// The most frequent instructions of a matrix product, without the call through a pointer.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MiniDL.Simulator.Arithmetic;

namespace MiniDL.Simulator.Execute;

/// <summary>float32 arithmetic of full warps.</summary>
internal static unsafe class Hot
{
    /// <summary>fma.rn.f32</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fma(byte* d, byte* a, byte* b, byte* c)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Canonical(Vector512.FusedMultiplyAdd(Vector512.Load((float*)a), Vector512.Load((float*)b), Vector512.Load((float*)c))).Store((float*)d);
            Canonical(Vector512.FusedMultiplyAdd(Vector512.Load((float*)a + 16), Vector512.Load((float*)b + 16), Vector512.Load((float*)c + 16))).Store((float*)d + 16);
        }
        else Lanes.Ternary<float, FusedMultiplyAdd>(d, a, b, c);
    }

    /// <summary>add.rn.f32</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(byte* d, byte* a, byte* b)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Canonical(Vector512.Load((float*)a) + Vector512.Load((float*)b)).Store((float*)d);
            Canonical(Vector512.Load((float*)a + 16) + Vector512.Load((float*)b + 16)).Store((float*)d + 16);
        }
        else Lanes.Binary<float, AddFloat>(d, a, b);
    }

    /// <summary>mul.rn.f32</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(byte* d, byte* a, byte* b)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Canonical(Vector512.Load((float*)a) * Vector512.Load((float*)b)).Store((float*)d);
            Canonical(Vector512.Load((float*)a + 16) * Vector512.Load((float*)b + 16)).Store((float*)d + 16);
        }
        else Lanes.Binary<float, MultiplyFloat>(d, a, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Canonical(Vector512<float> x) =>
        Vector512.ConditionalSelect(Vector512.Equals(x, x), x, Vector512.Create(Float32.CanonicalNaN).AsSingle());
}
