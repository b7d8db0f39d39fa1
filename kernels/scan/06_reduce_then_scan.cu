#include "prelude.cuh"
#include "scan/tile.cuh"
// y[i] = x[0] + ... + x[i], given for each tile of 4,096 elements the sum of all tiles up to it.
//
// Idea: first only the totals. A reduction (the best rung of kernels/reduce) reads x and writes a number for each tile; these are scanned; and then each tile is scanned with
// what stands before it at hand, so that what is written is final. Three launches again, but y is written once. The flaw: x is still read twice.
//
// FLOPs: about 5.5 N. Bytes: 4 N for the totals, 8 N here: 12 N, where 8 N are the least. Limited by DRAM.
// In the counters: bytes 1.5 times the least. Source: Merrill and Grimshaw 2009.
// Macros: N, ALIGNED. A block of 256 threads for each 4,096 elements.

extern "C" __global__ void __launch_bounds__(THREADS) scan_reduce_then_scan(const float* __restrict__ x, float* __restrict__ y, const float* __restrict__ totals)
{
    float v[PIECES][4];
    loadTile(x, blockIdx.x, v);
    scanTile(v);
    storeTile(y, blockIdx.x, blockIdx.x > 0 ? totals[blockIdx.x - 1] : 0, v);
}
