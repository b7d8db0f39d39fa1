// y = x', through shared memory, with the columns of the tile exchanged from row to row.
//
// Idea: no padding. Word (r, c) is put at column c ^ r of its row. Along a row, c ^ r is each of 0..31 once, in another order; down a column too. So both are 32 different banks.
// The flaw of the rung before is small: 3% of the shared memory for nothing. But padding by one word breaks what comes in wider pieces (a float4 must begin at a multiple of
// 16 bytes), and a tile that the hardware copies (cp.async, TMA) has no padding; there swizzles are the rule.
//
// FLOPs: none. Bytes: 8 BATCH ROWS COLUMNS. Shared memory: 4096 bytes a block. Limited as the rung before, with an XOR more for each access.
// In the counters: no bank conflicts, 128 bytes of shared memory less. Source: NVIDIA, CUTLASS, whose layouts of shared memory are such permutations.
// Macros: see transpose/common.cuh. Blocks of 32 x 32 threads, one for each tile.

#define TILE_ROWS 32
#define TILE_COLUMNS 32
#include "transpose/common.cuh"

extern "C" __global__ void __launch_bounds__(1024) transpose_swizzled(const uint* __restrict__ x, uint* __restrict__ y)
{
    __shared__ uint tile[TILE_ROWS][TILE_COLUMNS];
    Tile at = Tile::ofBlock();
    int r = threadIdx.x, c = threadIdx.y;   // lanes along the rows of x
    if (at.has(r, c)) tile[r][c ^ r] = x[at.inX(r, c)];
    __syncthreads();                        // what a warp writes to y, 32 warps have read
    r = threadIdx.y, c = threadIdx.x;       // lanes along the rows of y
    if (at.has(r, c)) y[at.inY(r, c)] = tile[r][c ^ r];
}
