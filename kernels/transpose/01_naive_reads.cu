// y = x', one thread for each element; the lanes of a warp read neighbours.
//
// Idea: the definition. threadIdx.x counts along the rows of x, so a warp reads 32 neighbours in 4 sectors. It writes them down a column of y, COLUMNS elements apart: each lane
// touches a sector of 32 bytes of its own for the 4 bytes it has. The seven neighbours in that sector come from other warps at other times.
//
// FLOPs: none. Bytes: 8 BATCH ROWS COLUMNS. Asked of memory: 4 for each element read, 32 for each written.
// Limited by the second-level cache, which takes the stores. In the counters: 4 sectors a load, 32 a store.
// Source: Ruetsch and Micikevicius, "Optimizing Matrix Transpose in CUDA", NVIDIA 2009, whose first kernel this is.
// Macros: see transpose/common.cuh. Blocks of 32 x 8 threads, one for each tile.

#define TILE_ROWS 32
#define TILE_COLUMNS 8
#include "transpose/common.cuh"

extern "C" __global__ void __launch_bounds__(256) transpose_naive_reads(const uint* __restrict__ x, uint* __restrict__ y)
{
    Tile at = Tile::ofBlock();
    int r = threadIdx.x, c = threadIdx.y;
    if (at.has(r, c)) y[at.inY(r, c)] = x[at.inX(r, c)];
}
