// The gradient of softmax: dx = y * (g - sum_j g_j y_j), all (ROWS, COLUMNS).
//
// The idea: two rows in registers, one row sum between reading and writing. The forward pass's result y is all that is needed of it; x is not read.
//
// Bytes: 12 ROWS COLUMNS; 20 above 4096 columns, where both rows are read again. FLOPs: 4 for each element. Limit and counters: as 06_float4.cu.
// Source: the Jacobian dy_i / dx_j = y_i ([i = j] - y_j), Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs", 1990.
//
// Macros: row.cuh's.
#include "prelude.cuh"
#include "softmax/row.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) softmax_backward(const float* __restrict__ y, const float* __restrict__ g, float* __restrict__ dx)
{
    Place place = place_of_thread();
    float v[PER_LANE], gradient[PER_LANE], mine = 0;

    // sum g y.
    for (int piece = 0; piece < PIECES; piece++)
    {
        load_piece(y, place, piece, 0, v);
        load_piece(g, place, piece, 0, gradient);
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) mine += gradient[k] * v[k];
    }
    float sum = combine_row(mine, Sum());

    // The result: from registers, or from the rows read again.
    for (int piece = 0; piece < PIECES; piece++)
    {
        if (PIECES > 1)
        {
            load_piece(y, place, piece, 0, v);
            load_piece(g, place, piece, 0, gradient);
        }
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) v[k] *= gradient[k] - sum;
        store_piece(dx, place, piece, v);
    }
}
