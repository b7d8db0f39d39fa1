// y = x', one thread for each element; the lanes of a warp write neighbours.
//
// Idea: turn the warp round. Now 32 neighbours of y are written in 4 sectors, and x is read down a column, 32 sectors for 32 numbers.
// The flaw of the rung before is the same, on the other side. It costs less there: the block's other seven warps read the next elements of the same sectors, and find them in
// the first-level cache, while stores go through to the second level one by one.
//
// FLOPs: none. Bytes: 8 BATCH ROWS COLUMNS. Asked of memory: 32 for each element read, 4 for each written; of the second level 4 and 4, where the first level holds 32 sectors.
// Limited by the caches. In the counters: 32 sectors a load, 4 a store; bytes between the caches: a quarter of rung 1's, but not where rows are a power of two apart (see the chapter).
// Source: see rung 1.
// Macros: see transpose/common.cuh. Blocks of 32 x 8 threads, one for each tile.

#define TILE_ROWS 8
#define TILE_COLUMNS 32
#include "transpose/common.cuh"

extern "C" __global__ void __launch_bounds__(256) transpose_naive_writes(const uint* __restrict__ x, uint* __restrict__ y)
{
    Tile at = Tile::ofBlock();
    int r = threadIdx.y, c = threadIdx.x;
    if (at.has(r, c)) y[at.inY(r, c)] = x[at.inX(r, c)];
}
