#include "prelude.cuh"
// y[i] = x[0] + ... + x[i] within each tile of 2 THREADS elements, and each tile's total.
//
// Idea: a tree up and down. On the way up, as in a reduction, each node gets the sum of what is below it. On the way down, what is complete is added to the node half
// way to the next one, which lacks just that. Fewer than 2 additions an element, whatever the tile's size. The flaw: the nodes of a level lie a power of two apart, and so in
// few of the 32 banks: at stride 4, eight lanes meet in one; at 16, sixteen.
//
//     x      a    b    c    d    e    f    g    h
//     up     .    ab   .    cd   .    ef   .    gh
//            .    .    .    a-d  .    .    .    e-h
//            .    .    .    .    .    .    .    a-h      the tile's total
//     down   .    .    .    .    .    a-f  .    .        a-d added to ef
//            .    .    a-c  .    a-e  .    a-g  .        ab to c, a-d to e, a-f to g
//
// Larger arrays: scan, then propagate, as in rung 1. Blelloch's way down yields the sums before each element; this one, Brent and Kung's, those up to it, at the same cost.
//
// FLOPs: 2 N. Bytes: 8 N, and 8 N more for add_totals. Limited by shared memory's wavefronts, and so by the estimate slower than rung 1: additions are not what is scarce.
// In the counters: a quarter of the additions; 3 of 4 wavefronts are conflicts.
// Source: G. Blelloch, "Prefix sums and their applications", 1990; R. P. Brent and H. T. Kung, "A regular layout for parallel adders", 1982; GPU Gems 3, chapter 39.
// Macros: N, THREADS (a power of two). A block for each 2 THREADS elements.

#define TILE (2 * THREADS)
#define AT(k) (k)

extern "C" __global__ void __launch_bounds__(THREADS) scan_blelloch(const float* __restrict__ x, float* __restrict__ y, float* __restrict__ totals)
{
    __shared__ float sums[AT(TILE)];
    unsigned tid = threadIdx.x, i = blockIdx.x * TILE + tid;
    sums[AT(tid)] = i < N ? x[i] : 0;
    sums[AT(tid + THREADS)] = i + THREADS < N ? x[i + THREADS] : 0;

    // Up: the sums of 2, 4, 8, ... elements, each where its last element is.
    for (unsigned stride = 1; stride < TILE; stride *= 2)
    {
        __syncthreads();   // the level below is written
        unsigned last = 2 * stride * (tid + 1) - 1;
        if (last < TILE) sums[AT(last)] += sums[AT(last - stride)];
    }

    // Down: what is complete completes the node half way to the next one.
    for (unsigned stride = TILE / 4; stride > 0; stride /= 2)
    {
        __syncthreads();   // the level above is complete
        unsigned last = 2 * stride * (tid + 1) - 1;
        if (last + stride < TILE) sums[AT(last + stride)] += sums[AT(last)];
    }
    __syncthreads();   // other threads completed what this one stores
    if (i < N) y[i] = sums[AT(tid)];
    if (i + THREADS < N) y[i + THREADS] = sums[AT(tid + THREADS)];
    if (tid == THREADS - 1) totals[blockIdx.x] = sums[AT(TILE - 1)];
}
