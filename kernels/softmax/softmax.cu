// Softmax of rows: y = exp(x - max x) / sum exp(x - max x), x and y (ROWS, COLUMNS).
//
// The idea: the row stays in registers (row.cuh) between finding its maximum, its sum and its result, so memory sees it twice: once in, once out. Rows
// of several pieces are gone through *online*: when a later piece has a larger maximum, the sum so far is scaled by exp(old max - new max), so one
// pass gives both, and a second reads the row again to write the result. Subtracting the maximum changes nothing on paper and keeps exp from overflowing.
//
// Bytes: 8 ROWS COLUMNS; 12 above 4096 columns. FLOPs: about 5 and an exp for each element. Limit: bandwidth; few short rows: latency.
// Counters: 4 sectors per request where COLUMNS is a multiple of 8; rows of 10 share requests and pay 1.2 times their bytes, the worst (17) 1.4. A naive
// softmax, one pass each for maximum, sum and result, looks as busy and moves 16 bytes for each element.
// Source: Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018, algorithm 3.
//
// Macros: row.cuh's. MiniDL's programs generate such a kernel out of exp, max and sum; this one is for reading beside it.
#include "prelude.cuh"
#include "softmax/row.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) softmax(const float* __restrict__ x, float* __restrict__ y)
{
    Place place = place_of_thread();
    float v[PER_LANE], largest = -INFINITY, sum = 0;

    // The row's maximum, and its sum of exponentials relative to that.
    for (int piece = 0; piece < PIECES; piece++)
    {
        load_piece(x, place, piece, -INFINITY, v);
        float before = largest;
        largest = max_nan(largest, combine_piece(v, Max()));
        float shift = largest == -INFINITY ? 0 : largest;   // nothing but minus infinity so far has no share in the sum
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) v[k] = expf(v[k] - shift);
        sum = sum * expf(before - shift) + combine_piece(v, Sum());
    }
    if (largest == -INFINITY) sum = NAN;      // 0 / 0

    // The result: from registers, or from the row read again.
    for (int piece = 0; piece < PIECES; piece++)
    {
        if (PIECES > 1)
        {
            load_piece(x, place, piece, -INFINITY, v);
#pragma unroll
            for (int k = 0; k < PER_LANE; k++) v[k] = expf(v[k] - largest);
        }
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) v[k] /= sum;
        store_piece(y, place, piece, v);
    }
}
