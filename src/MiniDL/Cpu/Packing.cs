// Packing: a slice of a matrix of any strides becomes a panel, contiguous in the order in which the micro-kernel reads it.
//
// It stands in the run phase, before the micro-kernel. A panel holds, for k = 0, 1, 2, ..., the elements i = 0..count-1 that
// one step needs, `width` floats apart:   panel[k * width + i] = source[i * iStride + k * kStride].
// The one thing to understand: one of the two strides is nearly always 1. If i's is, packing copies short rows; if k's is, it
// transposes, sixteen by four or four by four in registers, and writes whole cache lines where it can. What lies beyond `count`
// is never part of a result (the kernel's columns do not mix), so it is not cleared.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace MiniDL.Cpu;

/// <summary>Copies slices of matrices into panels, and transposes.</summary>
internal static unsafe class Packing
{
    /// <summary>Fills a panel: panel[k * width + i] = source[i * iStride + k * kStride] for i below count, k below K.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* source, nint iStride, nint kStride, int count, int K, float* panel, int width)
    {
        if (iStride == 1) CopyRows(source, kStride, count, K, panel, width);
        else if (kStride == 1) Transpose(source, iStride, count, K, panel, width);
        else
            for (int k = 0; k < K; k++)
                for (int i = 0; i < count; i++)
                    panel[(nint)k * width + i] = source[i * iStride + k * kStride];
    }

    /// <summary>target[k * targetStride + i] = source[k * sourceStride + i]: K rows of count floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyRows(float* source, nint sourceStride, int count, int K, float* target, nint targetStride)
    {
        for (int k = 0; k < K; k++, source += sourceStride, target += targetStride)
        {
            int i = 0;
            for (; i + 16 <= count; i += 16) Vector512.Load(source + i).Store(target + i);
            if (i + 8 <= count) { Vector256.Load(source + i).Store(target + i); i += 8; }
            if (i + 4 <= count) { Vector128.Load(source + i).Store(target + i); i += 4; }
            for (; i < count; i++) target[i] = source[i];
        }
    }

    /// <summary>target[k * targetStride + i] = source[i * sourceStride + k]: count rows become columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* source, nint sourceStride, int count, int K, float* target, nint targetStride)
    {
        int i = 0;
        if (Avx512F.IsSupported)
            for (; i + 16 <= count; i += 16)
            {
                // Sixteen rows at a time, so that whole cache lines are written.
                float* from = source + i * sourceStride, to = target + i;
                int k = 0;
                for (; k + 4 <= K; k += 4, from += 4, to += 4 * targetStride)
                    Transpose16x4(from, sourceStride, to, targetStride);
                for (; k < K; k++, from++, to += targetStride)
                    for (int r = 0; r < 16; r++) to[r] = from[r * sourceStride];
            }
        for (; i + 4 <= count; i += 4)
        {
            float* from = source + i * sourceStride, to = target + i;
            int k = 0;
            for (; k + 4 <= K; k += 4, from += 4, to += 4 * targetStride)
                Transpose4x4(from, sourceStride, to, targetStride);
            for (; k < K; k++, from++, to += targetStride)
                for (int r = 0; r < 4; r++) to[r] = from[r * sourceStride];
        }
        for (; i < count; i++)
            for (int k = 0; k < K; k++)
                target[k * targetStride + i] = source[i * sourceStride + k];
    }

    // Quarter q of each 512-bit register holds rows 4q..4q+3 of a 4 x 4 transpose of its own.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose16x4(float* from, nint stride, float* to, nint toStride)
    {
        Vector512<float> r0 = Quarters(from, stride), r1 = Quarters(from + stride, stride);
        Vector512<float> r2 = Quarters(from + 2 * stride, stride), r3 = Quarters(from + 3 * stride, stride);
        Vector512<double> low01 = Avx512F.UnpackLow(r0, r1).AsDouble(), high01 = Avx512F.UnpackHigh(r0, r1).AsDouble();
        Vector512<double> low23 = Avx512F.UnpackLow(r2, r3).AsDouble(), high23 = Avx512F.UnpackHigh(r2, r3).AsDouble();
        Avx512F.UnpackLow(low01, low23).AsSingle().Store(to);
        Avx512F.UnpackHigh(low01, low23).AsSingle().Store(to + toStride);
        Avx512F.UnpackLow(high01, high23).AsSingle().Store(to + 2 * toStride);
        Avx512F.UnpackHigh(high01, high23).AsSingle().Store(to + 3 * toStride);
    }

    // Four floats of each of the rows 0, 4, 8, 12.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Quarters(float* from, nint stride) => Vector512.Create(
        Vector256.Create(Vector128.Load(from), Vector128.Load(from + 4 * stride)),
        Vector256.Create(Vector128.Load(from + 8 * stride), Vector128.Load(from + 12 * stride)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4x4(float* from, nint fromStride, float* to, nint toStride)
    {
        Vector128<float> r0 = Vector128.Load(from), r1 = Vector128.Load(from + fromStride);
        Vector128<float> r2 = Vector128.Load(from + 2 * fromStride), r3 = Vector128.Load(from + 3 * fromStride);
        Vector128<float> low01 = Low(r0, r1), high01 = High(r0, r1), low23 = Low(r2, r3), high23 = High(r2, r3);
        LowPairs(low01, low23).Store(to);
        HighPairs(low01, low23).Store(to + toStride);
        LowPairs(high01, high23).Store(to + 2 * toStride);
        HighPairs(high01, high23).Store(to + 3 * toStride);
    }

    // x0 y0 x1 y1
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.UnpackLow(x, y)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(x, y)
        : Vector128.Create(x[0], y[0], x[1], y[1]);

    // x2 y2 x3 y3
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.UnpackHigh(x, y)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(x, y)
        : Vector128.Create(x[2], y[2], x[3], y[3]);

    // x0 x1 y0 y1
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LowPairs(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.MoveLowToHigh(x, y) : Vector128.Create(x.GetLower(), y.GetLower());

    // x2 x3 y2 y3
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> HighPairs(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.MoveHighToLow(y, x) : Vector128.Create(x.GetUpper(), y.GetUpper());
}
