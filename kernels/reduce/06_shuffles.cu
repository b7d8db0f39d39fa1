#include "prelude.cuh"
// y[b] = the sum of block b's terms of x. Launched again over y until one number is left.
//
// Idea: shuffles first. Every warp adds up its own 32 sums in registers, and only one number of each warp goes through shared memory; the first warp adds these by shuffles
// again. One barrier is left of eight, and 32 bytes of shared memory of 1,024. The flaw is one that all rungs so far share: two terms a thread. For each of them the block must be
// started, indices worked out, the tree walked, and a sum written that another launch reads.
//
// FLOPs: N - 1. Bytes: 4 N (1 + 1 / THREADS). Limited by instruction issue.
// In the counters: one barrier, 8 words of shared memory written. Source: Luitjens 2014.
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
