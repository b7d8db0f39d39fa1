// y = softmax of each row of x, x and y (ROWS, COLUMNS): maximum and sum in one pass over the row.
//
// Idea: 03_shuffle reads the row once for the maximum, only to be able to read it again for the sum. But a sum relative to the largest *so far* can be put right when a larger one
// comes:
//
//     m' = max(m, x)        s' = s exp(m - m') + exp(x - m')
//
// So one pass gives both. Threads then agree on the row's maximum as before, and each puts its own sum right before they are added.
//
// The price: two exps for each element where there was one. That is a bargain as long as memory is what is waited for.
//
// FLOPs: about 8 and three exps for each element. Bytes asked for: 12 ROWS COLUMNS. Limited by the bytes; where they come from a cache, by arithmetic.
// In the counters: a quarter of the sectors less; but three special functions for each element instead of two, and more instructions.
// Source: M. Milakov and N. Gimelshein, "Online normalizer calculation for softmax", 2018, algorithm 3. Macros: ROWS COLUMNS. ROWS blocks of 256 threads.
#include "prelude.cuh"

// exp(a - m) where m is the larger: 0 if both are minus infinity, since nothing but minus infinity so far has no share in the sum.
__device__ __forceinline__ float exp_below(float a, float m) { return expf(a - (m == -INFINITY ? 0 : m)); }

extern "C" __global__ void __launch_bounds__(256) softmax_online(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ float warpMaxima[8], warpSums[8];
    x += blockIdx.x * COLUMNS;
    y += blockIdx.x * COLUMNS;
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;

    // The maximum of a thread's columns, and their sum of exponentials relative to that.
    float own = -INFINITY, sum = 0;
    for (int column = threadIdx.x; column < COLUMNS; column += 256)
    {
        float v = x[column], larger = max_nan(own, v);
        sum = sum * exp_below(own, larger) + exp_below(v, larger);
        own = larger;
    }

    // The maximum: of a warp's lanes, of the warps.
    float largest = own;
#pragma unroll
    for (int step = 16; step > 0; step /= 2) largest = max_nan(largest, __shfl_xor_sync(0xffffffff, largest, step));
    if (lane == 0) warpMaxima[warp] = largest;
    __syncthreads();   // all eight are there
    largest = warpMaxima[0];
#pragma unroll
    for (int w = 1; w < 8; w++) largest = max_nan(largest, warpMaxima[w]);

    // The sum of exponentials, relative to that.
    sum *= exp_below(own, largest);
#pragma unroll
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffff, sum, step);
    if (lane == 0) warpSums[warp] = sum;
    __syncthreads();   // a second array, so nobody need wait for those who still read the maxima
    sum = warpSums[0];
#pragma unroll
    for (int w = 1; w < 8; w++) sum += warpSums[w];

    // The result.
    for (int column = threadIdx.x; column < COLUMNS; column += 256) y[column] = expf(x[column] - largest) / sum;
}
