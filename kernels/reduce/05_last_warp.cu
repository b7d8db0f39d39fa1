#include "prelude.cuh"
// y[b] = the sum of block b's terms of x. Launched again over y until one number is left.
//
// Idea: once 32 sums are left they are one warp's affair. Its lanes hand each other registers by shuffles, which need neither shared memory nor a barrier of the block; the
// other warps are done. And THREADS is a constant, so the steps before that are unrolled: no counter, no way back. The flaw: those steps still go through shared memory, each
// sum written and read again behind a barrier, although 32 of them always belong to one warp.
//
// Harris left out the barriers within the last warp, since its lanes went in step in 2007. Today that is a race: since Volta lanes are scheduled on their own.
//
// FLOPs: N - 1. Bytes: 4 N (1 + 1 / THREADS). Limited by DRAM, by the estimate.
// In the counters: 3 barriers a warp instead of 8; 22 instructions for a warp's 32 terms, where rung 4 had 45.
// Source: Harris 2007, kernels 5 and 6; J. Luitjens, "Faster parallel reductions on Kepler", 2014.
// Macros: N (terms), THREADS (a power of two, 64 at least). A block for each 2 THREADS terms.

extern "C" __global__ void __launch_bounds__(THREADS) reduce_last_warp(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ float sums[THREADS];
    unsigned tid = threadIdx.x, i = blockIdx.x * (2 * THREADS) + tid;
    sums[tid] = (i < N ? x[i] : 0) + (i + THREADS < N ? x[i + THREADS] : 0);   // beyond the end, what changes no sum
#pragma unroll
    for (unsigned stride = THREADS / 2; stride >= 32; stride /= 2)
    {
        __syncthreads();   // the sums of the step before are written
        if (tid < stride) sums[tid] += sums[tid + stride];
    }
    if (tid >= 32) return;
    float sum = sums[tid];   // a lane reads what it wrote itself
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_down_sync(0xffffffff, sum, lanes);
    if (tid == 0) y[blockIdx.x] = sum;
}
