// The micro-kernel: the one loop in which nearly all of a training step's arithmetic happens.
//
// It stands at the bottom of the run phase; GEMM and all three directions of convolution end here. It computes a tile
//
//     C[r, j] = alpha * sum_s sum_k A_s[r, k] * B_s[k, j] + beta * C[r, j]        r < Rows, j < Vectors * Lanes
//
// whose sums stay in registers from the first k to the last. A_s and B_s begin at the s-th pair of offsets: a plain matrix
// product is one segment, a convolution has one segment per filter tap, its K running over channels.
// The one thing to understand: per k the tile takes Rows broadcasts of A and Vectors loads of B for Rows * Vectors
// multiply-adds. 8 x 3 is 11 loads for 24 multiply-adds: more arithmetic than memory, which is what a core is good at, and 24
// sums in 24 registers leave 8 for the operands. The sums must be locals with names: an array would live in memory.
// Every element sums its k in the same order, whatever the tile's size and the vector's width; so results do not depend on
// how a matrix is cut into tiles. The idea is that of Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication" (2008), section 4, and of Van Zee and van de Geijn, "BLIS" (2015), section 3.
using System.Runtime.CompilerServices;

namespace MiniDL.Cpu;

/// <summary>The arguments of one micro-kernel call. Strides are in floats.</summary>
internal unsafe struct TileCall
{
    /// <summary>A's first element; row r of the tile begins at A + r * ARow, and k takes steps of AStep.</summary>
    public float* A;
    public nint ARow, AStep;

    /// <summary>B's first element; columns are contiguous, k takes steps of BStep.</summary>
    public float* B;
    public nint BStep;

    /// <summary>Steps per segment.</summary>
    public int K;

    /// <summary>The number of segments, and for each a pair: what to add to A and to B.</summary>
    public int Segments;
    public int* Offsets;

    /// <summary>Where the tile goes; columns are contiguous. It is read only if Beta is not 0.</summary>
    public float* C;
    public nint CRow;
    public float Alpha, Beta;
}

