// y = (x - mean) * rstd * gamma + beta by rows of x, as 01_naive: mean and variance in one pass over the row.
//
// Idea: 02_block reads the row once for the mean, only to be able to read it again for the distances from it. But mean and squared distances *so far* can be put right when another
// number comes: moments.cuh has the rule, and why the shorter way, sum of squares minus square of the mean, is not taken. Threads, then warps, combine by the same rule.
//
// The price: a division for each element, of 1 by the count so far, and a chain of operations in which each waits for the one before.
//
// FLOPs: about 13 for each element, one a division. Bytes asked for: 20 ROWS COLUMNS: x twice, y, gamma, beta. Limited by instructions where the row comes from a cache.
// In the counters: one read of x less than 02_block, one barrier a row instead of two; more instructions for each element.
// Source: B. P. Welford, "Note on a method for calculating corrected sums of squares and products", 1962; Chan, Golub and LeVeque 1979.
// Macros: ROWS COLUMNS, EPSILON (float). ROWS blocks of 256 threads.
#include "layernorm/moments.cuh"

extern "C" __global__ void __launch_bounds__(256) layernorm_forward_welford(const float* __restrict__ x, const float* __restrict__ gamma, const float* __restrict__ beta,
    float* __restrict__ y, float* __restrict__ mean, float* __restrict__ rstd)
{
    __shared__ Moments warpMoments[8];
    x += blockIdx.x * COLUMNS;
    y += blockIdx.x * COLUMNS;

    // Mean and squared distances: of a thread's columns, of a warp's lanes, of the warps.
    Moments moments = { 0, 0, 0 };
    for (int column = threadIdx.x; column < COLUMNS; column += 256) moments = combine(moments, { 1, x[column], 0 });
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
        moments = combine(moments, { __shfl_down_sync(0xffffffff, moments.count, step), __shfl_down_sync(0xffffffff, moments.mean, step), __shfl_down_sync(0xffffffff, moments.squares, step) });
    if (threadIdx.x % 32 == 0) warpMoments[threadIdx.x / 32] = moments;   // only lane 0 has combined all 32, each once
    __syncthreads();   // all eight are there
    moments = warpMoments[0];
#pragma unroll
    for (int w = 1; w < 8; w++) moments = combine(moments, warpMoments[w]);
    float m = moments.mean, r = rsqrtf(moments.squares / COLUMNS + EPSILON);

    // The result.
    for (int column = threadIdx.x; column < COLUMNS; column += 256) y[column] = (x[column] - m) * r * gamma[column] + beta[column];
    if (threadIdx.x == 0) mean[blockIdx.x] = m, rstd[blockIdx.x] = r;
}
