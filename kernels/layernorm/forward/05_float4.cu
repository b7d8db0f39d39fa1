// y = (x - mean) * rstd * gamma + beta by rows of x, as 01_naive: the row in registers, as float4s, of as many lanes as it is worth.
//
// Idea: what softmax/06_float4.cu does to softmax/05_warp.cu, with the same row.cuh: a quarter of the loads and stores, several short rows a warp, a block for a long one.
//
// FLOPs: about 8 for each element. Bytes: 16 ROWS COLUMNS, of which 8 are gamma and beta, from a cache; 20 above 4,096 columns. Limited by bandwidth.
// In the counters: 16 sectors a request where a lane takes a float4; a quarter of the requests of 04_warp. But still half of all sectors are gamma's and beta's.
// Source: as 04_warp. Macros: row.cuh's, EPSILON (float).
#include "layernorm/row_moments.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) layernorm_forward_float4(const float* __restrict__ x, const float* __restrict__ gamma, const float* __restrict__ beta,
    float* __restrict__ y, float* __restrict__ mean, float* __restrict__ rstd)
{
    Place place = place_of_thread(), ofColumns = place_in_columns(place);
    float v[PER_LANE], scale[PER_LANE], shift[PER_LANE];
    Moments moments = { 0, 0, 0 };

    // Mean and squared distances: of each piece, then of all.
    for (int piece = 0; piece < PIECES; piece++)
    {
        load_piece(x, place, piece, 0, v);
        moments = combine(moments, moments_of_piece(v, place, piece));
    }
    float m = moments.mean, r = rsqrtf(moments.squares / COLUMNS + EPSILON);

    // The result: from registers, or from the row read again.
    for (int piece = 0; piece < PIECES; piece++)
    {
        if (PIECES > 1) load_piece(x, place, piece, 0, v);
        load_piece(gamma, ofColumns, piece, 0, scale);
        load_piece(beta, ofColumns, piece, 0, shift);
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) v[k] = (v[k] - m) * r * scale[k] + shift[k];
        store_piece(y, place, piece, v);
    }
    if (place.lane == 0 && place.row < ROWS) mean[place.row] = m, rstd[place.row] = r;
}
