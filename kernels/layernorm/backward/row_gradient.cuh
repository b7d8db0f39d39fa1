// The gradient of one row in registers, which 02_rows and 04_strip share. Macros: row.cuh's. See 01_naive.cu for the formula.
#include "prelude.cuh"
#include "softmax/row.cuh"

// Writes dx of a row. If the row is one piece, g and x of it are in v and w afterwards; gamma must then be in scale.
__device__ __forceinline__ void write_row_gradient(const float* __restrict__ g, const float* __restrict__ x, const float* __restrict__ gamma, float* __restrict__ dx, float m, float r,
    Place place, float (&v)[PER_LANE], float (&w)[PER_LANE], float (&scale)[PER_LANE])
{
    Place ofColumns = place;
    ofColumns.row = 0;   // gamma has a single row

    // The sums of h and h * xhat. What does not exist has g = 0, and so h = 0.
    float sumH = 0, sumHX = 0;
    for (int piece = 0; piece < PIECES; piece++)
    {
        load_piece(g, place, piece, 0, v);
        load_piece(x, place, piece, 0, w);
        if (PIECES > 1) load_piece(gamma, ofColumns, piece, 0, scale);
#pragma unroll
        for (int k = 0; k < PER_LANE; k++)
        {
            float h = v[k] * scale[k];
            sumH += h;
            sumHX += h * ((w[k] - m) * r);
        }
    }
    float averageH = combine_row(sumH, Sum()) / COLUMNS, averageHX = combine_row(sumHX, Sum()) / COLUMNS;

    // The result: from registers, or from the rows read again.
    for (int piece = 0; piece < PIECES; piece++)
    {
        float result[PER_LANE];
        if (PIECES > 1)
        {
            load_piece(g, place, piece, 0, v);
            load_piece(x, place, piece, 0, w);
            load_piece(gamma, ofColumns, piece, 0, scale);
        }
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) result[k] = r * (v[k] * scale[k] - averageH - (w[k] - m) * r * averageHX);
        store_piece(dx, place, piece, result);
    }
}
