// y = softmax of each row of x, x and y (ROWS, COLUMNS): one warp for each row, and the row in its registers.
//
// Idea: what is read for the maximum is read again for the result, from a cache at best. A row of 1,024 elements fits in the registers of one warp, 32 for each lane: so it is read
// once, and maximum, sum and result are taken from there. A value's exponential takes its place, so each is computed once. And a warp needs neither shared memory nor barriers.
// v[] is registers only because every loop over it is unrolled: registers have no addresses.
//
// Longer rows are taken in pieces of 1,024 with the rule of 04_online between them, then read again for the result.
//
// FLOPs: about 5 and one exp for each element. Bytes: 8 ROWS COLUMNS, which is the minimum; 12 above 1,024 columns. Limited by bandwidth.
// In the counters: bytes equal to the minimum, one special function for each element, no barriers, no shared memory. Rows of 10 leave 22 of 32 lanes without work.
// Source: "softmax_warp_forward" in PyTorch keeps rows so. Macros: ROWS COLUMNS. Blocks of 4 warps over the rows.
#include "prelude.cuh"

#define EACH (COLUMNS > 1024 ? 32 : (COLUMNS + 31) / 32)   // elements of a lane
#define PIECE (EACH * 32)
#define PIECES ((COLUMNS + PIECE - 1) / PIECE)

extern "C" __global__ void __launch_bounds__(128) softmax_warp(const float* __restrict__ x, float* __restrict__ y)
{
    int lane = threadIdx.x % 32, row = blockIdx.x * 4 + threadIdx.x / 32;
    if (row >= ROWS) return;   // the whole warp: nobody is missing in a shuffle
    x += row * COLUMNS;
    y += row * COLUMNS;
    float v[EACH], largest = -INFINITY, sum = 0;

    // The row's maximum, and its sum of exponentials relative to that. Lanes without an element have minus infinity, whose exponential is 0.
    for (int piece = 0; piece < PIECES; piece++)
    {
        float before = largest;
#pragma unroll
        for (int k = 0; k < EACH; k++)
        {
            int column = piece * PIECE + k * 32 + lane;
            v[k] = column < COLUMNS ? x[column] : -INFINITY;
        }
#pragma unroll
        for (int k = 0; k < EACH; k++) largest = max_nan(largest, v[k]);
#pragma unroll
        for (int step = 16; step > 0; step /= 2) largest = max_nan(largest, __shfl_xor_sync(0xffffffff, largest, step));

        float shift = largest == -INFINITY ? 0 : largest, pieceSum = 0;   // as in 04_online
#pragma unroll
        for (int k = 0; k < EACH; k++) v[k] = expf(v[k] - shift), pieceSum += v[k];
#pragma unroll
        for (int step = 16; step > 0; step /= 2) pieceSum += __shfl_xor_sync(0xffffffff, pieceSum, step);
        sum = (piece > 0 ? sum * expf(before - shift) : 0) + pieceSum;
    }
    if (largest == -INFINITY) sum = NAN;   // 0 / 0

    // The result: from registers, or from the row read again.
    for (int piece = 0; piece < PIECES; piece++)
    {
#pragma unroll
        for (int k = 0; k < EACH; k++)
        {
            int column = piece * PIECE + k * 32 + lane;
            if (PIECES > 1) v[k] = column < COLUMNS ? expf(x[column] - largest) : 0;
            if (column < COLUMNS) y[column] = v[k] / sum;
        }
    }
}
