#include "prelude.cuh"
#include "fused/four.cuh"
// y[b] = the sum of part b of x. Launched once more over y, as a single part. What the executor runs where all terms of an expression become one number.
//
// Idea: a thread takes four neighbouring terms with one load of 16 bytes. A quarter of the loads, of the comparisons and of the steps of the loop, and four times the bytes on
// their way at once. Where four terms cannot be had so (x does not begin at 16 bytes), WIDTH 1 makes it rung 7.
//
// FLOPs: N - 1. Bytes: 4 N (1 + 2 / PART). Limited by DRAM for large N, by latency for small.
// In the counters: 16 sectors a load, all of them used; 2.7 instructions for a warp's 32 terms (N 2^24), where rung 7 had 6.
// Source: J. Luitjens, "CUDA pro tip: increase performance with vectorized memory access", 2013.
//
// The order: thread t of a part adds terms 4 t to 4 t + 3, then those 4 THREADS further on, and so on; lanes, warps and parts follow in trees. It depends on N and WIDTH
// alone, so the bits are the same each time, on any GPU. A thread adds at most 128 terms (the planner sees to it), which keeps the error of a float sum small.
//
// Ends: LOAD_X(i), the term at i; LOAD4_X(i, v), those from i on, a multiple of 4, into v[4]; X_PARAMETERS, the pointers for them, a comma behind each. One call a term.
// Macros: N (terms), PART (a block's terms, a multiple of 4 THREADS), THREADS (a power of two, 32 to 1024), WIDTH (4 or 1). A block for each PART terms.
// For anything but a sum of floats: PARTIAL (type of a partial result), IDENTITY (of no terms), COMBINE(a, b), RESULT (type of y).

#ifndef PARTIAL
#define PARTIAL float
#define IDENTITY 0.0f
#define COMBINE(a, b) a + b
#define RESULT float
#endif
#ifndef LOAD_X
#define LOAD_X(i) x[i]
#define LOAD4_X(i, v) load4(x + i, v)
#define X_PARAMETERS const PARTIAL* __restrict__ x,
#endif

extern "C" __global__ void __launch_bounds__(THREADS) reduce_float4(X_PARAMETERS RESULT* __restrict__ y)
{
    __shared__ PARTIAL warpSums[THREADS / 32];
    uint tid = threadIdx.x, end = min((blockIdx.x + 1) * PART, (uint)N);
    PARTIAL sum = IDENTITY;
    for (uint i = blockIdx.x * PART + WIDTH * tid; i < end; i += WIDTH * THREADS)
    {
#if WIDTH == 4
        if (N % 4 == 0 || i + 4 <= N)
        {
            PARTIAL v[4];
            LOAD4_X(i, v);
#pragma unroll
            for (int k = 0; k < 4; k++) sum = COMBINE(sum, v[k]);
        }
        else
            for (uint j = i; j < N; j++) sum = COMBINE(sum, LOAD_X(j));   // the last three at most
#else
        sum = COMBINE(sum, LOAD_X(i));
#endif
    }

    // Each warp's sum.
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) sum = COMBINE(sum, __shfl_down_sync(0xffffffff, sum, lanes));
    if (tid % 32 == 0) warpSums[tid / 32] = sum;
    __syncthreads();   // the first warp reads what the others wrote
    if (tid >= 32) return;

    // The block's.
    sum = tid < THREADS / 32 ? warpSums[tid] : IDENTITY;
#pragma unroll
    for (int lanes = THREADS / 64; lanes > 0; lanes /= 2) sum = COMBINE(sum, __shfl_down_sync(0xffffffff, sum, lanes));
    if (tid == 0) y[blockIdx.x] = (RESULT)sum;
}
