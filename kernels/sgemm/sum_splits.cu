#include "prelude.cuh"
// c = alpha * (part 0 + part 1 + ...) + beta * c: the second pass of a sum that was split over blocks.
//
// Idea: float addition is not associative, so parts added by atomics give other bits each time. Here every block of the first pass has written its part
// to memory, and each element's parts are added in an order that depends on their number alone. A warp takes 32 neighbouring elements; the block's
// WARPS warps share the parts, so that a small result with many parts has enough loads on their way.
//
// FLOPs: SPLITS COUNT. Bytes: 4 (SPLITS + 1) COUNT, and 4 COUNT more with beta. Limited by memory, or by latency if COUNT is small: parts were written a
// moment before and come from L2. In the counters: 4 sectors a request.
//
// Ends: STORE_C(i, v) once per element. Source: the two-stage reductions of M. Harris, "Optimizing parallel reduction in CUDA", 2007.
// Macros: COUNT (elements), SPLITS (parts), ALPHA, BETA. Blocks of 32 x WARPS threads, one per 32 elements.

#ifndef STORE_C
#define STORE_C(i, v) c[i] = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

#define WARPS 8

extern "C" __global__ void __launch_bounds__(32 * WARPS) sum_splits(const float* __restrict__ parts, float* c ENDS_PARAMETERS)
{
    __shared__ float sums[WARPS][32];
    int i = blockIdx.x * 32 + threadIdx.x;
    float sum = 0;
#pragma unroll 4
    for (int part = threadIdx.y; part < SPLITS; part += WARPS)
        if (i < COUNT) sum += parts[part * COUNT + i];
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();   // the first warp reads what the others wrote
    if (threadIdx.y > 0 || i >= COUNT) return;
#pragma unroll
    for (int warp = 1; warp < WARPS; warp++) sum += sums[warp][threadIdx.x];
    float v = BETA == 0 ? ALPHA * sum : ALPHA * sum + BETA * c[i];
    STORE_C(i, v);
}
