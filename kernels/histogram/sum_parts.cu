// counts[b] += parts[0][b] + parts[1][b] + ...: the second pass of rung 6.
//
// Idea: a warp takes 32 neighbouring bins, so that it reads neighbours; the block's WARPS warps share the parts, so that few bins with many parts have enough loads on their way. Which warp adds
// which parts, and in which order, depends on their number alone.
//
// FLOPs: none, PARTS BINS additions of integers. Bytes: 4 PARTS BINS + 8 BINS. Limited by latency: parts were written a moment before and come from the second level.
// In the counters: 4 sectors a load. Source: see rung 6.
// Macros: BINS PARTS. Blocks of 32 x WARPS threads, one for each 32 bins.
#include "prelude.cuh"

#define WARPS 32

extern "C" __global__ void __launch_bounds__(32 * WARPS) sum_parts(const int* __restrict__ parts, int* __restrict__ counts)
{
    __shared__ int sums[WARPS][32];
    int b = blockIdx.x * 32 + threadIdx.x, sum = 0;
    if (b < BINS)
    {
#pragma unroll 8
        for (int part = threadIdx.y; part < PARTS; part += WARPS) sum += parts[part * BINS + b];
    }
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();   // the first warp reads what the others wrote
    if (threadIdx.y > 0 || b >= BINS) return;
#pragma unroll
    for (int warp = 1; warp < WARPS; warp++) sum += sums[warp][threadIdx.x];
    counts[b] += sum;
}
