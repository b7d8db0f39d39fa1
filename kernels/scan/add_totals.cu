#include "prelude.cuh"
// y[i] += the sum of all tiles before i's: the last launch of scan-then-propagate.
//
// Idea: one thread an element. A tile is a multiple of 256 elements, so all threads of a block add the same number, and a warp reads it with one request.
//
// FLOPs: N. Bytes: 8 N. Limited by DRAM. In the counters: 4 sectors a request of y.
// Macros: N, TILE (a multiple of 256). Blocks of 256 threads over what is behind the first tile, which needs nothing.

extern "C" __global__ void __launch_bounds__(256) add_totals(const float* __restrict__ totals, float* __restrict__ y)
{
    unsigned i = TILE + blockIdx.x * 256 + threadIdx.x;
    if (i < N) y[i] += totals[i / TILE - 1];   // the sum up to the tile before
}
