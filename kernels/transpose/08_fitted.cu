// y = x', through shared memory, with a tile that fits the matrix: the kernel that MiniDL's executor runs.
//
// Idea: a matrix of 10 columns fills 10 of the 64 columns of a tile, and 54 of 64 lanes have nothing to do; each of y's rows is a request of its own, for 40 bytes. So the tile gets
// the matrix's own width and becomes so much longer, 96 x 10. Its rows then have no gaps between them: positions of the tile, taken in order, are neighbours in memory across the
// ends of rows, and a request is full again. Threads count positions, not rows and columns; dividing by a constant is a multiplication.
// The flaw of the rung before: tiles are square, matrices are not.
//
// A tile of any width has no XOR that stays inside it. What serves for all: vectors whose row in y is r lie in row (r % V) * (TILE_ROWS / V) + r / V of the tile, so that neighbouring
// lanes store into neighbouring rows, and rows are an odd number of vectors apart, so that 8 rows (or 32, of single words) are in different banks. It is rung 4's padding, of vectors.
//
// FLOPs: none. Bytes: 8 BATCH ROWS COLUMNS. Limited by DRAM. In the counters: for wide matrices those of the rung before; for ROWS x 10 a third of its requests.
// Rows that begin inside a sector cost a fifth sector for every four. Source: see rung 1; the tiles are ours.
// Macros: see transpose/common.cuh; TILE_ROWS TILE_COLUMNS THREADS; VECTOR as in rung 7, and TILE_ROWS and TILE_COLUMNS multiples of it. Blocks of THREADS threads.

#define V (int)(sizeof(VECTOR) / sizeof(uint))
#define DOWN (TILE_ROWS / V)      // blocks of V x V elements in a tile
#define ACROSS (TILE_COLUMNS / V)
#define PITCH (ACROSS | 1)        // vectors from one row of the tile to the next
#define EACH ((DOWN * ACROSS + THREADS - 1) / THREADS)   // blocks that a thread takes
#include "transpose/common.cuh"

union Elements
{
    VECTOR vector;
    uint each[V];
};

// Whether a tile has so many blocks: the last that a thread would take need not exist.
__device__ __forceinline__ bool isBlock(int i) { return DOWN * ACROSS % THREADS == 0 || i < DOWN * ACROSS; }

extern "C" __global__ void __launch_bounds__(THREADS) transpose_fitted(const uint* __restrict__ x, uint* __restrict__ y)
{
    __shared__ VECTOR tile[TILE_ROWS * PITCH];
    Tile at = Tile::ofBlock();
    Elements down[EACH][V] = {};
#pragma unroll
    for (int n = 0; n < EACH; n++)
    {
        int i = threadIdx.x + n * THREADS, r = i % DOWN, c = i / DOWN;   // lanes along the rows of x, V x V elements each
        if (!isBlock(i) || !at.has(r * V, c * V)) continue;
#pragma unroll
        for (int k = 0; k < V; k++) down[n][k].vector = *(const VECTOR*)&x[at.inX(r * V, c * V + k)];
    }
#pragma unroll
    for (int n = 0; n < EACH; n++)
    {
        int i = threadIdx.x + n * THREADS, r = i % DOWN, c = i / DOWN;
        if (!isBlock(i)) continue;
#pragma unroll
        for (int j = 0; j < V; j++)
        {
            Elements along;
#pragma unroll
            for (int k = 0; k < V; k++) along.each[k] = down[n][k].each[j];
            tile[(j * DOWN + r) * PITCH + c] = along.vector;
        }
    }
    __syncthreads();                                // what a warp writes to y, all warps have read
#pragma unroll 4
    for (int i = threadIdx.x; i < TILE_ROWS * ACROSS; i += THREADS)
    {
        int r = i / ACROSS, c = i % ACROSS;         // lanes along the rows of y
        if (at.has(r, c * V)) *(VECTOR*)&y[at.inY(r, c * V)] = tile[(r % V * DOWN + r / V) * PITCH + c];
    }
}
