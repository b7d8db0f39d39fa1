// The gradient of log-softmax: dx = g - exp(y) * sum_j g_j, all (ROWS, COLUMNS); exp(y) is the softmax.
//
// The idea: as softmax_backward.cu; only g is needed for the sum, and y comes in when the result is written, so even long rows read y once.
//
// Bytes: 12 ROWS COLUMNS; 16 above 4096 columns. FLOPs: 3 and an exp for each element. Limit and counters: as 06_float4.cu.
// Source: from y_i = x_i - log sum exp x, dy_i / dx_j = [i = j] - exp(y_j).
//
// Macros: row.cuh's.
#include "prelude.cuh"
#include "softmax/row.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) log_softmax_backward(const float* __restrict__ y, const float* __restrict__ g, float* __restrict__ dx)
{
    Place place = place_of_thread();
    float v[PER_LANE], gradient[PER_LANE], mine = 0;

    // sum g.
    for (int piece = 0; piece < PIECES; piece++)
    {
        load_piece(g, place, piece, 0, gradient);
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) mine += gradient[k];
    }
    float sum = combine_row(mine, Sum());

    // The result: g from registers, or read again.
    for (int piece = 0; piece < PIECES; piece++)
    {
        load_piece(y, place, piece, 0, v);
        if (PIECES > 1) load_piece(g, place, piece, 0, gradient);
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) v[k] = gradient[k] - expf(v[k]) * sum;
        store_piece(dx, place, piece, v);
    }
}
