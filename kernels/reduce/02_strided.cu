#include "prelude.cuh"
// y[b] = the sum of block b's terms of x. Launched again over y until one number is left.
//
// Idea: the same tree, but thread t takes the t-th pair. The threads at work have numbers 0, 1, 2, ... without a gap: whole warps work, or have nothing to do, and rung 1's
// divergence is gone but for the last steps. The flaw: the pairs lie 2 stride words apart, and shared memory has 32 banks, each a word wide.
//
//     stride 4:  lane   0   1   2   3   4   5 ...      8 of 32 lanes meet in bank 0, 8 in bank 8, 8 in 16, 8 in 24:
//                word   0   8  16  24  32  40 ...      8 wavefronts instead of 1
//                bank   0   8  16  24   0   8 ...
//
// FLOPs: N - 1. Bytes: 4 N (1 + 2 / THREADS). Limited by instructions, and by shared memory's wavefronts nearly as much.
// In the counters: one branch of 24 diverges, 30 of 32 threads work; but 7 of 10 wavefronts of shared memory are there for conflicts alone. Source: Harris 2007, kernel 2.
// Macros: N (terms), THREADS (a power of two). A block for each THREADS terms.

extern "C" __global__ void __launch_bounds__(THREADS) reduce_strided(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ float sums[THREADS];
    unsigned tid = threadIdx.x, i = blockIdx.x * THREADS + tid;
    sums[tid] = i < N ? x[i] : 0;   // beyond the end, what changes no sum
#pragma unroll 1
    for (unsigned stride = 1; stride < THREADS; stride *= 2)
    {
        __syncthreads();   // the sums of the step before are written
        unsigned first = 2 * stride * tid;
        if (first < THREADS) sums[first] += sums[first + stride];
    }
    if (tid == 0) y[blockIdx.x] = sums[0];
}
