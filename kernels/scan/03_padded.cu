#include "prelude.cuh"
// y[i] = x[0] + ... + x[i] within each tile of 2 THREADS elements, and each tile's total.
//
// Idea: a word of padding after every 32. Nodes that lie 2, 4, ..., 64 words apart then fall into different banks, and nothing else changes. The flaw that stays is the
// tree's own: at the top of it one lane works and 255 wait at a barrier, and there are 18 barriers for 512 elements.
//
//     stride 16    element    31   63   95  127 ...          all in bank 31
//                  word       31   64   97  130 ...          banks 31, 0, 1, 2, ...
//
// FLOPs: 2 N. Bytes: 8 N, and 8 N more for add_totals. Limited by instructions: the padded index must be worked out each time.
// In the counters: a twentieth of rung 2's conflicts. Those that are left are on the way down, where a warp's first and last lane lie 64 elements and so 66 words apart at stride
// 1, and meet again. Source: GPU Gems 3, chapter 39.
// Macros: N, THREADS (a power of two). A block for each 2 THREADS elements.

#define TILE (2 * THREADS)
#define AT(k) ((k) + (k) / 32)

extern "C" __global__ void __launch_bounds__(THREADS) scan_padded(const float* __restrict__ x, float* __restrict__ y, float* __restrict__ totals)
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
