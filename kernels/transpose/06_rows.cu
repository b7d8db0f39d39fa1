// y = x', through shared memory, four rows of the tile for each warp.
//
// Idea: 32 x 8 threads for a tile of 32 x 32, each with four elements. A warp asks for its four rows one after the other and waits for all of them together: four times as
// many bytes on their way for each warp, which is what hides the latency of DRAM (Little's law). And where a barrier stopped 1024 threads, it stops 256.
// The flaw of the rung before: one load, a wait, one store, and that was a thread's life.
//
// FLOPs: none. Bytes: 8 BATCH ROWS COLUMNS. Limited by DRAM.
// In the counters: one wait for four loads, so a quarter of the memory latency; half of the warp instructions, since four elements share the arithmetic of addresses. Where tiles
// do not divide the matrix each load has a guard, a branch in PTX, and the simulator counts four waits; machine code has predicates instead.
// Source: see rung 1: its tiles are done by 32 x 8 threads from the start.
// Macros: see transpose/common.cuh. Blocks of 32 x 8 threads, one for each tile.

#define TILE_ROWS 32
#define TILE_COLUMNS 32
#define WARPS 8
#include "transpose/common.cuh"

extern "C" __global__ void __launch_bounds__(32 * WARPS) transpose_rows(const uint* __restrict__ x, uint* __restrict__ y)
{
    __shared__ uint tile[TILE_ROWS][TILE_COLUMNS];
    Tile at = Tile::ofBlock();
    uint held[TILE_COLUMNS / WARPS] = {};
#pragma unroll
    for (int i = 0; i < TILE_COLUMNS; i += WARPS)   // lanes along the rows of x
        if (at.has(threadIdx.x, threadIdx.y + i)) held[i / WARPS] = x[at.inX(threadIdx.x, threadIdx.y + i)];
#pragma unroll
    for (int i = 0; i < TILE_COLUMNS; i += WARPS) tile[threadIdx.x][(threadIdx.y + i) ^ threadIdx.x] = held[i / WARPS];
    __syncthreads();                                // what a warp writes to y, all warps have read
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i += WARPS)
    {
        int r = threadIdx.y + i, c = threadIdx.x;   // lanes along the rows of y
        if (at.has(r, c)) y[at.inY(r, c)] = tile[r][c ^ r];
    }
}
