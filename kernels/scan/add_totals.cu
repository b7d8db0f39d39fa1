#include "prelude.cuh"
// y[i] += the sum of all tiles before i's: the last launch of scan-then-propagate.
//
// Idea: a block has one tile, so all its threads add the same number, and a warp reads that with one request. The first tile needs nothing.
//
// FLOPs: N. Bytes: 8 N. Limited by DRAM. In the counters: 4 sectors a request.
// Macros: N, TILE (a multiple of 256). A block of 256 threads for each tile but the first.

extern "C" __global__ void __launch_bounds__(256) add_totals(const float* __restrict__ totals, float* __restrict__ y)
{
    float before = totals[blockIdx.x];   // of the tiles up to the one before this block's
    unsigned first = (blockIdx.x + 1) * TILE, end = min(first + TILE, (unsigned)N);
    for (unsigned i = first + threadIdx.x; i < end; i += 256) y[i] += before;
}
