// Log-softmax of rows: y = x - max x - log sum exp(x - max x), x and y (ROWS, COLUMNS).
//
// The idea: the passes of 06_float4.cu; but what stays in registers is x itself, since the result wants its logarithm, not its exponential. log(softmax(x)) in two
// kernels would give log 0 = minus infinity wherever exp underflows (x 104 below the maximum); this never leaves the logarithm.
//
// Bytes: 8 ROWS COLUMNS; 12 above 4096 columns. FLOPs: about 5 and an exp for each element, a log for each row. Limit and counters: as 06_float4.cu.
// Source: Milakov and Gimelshein 2018, algorithm 3.
//
// Macros: row.cuh's.
#include "prelude.cuh"
#include "softmax/row.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) log_softmax(const float* __restrict__ x, float* __restrict__ y)
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
        float mine = 0;
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) mine += expf(v[k] - shift);
        sum = (piece > 0 ? sum * expf(before - shift) : 0) + combine_row(mine, Sum());
    }
    float log_sum = logf(sum);

    // The result: from registers, or from the row read again.
    for (int piece = 0; piece < PIECES; piece++)
    {
        if (PIECES > 1) load_piece(x, place, piece, -INFINITY, v);
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) v[k] = v[k] - largest - log_sum;
        store_piece(y, place, piece, v);
    }
}
