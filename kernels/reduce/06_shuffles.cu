#include "prelude.cuh"
// y[b] = the sum of block b's terms of x. Launched again over y until one number is left.
//
// Idea: shuffles first. Every warp adds up its own sums in registers, and only one number of each goes through shared memory; the first warp adds these by shuffles again. One
// barrier is left, and 32 bytes of shared memory of 1,024. It is a trade: now all warps walk through five steps in which ever fewer lanes matter, which are more instructions
// than rung 5's. They wait for nobody, though; and there is a flaw that all rungs so far share, before which either is nothing: two terms a thread. For these two a block is
// started, indices are worked out, a tree is walked, and a sum is written that another launch reads.
//
// FLOPs: N - 1. Bytes: 4 N (1 + 1 / THREADS). Limited by DRAM, by the estimate, which does not know what a barrier costs.
// In the counters: one barrier a warp instead of 3, a third of the wavefronts; 32 instructions for a warp's 32 terms, where rung 5 had 22. Source: Luitjens 2014.
// Macros: N (terms), THREADS (a power of two, 32 to 1024). A block for each 2 THREADS terms.

extern "C" __global__ void __launch_bounds__(THREADS) reduce_shuffles(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ float warpSums[THREADS / 32];
    unsigned tid = threadIdx.x, i = blockIdx.x * (2 * THREADS) + tid;
    float sum = (i < N ? x[i] : 0) + (i + THREADS < N ? x[i + THREADS] : 0);   // beyond the end, what changes no sum

    // Each warp's sum.
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_down_sync(0xffffffff, sum, lanes);
    if (tid % 32 == 0) warpSums[tid / 32] = sum;
    __syncthreads();   // the first warp reads what the others wrote
    if (tid >= 32) return;

    // The block's.
    sum = tid < THREADS / 32 ? warpSums[tid] : 0;
#pragma unroll
    for (int lanes = THREADS / 64; lanes > 0; lanes /= 2) sum += __shfl_down_sync(0xffffffff, sum, lanes);
    if (tid == 0) y[blockIdx.x] = sum;
}