/// <summary>The micro-kernel for one size of tile and one width of vectors.</summary>
internal static unsafe class MicroKernel<TSimd, TVector, TRows, TVectors>
    where TSimd : struct, ISimd<TVector> where TVector : struct where TRows : struct, IConstant where TVectors : struct, IConstant
{
    /// <summary>Computes one tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(TileCall* call)
    {
        // The sums. Those that this size of tile does not have are never touched, and the JIT drops them.
        TVector s00 = default, s01 = default, s02 = default,
                s10 = default, s11 = default, s12 = default,
                s20 = default, s21 = default, s22 = default,
                s30 = default, s31 = default, s32 = default,
                s40 = default, s41 = default, s42 = default,
                s50 = default, s51 = default, s52 = default,
                s60 = default, s61 = default, s62 = default,
                s70 = default, s71 = default, s72 = default;

        nint row1 = call->ARow, row2 = 2 * row1, row3 = 3 * row1, row4 = 4 * row1;
        nint aStep = call->AStep, bStep = call->BStep;
        int* offset = call->Offsets;
        for (int segment = call->Segments; segment > 0; segment--, offset += 2)
        {
            float* a = call->A + offset[0];
            float* b = call->B + offset[1];
            for (int k = call->K; k > 0; k--, a += aStep, b += bStep)
            {
                TVector b0 = TSimd.Load(b), b1 = default, b2 = default, x;
                if (TVectors.Value > 1) b1 = TSimd.Load(b + TSimd.Lanes);
                if (TVectors.Value > 2) b2 = TSimd.Load(b + 2 * TSimd.Lanes);
                x = TSimd.Broadcast(*a);
                s00 = TSimd.MultiplyAdd(x, b0, s00);
                if (TVectors.Value > 1) s01 = TSimd.MultiplyAdd(x, b1, s01);
                if (TVectors.Value > 2) s02 = TSimd.MultiplyAdd(x, b2, s02);
                if (TRows.Value > 1)
                {
                    x = TSimd.Broadcast(a[row1]);
                    s10 = TSimd.MultiplyAdd(x, b0, s10);
                    if (TVectors.Value > 1) s11 = TSimd.MultiplyAdd(x, b1, s11);
                    if (TVectors.Value > 2) s12 = TSimd.MultiplyAdd(x, b2, s12);
                }
                if (TRows.Value > 2)
                {
                    x = TSimd.Broadcast(a[row2]);
                    s20 = TSimd.MultiplyAdd(x, b0, s20);
                    if (TVectors.Value > 1) s21 = TSimd.MultiplyAdd(x, b1, s21);
                    if (TVectors.Value > 2) s22 = TSimd.MultiplyAdd(x, b2, s22);
                }
                if (TRows.Value > 3)
                {
                    x = TSimd.Broadcast(a[row3]);
                    s30 = TSimd.MultiplyAdd(x, b0, s30);
                    if (TVectors.Value > 1) s31 = TSimd.MultiplyAdd(x, b1, s31);
                    if (TVectors.Value > 2) s32 = TSimd.MultiplyAdd(x, b2, s32);
                }
                float* aa = a + row4;
                if (TRows.Value > 4)
                {
                    x = TSimd.Broadcast(*aa);
                    s40 = TSimd.MultiplyAdd(x, b0, s40);
                    if (TVectors.Value > 1) s41 = TSimd.MultiplyAdd(x, b1, s41);
                    if (TVectors.Value > 2) s42 = TSimd.MultiplyAdd(x, b2, s42);
                }
                if (TRows.Value > 5)
                {
                    x = TSimd.Broadcast(aa[row1]);
                    s50 = TSimd.MultiplyAdd(x, b0, s50);
                    if (TVectors.Value > 1) s51 = TSimd.MultiplyAdd(x, b1, s51);
                    if (TVectors.Value > 2) s52 = TSimd.MultiplyAdd(x, b2, s52);
                }
                if (TRows.Value > 6)
                {
                    x = TSimd.Broadcast(aa[row2]);
                    s60 = TSimd.MultiplyAdd(x, b0, s60);
                    if (TVectors.Value > 1) s61 = TSimd.MultiplyAdd(x, b1, s61);
                    if (TVectors.Value > 2) s62 = TSimd.MultiplyAdd(x, b2, s62);
                }
                if (TRows.Value > 7)
                {
                    x = TSimd.Broadcast(aa[row3]);
                    s70 = TSimd.MultiplyAdd(x, b0, s70);
                    if (TVectors.Value > 1) s71 = TSimd.MultiplyAdd(x, b1, s71);
                    if (TVectors.Value > 2) s72 = TSimd.MultiplyAdd(x, b2, s72);
                }
            }
        }

        // Scale, add beta * C, store.
        Store(call, 0, s00, s01, s02);
        if (TRows.Value > 1) Store(call, 1, s10, s11, s12);
        if (TRows.Value > 2) Store(call, 2, s20, s21, s22);
        if (TRows.Value > 3) Store(call, 3, s30, s31, s32);
        if (TRows.Value > 4) Store(call, 4, s40, s41, s42);
        if (TRows.Value > 5) Store(call, 5, s50, s51, s52);
        if (TRows.Value > 6) Store(call, 6, s60, s61, s62);
        if (TRows.Value > 7) Store(call, 7, s70, s71, s72);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TileCall* call, int row, TVector s0, TVector s1, TVector s2)
    {
        float* c = call->C + row * call->CRow;
        Store(call, c, s0);
        if (TVectors.Value > 1) Store(call, c + TSimd.Lanes, s1);
        if (TVectors.Value > 2) Store(call, c + 2 * TSimd.Lanes, s2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TileCall* call, float* c, TVector sum)
    {
        TVector scaled = TSimd.Multiply(TSimd.Broadcast(call->Alpha), sum);
        if (call->Beta != 0) scaled = TSimd.MultiplyAdd(TSimd.Broadcast(call->Beta), TSimd.Load(c), scaled);
        TSimd.Store(scaled, c);
    }
}
