#include "prelude.cuh"
// y[b] = the sum of part b of x. Launched once more over y, as a single part.
//
// Idea: a block has a whole part of x, PART terms, and walks along it, so that a thread adds up 16 to 128 terms in a register before the tree begins. The tree is still there
// and no longer matters: it costs the same for 32,768 terms as for 512. How many parts there are follows from N alone, not from the GPU, so the sum has the same bits
// everywhere; two launches do for any N. The flaw: 4 bytes a load.
//
// FLOPs: N - 1. Bytes: 4 N (1 + 2 / PART). Limited by DRAM for large N, by latency for small.
// In the counters: 6 instructions for a warp's 32 terms (N 2^24), where rung 6 had 32; two launches, not three.
// Source: Harris 2007, kernel 7. His blocks stride over the whole grid instead of a part; requests and bytes are the same.
// Macros: N (terms), PART (a block's terms), THREADS (a power of two, 32 to 1024). A block for each PART terms.

extern "C" __global__ void __launch_bounds__(THREADS) reduce_many_terms(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ float warpSums[THREADS / 32];
    unsigned tid = threadIdx.x, end = min((blockIdx.x + 1) * PART, (unsigned)N);
    float sum = 0;
    for (unsigned i = blockIdx.x * PART + tid; i < end; i += THREADS) sum += x[i];

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
