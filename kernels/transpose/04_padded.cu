// y = x', through shared memory, with a tile whose rows are 33 words apart.
//
// Idea: one column more, which nobody uses. Word (r, c) of the tile now lies in bank (33 r + c) mod 32 = (r + c) mod 32: along a row and down a column 32 different banks.
// The flaw of the rung before: a column in one bank, 32 wavefronts for each store into the tile.
//
// FLOPs: none. Bytes: 8 BATCH ROWS COLUMNS. Shared memory: 4224 bytes a block, 128 of them for nothing. Limited by how many loads are on their way: each warp waits for one.
// In the counters: no bank conflicts. Source: see rung 1, whose "coalesced, without bank conflicts" this is.
// Macros: see transpose/common.cuh. Blocks of 32 x 32 threads, one for each tile.

#define TILE_ROWS 32
#define TILE_COLUMNS 32
#include "transpose/common.cuh"

extern "C" __global__ void __launch_bounds__(1024) transpose_padded(const uint* __restrict__ x, uint* __restrict__ y)
{
    __shared__ uint tile[TILE_ROWS][TILE_COLUMNS + 1];
    Tile at = Tile::ofBlock();
    int r = threadIdx.x, c = threadIdx.y;   // lanes along the rows of x
    if (at.has(r, c)) tile[r][c] = x[at.inX(r, c)];
    __syncthreads();                        // what a warp writes to y, 32 warps have read
    r = threadIdx.y, c = threadIdx.x;       // lanes along the rows of y
    if (at.has(r, c)) y[at.inY(r, c)] = tile[r][c];
}
