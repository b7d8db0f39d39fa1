#include "prelude.cuh"
// y[b] = the sum of block b's terms of x. Launched again over y until one number is left.
//
// Idea: a sum is a tree. A block puts its terms into shared memory; at each step a thread adds to its own sum the one that lies `stride` further on, so that half as
// many are left. The flaw: who works is decided by the thread's number modulo 2 stride. After five steps each warp has one lane at work and 31 that wait for it, and
// every warp goes through all steps.
//
//     tid        0   1   2   3   4   5   6   7
//     stride 1   0+1     2+3     4+5     6+7
//     stride 2   0-3             4-7
//     stride 4   0-7
//
// FLOPs: N - 1. Bytes: 4 N, and 8 N / THREADS for the sums of blocks, which are written and read again. Limited by instructions: it takes 127 for a warp's 32 terms.
// In the counters: every third branch diverges; 23 of 32 threads work in an instruction.
// Source: M. Harris, "Optimizing parallel reduction in CUDA", 2007, kernel 1.
// Macros: N (terms), THREADS (a power of two). A block for each THREADS terms.

extern "C" __global__ void __launch_bounds__(THREADS) reduce_divergent(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ float sums[THREADS];
    unsigned tid = threadIdx.x, i = blockIdx.x * THREADS + tid;
    sums[tid] = i < N ? x[i] : 0;   // beyond the end, what changes no sum
#pragma unroll 1
    for (unsigned stride = 1; stride < THREADS; stride *= 2)
    {
        __syncthreads();   // the sums of the step before are written
        if (tid % (2 * stride) == 0) sums[tid] += sums[tid + stride];
    }
    if (tid == 0) y[blockIdx.x] = sums[0];
}
