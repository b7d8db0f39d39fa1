// y = (x - mean) * rstd * gamma + beta by rows of x, as 01_naive: several rows one after the other, so that gamma and beta stay in registers.
//
// Idea: 05_float4 reads gamma and beta for every row: half of what it asks for. Here a thread keeps its columns of both, and does STRIP rows with them, those that lie a whole
// grid apart. For that it must have the same columns in every row, so rows begin where they begin (MOST_SKEW 0). Rows that are no multiple of 8 elements then pay a fifth sector
// for every four: less than what gamma and beta would cost.
//
// FLOPs: about 8 for each element. Bytes: 8 ROWS COLUMNS (1 + 1 / STRIP), 20 ROWS COLUMNS above 4,096 columns. Limited by bandwidth.
// In the counters: bytes asked for fall from 2.0 to 1.1 times the minimum, with STRIP 16. Source: Apex and Triton keep a block for several rows for the same reason.
// Macros: row.cuh's with STRIP, EPSILON (float).
#define MOST_SKEW 0
#include "layernorm/row_moments.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) layernorm_forward_strip(const float* __restrict__ x, const float* __restrict__ gamma, const float* __restrict__ beta,
    float* __restrict__ y, float* __restrict__ mean, float* __restrict__ rstd)
{
    Place place = place_of_thread(), ofColumns = place_in_columns(place);
    float v[PER_LANE], scale[PER_LANE], shift[PER_LANE];
    load_piece(gamma, ofColumns, 0, 0, scale);
    load_piece(beta, ofColumns, 0, 0, shift);

#pragma unroll 1
    for (int strip = 0; strip < STRIP; strip++, place.row += gridDim.x * (BLOCK / LANES))
    {
        // Mean and squared distances: of each piece, then of all.
        Moments moments = { 0, 0, 0 };
        for (int piece = 0; piece < PIECES; piece++)
        {
            load_piece(x, place, piece, 0, v);
            moments = combine(moments, moments_of_piece(v, place, piece));
        }
        float m = moments.mean, r = rsqrtf(moments.squares / COLUMNS + EPSILON);

        // The result: from registers, or from the row read again, then with other columns of gamma and beta.
        for (int piece = 0; piece < PIECES; piece++)
        {
            if (PIECES > 1)
            {
                load_piece(x, place, piece, 0, v);
                load_piece(gamma, ofColumns, piece, 0, scale);
                load_piece(beta, ofColumns, piece, 0, shift);
            }
#pragma unroll
            for (int k = 0; k < PER_LANE; k++) v[k] = (v[k] - m) * r * scale[k] + shift[k];
            store_piece(y, place, piece, v);
        }
        if (place.lane == 0 && place.row < ROWS) mean[place.row] = m, rstd[place.row] = r;
    }
}
