// y = x', a tile of 32 x 32 at a time through shared memory.
//
// Idea: no single assignment of lanes to elements has neighbours on both sides; so two of them. Lanes first run along the rows of x and put a tile into shared memory, then along
// the rows of y. Shared memory has no sectors, and does not mind that one of the two goes down a column of the tile.
// It minds something else. Word w lies in bank w mod 32, and a bank hands out one word at a time: a column of a tile with 32 words a row is 32 words of one bank. The store into
// the tile goes down a column, and takes 32 wavefronts instead of 1.
//
// FLOPs: none. Bytes: 8 BATCH ROWS COLUMNS, and no more are asked for. Limited by shared memory: 33 wavefronts for 32 elements.
// In the counters: 4 sectors a load, 4 a store; 31 bank conflicts for each store into the tile. Source: see rung 1.
// Macros: see transpose/common.cuh. Blocks of 32 x 32 threads, one for each tile.

#define TILE_ROWS 32
#define TILE_COLUMNS 32
#include "transpose/common.cuh"

extern "C" __global__ void __launch_bounds__(1024) transpose_tiled(const uint* __restrict__ x, uint* __restrict__ y)
{
    __shared__ uint tile[TILE_ROWS][TILE_COLUMNS];
    Tile at = Tile::ofBlock();
    int r = threadIdx.x, c = threadIdx.y;   // lanes along the rows of x
    if (at.has(r, c)) tile[r][c] = x[at.inX(r, c)];
    __syncthreads();                        // what a warp writes to y, 32 warps have read
    r = threadIdx.y, c = threadIdx.x;       // lanes along the rows of y
    if (at.has(r, c)) y[at.inY(r, c)] = tile[r][c];
}
