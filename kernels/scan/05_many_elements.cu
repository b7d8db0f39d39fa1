#include "prelude.cuh"
#include "scan/tile.cuh"
// y[i] = x[0] + ... + x[i] within each tile of 4,096 elements, and each tile's total.
//
// Idea: 16 elements a thread, as four float4 (tile.cuh says how). A shuffle serves four elements, the two barriers 4,096, and up to 16 million elements, 4,096 tiles of 4,096, are
// three launches instead of five. The flaw: bytes. The scan reads x and writes y, and then all of y is read and written once more, only to add one number to each tile:
// 16 bytes an element, where 8 are the least.
//
// FLOPs: about 4.5 N. Bytes: 8 N, and 8 N more for add_totals. Limited by DRAM.
// In the counters: 16 sectors a load; bytes twice the least.
// Source: D. Merrill and A. Grimshaw, "Parallel scan for stream architectures", 2009. Macros: N, ALIGNED. A block of 256 threads for each 4,096 elements.

extern "C" __global__ void __launch_bounds__(THREADS) scan_many_elements(const float* __restrict__ x, float* __restrict__ y, float* __restrict__ totals)
{
    float v[PIECES][4];
    loadTile(x, blockIdx.x, v);
    float total = scanTile(v);
    storeTile(y, blockIdx.x, 0, v);
    if (threadIdx.x == 0) totals[blockIdx.x] = total;
}
