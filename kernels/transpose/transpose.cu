// Transpose of a batch of matrices: y[b, r, c] = x[b, c, r], y being (BATCH, ROWS, COLUMNS), 4-byte elements.
//
// The idea: a thread that copies one element reads along rows of x and writes down columns of y, or the other way round: one of the two touches a sector for each
// element. So a block takes a tile through shared memory: lanes run along the rows of x when they read and along the rows of y when they write. In the
// tile one of the two goes down a column; its pitch is odd (33 for 32 columns), so that a column's elements lie in 32 different banks.
//   * A matrix narrower than 32 (10 classes) has a tile as wide as itself and so much longer: its rows have no gaps between them, and positions of the
//     tile, taken in order, are neighbours in memory across the ends of rows.
//
// Bytes: 8 BATCH ROWS COLUMNS. FLOPs: none. Limit: bandwidth.
// Counters: 4 sectors per request, 5 where rows begin inside a sector; bank conflicts 0 (take the pitch to 32 and see: 31 for each load of a column).
// Source: Ruetsch and Micikevicius, "Optimizing Matrix Transpose in CUDA", 2009.
//
// Macros: BATCH ROWS COLUMNS (of y); BATCH_STEP and STEP: elements of x from one matrix to the next and from one of its rows to the next;
// TILE_ROWS TILE_COLUMNS (of y's tile), BLOCK. Grid: tiles along x, batch along z.
#include "prelude.cuh"

#define PITCH (TILE_COLUMNS | 1)
#define TILES_ACROSS ((COLUMNS + TILE_COLUMNS - 1) / TILE_COLUMNS)

extern "C" __global__ void __launch_bounds__(BLOCK) transpose(const uint* __restrict__ x, uint* __restrict__ y)
{
    __shared__ uint tile[TILE_ROWS * PITCH];
    int row = blockIdx.x / TILES_ACROSS * TILE_ROWS, column = blockIdx.x % TILES_ACROSS * TILE_COLUMNS;
    for (int batch = blockIdx.z; batch < BATCH; batch += gridDim.z)
    {
        // Read with lanes along y's rows dimension, which is where x's elements are neighbours.
        for (int i = threadIdx.x; i < TILE_ROWS * TILE_COLUMNS; i += BLOCK)
        {
            int r = i % TILE_ROWS, c = i / TILE_ROWS;
            if (row + r < ROWS && column + c < COLUMNS) tile[r * PITCH + c] = x[batch * BATCH_STEP + (column + c) * STEP + row + r];
        }
        __syncthreads();

        // Write with lanes along its columns.
        for (int i = threadIdx.x; i < TILE_ROWS * TILE_COLUMNS; i += BLOCK)
        {
            int r = i / TILE_COLUMNS, c = i % TILE_COLUMNS;
            if (row + r < ROWS && column + c < COLUMNS) y[(batch * ROWS + row + r) * COLUMNS + column + c] = tile[r * PITCH + c];
        }
        __syncthreads();   // or the next matrix overwrites what a slow warp still reads
    }
}
