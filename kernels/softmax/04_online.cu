// y = softmax of each row of x, x and y (ROWS, COLUMNS): maximum and sum in one pass over the row.
//
// Idea: 03_shuffle reads the row once for the maximum, only to be able to read it again for the sum. But a sum relative to the largest *so far* can be put right when a larger one
// comes:
//
//     m' = max(m, x)        s' = s exp(m - m') + exp(x - m')
//
// and two such pairs, of two threads, combine by the same rule: m' = max(m1, m2), s' = s1 exp(m1 - m') + s2 exp(m2 - m'). So one pass and one reduction, of pairs, take the place of two.
//
// The price: two exps for each element where there was one. That is a bargain as long as memory is what is waited for.
//
// FLOPs: about 8 and three exps for each element. Bytes asked for: 12 ROWS COLUMNS. Limited by the bytes.
// In the counters: a quarter of the sectors less, and one barrier a row instead of two; but three special functions for each element instead of two.
// Source: M. Milakov and N. Gimelshein, "Online normalizer calculation for softmax", 2018, algorithm 3. Macros: ROWS COLUMNS. ROWS blocks of 256 threads.
#include "prelude.cuh"

// The largest of some elements, and the sum of their exponentials relative to that.
struct Online
{
    float largest, sum;
};

__device__ __forceinline__ Online combine(Online a, Online b)
{
    float largest = max_nan(a.largest, b.largest);
    float shift = largest == -INFINITY ? 0 : largest;   // nothing but minus infinity so far has no share in the sum: exp(-inf - 0) = 0, while exp(-inf + inf) is NaN
    return { largest, a.sum * expf(a.largest - shift) + b.sum * expf(b.largest - shift) };
}

extern "C" __global__ void __launch_bounds__(256) softmax_online(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ Online warpResults[8];
    x += blockIdx.x * COLUMNS;
    y += blockIdx.x * COLUMNS;
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;

    // Maximum and sum: of a thread's columns, of a warp's lanes, of the warps. An element is the maximum of itself, and its exponential relative to that is 1.
    Online online = { -INFINITY, 0 };
    for (int column = threadIdx.x; column < COLUMNS; column += 256) online = combine(online, { x[column], 1 });
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
        online = combine(online, { __shfl_xor_sync(0xffffffff, online.largest, step), __shfl_xor_sync(0xffffffff, online.sum, step) });
    if (lane == 0) warpResults[warp] = online;
    __syncthreads();   // all eight are there
    online = warpResults[0];
#pragma unroll
    for (int w = 1; w < 8; w++) online = combine(online, warpResults[w]);

    // The result.
    for (int column = threadIdx.x; column < COLUMNS; column += 256) y[column] = expf(x[column] - online.largest) / online.sum;
}
