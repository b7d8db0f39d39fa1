#include "prelude.cuh"
// y[b] = the sum of block b's terms of x. Launched again over y until one number is left.
//
// Idea: the same tree from its other side. What is added lies half of the rest further on, so neighbouring threads work on neighbouring words: 32 words in 32 banks, and rung 2's
// conflicts are gone. The flaw: a thread loads one term, and from the first step on half of the threads only wait for the others.
//
//     stride 4   0+4  1+5  2+6  3+7
//     stride 2   0246 1357
//     stride 1   all
//
// FLOPs: N - 1. Bytes: 4 N (1 + 2 / THREADS). Limited by instructions: 8 steps of loop, comparison and barrier for 256 terms.
// In the counters: no bank conflicts. Source: Harris 2007, kernel 3.
// Macros: N (terms), THREADS (a power of two). A block for each THREADS terms.

extern "C" __global__ void __launch_bounds__(THREADS) reduce_sequential(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ float sums[THREADS];
    unsigned tid = threadIdx.x, i = blockIdx.x * THREADS + tid;
    sums[tid] = i < N ? x[i] : 0;   // beyond the end, what changes no sum
#pragma unroll 1
    for (unsigned stride = THREADS / 2; stride > 0; stride /= 2)
    {
        __syncthreads();   // the sums of the step before are written
        if (tid < stride) sums[tid] += sums[tid + stride];
    }
    if (tid == 0) y[blockIdx.x] = sums[0];
}
