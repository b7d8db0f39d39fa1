// The gradient of layer norm, as 01_naive: dx, and the parts of dgamma and dbeta, from one read of x and g.
//
// Idea: when 02_rows has written dx, g and x of the row are still in its registers, and 03_column_parts reads both again to add them up by columns. A thread that does STRIP rows one
// after the other, with the same columns of each (MOST_SKEW 0), can add its columns up on the way, in registers, and gamma stays there, too. So there is one kernel for the
// rows, and a block's sums are its part: sum_parts.cu adds them, as before.
//
// Short rows share a warp or a block, and each group of lanes has sums of its own: they are folded through shared memory first. Of rows above 4,096 columns not all fits in
// registers: the columns' sums are then a loop of their own, piece by piece, that reads g and x once more.
//
// FLOPs: about 13 for each element. Bytes: 12 ROWS COLUMNS, which is the minimum, and 16 COLUMNS for each block; 28 above 4,096 columns. Limited by bandwidth.
// In the counters: bytes asked for fall from 2.2 to about 1.15 times the minimum. Source: the fused kernel of Triton's layer norm tutorial, P. Tillet, without its locks.
// Macros: row.cuh's with STRIP. Launches: this, sum_parts.cu.
#define MOST_SKEW 0
#include "layernorm/backward/row_gradient.cuh"

#define GROUPS (BLOCK / LANES)   // of lanes, in a block: so many rows at the same time

// sums[] of all groups of lanes of the block, added and written: one row of the parts.
__device__ __forceinline__ void write_part(float* __restrict__ part, Place place, int piece, const float (&sums)[PER_LANE])
{
#if LANES > 32
    place.row = 0;
    store_piece(part, place, piece, sums);   // one group, which has all columns
#else
    __shared__ float groupSums[GROUPS][COLUMNS];
#pragma unroll
    for (int k = 0; k < PER_LANE; k++)
        if (column_of(place, piece, k) < COLUMNS) groupSums[threadIdx.x / LANES][column_of(place, piece, k)] = sums[k];
    __syncthreads();   // all groups are there
    for (int column = threadIdx.x; column < COLUMNS; column += BLOCK)
    {
        float sum = 0;
        for (int group = 0; group < GROUPS; group++) sum += groupSums[group][column];
        part[column] = sum;
    }
    __syncthreads();   // or the next call overwrites what a slow warp still reads
#endif
}

// Adds what a row, of which g and x are in v and w, adds to dgamma and dbeta.
__device__ __forceinline__ void add_row(const float (&v)[PER_LANE], const float (&w)[PER_LANE], float m, float r, float (&sumsGX)[PER_LANE], float (&sumsG)[PER_LANE])
{
#pragma unroll
    for (int k = 0; k < PER_LANE; k++) sumsGX[k] += v[k] * ((w[k] - m) * r), sumsG[k] += v[k];
}

extern "C" __global__ void __launch_bounds__(BLOCK) layernorm_backward_strip(const float* __restrict__ g, const float* __restrict__ x, const float* __restrict__ gamma,
    const float* __restrict__ mean, const float* __restrict__ rstd, float* __restrict__ dx, float* __restrict__ parts)
{
    Place place = place_of_thread(), ofColumns = place;
    ofColumns.row = 0;
    int firstRow = place.row, nextRow = gridDim.x * GROUPS;
    float v[PER_LANE], w[PER_LANE], scale[PER_LANE], sumsGX[PER_LANE] = {}, sumsG[PER_LANE] = {};
    load_piece(gamma, ofColumns, 0, 0, scale);

    // dx of each row; and, while they are at hand, the sums down the columns.
#pragma unroll 1
    for (int strip = 0; strip < STRIP; strip++, place.row += nextRow)
    {
        float m = 0, r = 0;   // a row that does not exist adds nothing
        if (place.row < ROWS) m = mean[place.row], r = rstd[place.row];
        write_row_gradient(g, x, gamma, dx, m, r, place, v, w, scale);
        if (PIECES == 1) add_row(v, w, m, r, sumsGX, sumsG);
    }

    // The block's part.
    parts += blockIdx.x * 2 * COLUMNS;
    for (int piece = 0; piece < PIECES; piece++)
    {
        if (PIECES > 1)
        {
#pragma unroll
            for (int k = 0; k < PER_LANE; k++) sumsGX[k] = sumsG[k] = 0;
            place.row = firstRow;
            for (int strip = 0; strip < STRIP && place.row < ROWS; strip++, place.row += nextRow)
            {
                load_piece(g, place, piece, 0, v);
                load_piece(x, place, piece, 0, w);
                add_row(v, w, mean[place.row], rstd[place.row], sumsGX, sumsG);
            }
        }
        write_part(parts, place, piece, sumsGX);
        write_part(parts + COLUMNS, place, piece, sumsG);
    }
}
