// y = x', through shared memory, four elements an access on both sides.
//
// Idea: a thread takes 4 x 4 elements: four loads of 16 bytes, from four rows of x. Turning 4 x 4 numbers that a thread has in registers costs nothing, it is a matter of
// which register is stored where. So the tile of 64 x 64 holds vectors of four that lie along y's rows already, and everything moves in vectors: a quarter of the instructions.
// The flaw of the rung before: 4 bytes an instruction, when issuing them costs as much as 16.
//
// A phase of a 16-byte access is 8 lanes, for 32 banks. They store vectors of one column and rows 4 apart: as in rung 5, the column is XORed with the row, here with the row
// of blocks of four that a lane has. Padding by one word is out of the question, the vectors would not be aligned.
//
// FLOPs: none. Bytes: 8 BATCH ROWS COLUMNS. Limited by DRAM.
// In the counters: 16 sectors a request, all of them used; no bank conflicts; a third of the warp instructions. Where rows do not begin at multiples of 16 bytes, VECTOR is one
// element, and the same text makes a plain kernel with tiles of 16 x 16. Source of the idea: the float4 loads of NVIDIA's "CUDA Pro Tip: vectorized memory access", J. Luitjens 2013.
// Macros: see transpose/common.cuh; VECTOR: uint4 if the addresses of x and y, STEP, BATCH_STEP, ROWS and COLUMNS are multiples of four elements, else uint.
// Blocks of 16 x 16 threads, one for each tile.

#define V (int)(sizeof(VECTOR) / sizeof(uint))
#define SIDE 16               // of the tile, in vectors
#define TILE_ROWS (SIDE * V)
#define TILE_COLUMNS (SIDE * V)
#include "transpose/common.cuh"

union Elements
{
    VECTOR vector;
    uint each[V];
};

extern "C" __global__ void __launch_bounds__(SIDE * SIDE) transpose_vectors(const uint* __restrict__ x, uint* __restrict__ y)
{
    __shared__ VECTOR tile[TILE_ROWS][SIDE];
    Tile at = Tile::ofBlock();
    int r = threadIdx.x * V, c = threadIdx.y * V;   // lanes along the rows of x, V x V elements each
    if (at.has(r, c))
    {
        Elements down[V];
#pragma unroll
        for (int i = 0; i < V; i++) down[i].vector = *(const VECTOR*)&x[at.inX(r, c + i)];
#pragma unroll
        for (int j = 0; j < V; j++)
        {
            Elements along;
#pragma unroll
            for (int i = 0; i < V; i++) along.each[i] = down[i].each[j];
            tile[r + j][threadIdx.y ^ threadIdx.x] = along.vector;
        }
    }
    __syncthreads();                                // what a warp writes to y, all warps have read
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i += SIDE)
    {
        int r = threadIdx.y + i, c = threadIdx.x;   // lanes along the rows of y
        if (at.has(r, c * V)) *(VECTOR*)&y[at.inY(r, c * V)] = tile[r][c ^ r / V];
    }
}
