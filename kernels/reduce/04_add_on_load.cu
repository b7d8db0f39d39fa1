#include "prelude.cuh"
// y[b] = the sum of block b's terms of x. Launched again over y until one number is left.
//
// Idea: a block takes twice as many terms, and a thread adds two as it loads them. The step that would leave half of the threads idle happens on the way in, and the same
// tree serves twice the terms. The flaw: the steps are a loop with a barrier for 8 warps in each, and in the last six steps only one warp has anything to add.
//
// FLOPs: N - 1. Bytes: 4 N (1 + 1 / THREADS). Limited by DRAM on an A100 from here on, by the estimate; on a card with more bandwidth for its clock, by instructions.
// In the counters: 45 instructions for a warp's 32 terms, where rung 3 had 80. Source: Harris 2007, kernel 4.
// Macros: N (terms), THREADS (a power of two). A block for each 2 THREADS terms.

extern "C" __global__ void __launch_bounds__(THREADS) reduce_add_on_load(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ float sums[THREADS];
    unsigned tid = threadIdx.x, i = blockIdx.x * (2 * THREADS) + tid;
    sums[tid] = (i < N ? x[i] : 0) + (i + THREADS < N ? x[i + THREADS] : 0);   // beyond the end, what changes no sum
#pragma unroll 1
    for (unsigned stride = THREADS / 2; stride > 0; stride /= 2)
    {
        __syncthreads();   // the sums of the step before are written
        if (tid < stride) sums[tid] += sums[tid + stride];
    }
    if (tid == 0) y[blockIdx.x] = sums[0];
}
