#include "prelude.cuh"
#include "scan/warp.cuh"
// y[i] = x[0] + ... + x[i] within each tile of THREADS elements, and each tile's total.
//
// Idea: back to rung 1's method, but by shuffles within a warp: 5 steps in registers, without a barrier. Only the warps' totals go through shared memory; the first warp
// scans these in the same way, and each warp adds what stands before it. Additions in vain are cheap while all lanes do them together; waiting is not, and two barriers are
// left of 18. The flaw: one element a thread. Five shuffles and two barriers for 4 bytes.
//
// Larger arrays: scan, then propagate, as in rung 1.
//
// FLOPs: about 6.5 N. Bytes: 8 N, and 8 N more for add_totals. Limited by instructions.
// In the counters: 2 barriers a warp; an eleventh of rung 1's wavefronts of shared memory.
// Source: M. Harris and M. Garland, "Optimizing parallel prefix operations for the Fermi architecture", GPU Computing Gems, 2012.
// Macros: N, THREADS (a power of two, 32 to 1024). A block for each THREADS elements.

extern "C" __global__ void __launch_bounds__(THREADS) scan_shuffles(const float* __restrict__ x, float* __restrict__ y, float* __restrict__ totals)
{
    __shared__ float warpSums[32];
    unsigned tid = threadIdx.x, warp = tid / 32, i = blockIdx.x * THREADS + tid;
    float sum = scanWarp(i < N ? x[i] : 0);
    if (tid % 32 == 31) warpSums[warp] = sum;
    __syncthreads();   // the first warp reads all warps' totals
    if (warp == 0) warpSums[tid] = scanWarp(tid < THREADS / 32 ? warpSums[tid] : 0);
    __syncthreads();   // and writes what stands before each
    if (warp > 0) sum += warpSums[warp - 1];
    if (i < N) y[i] = sum;
    if (tid == THREADS - 1) totals[blockIdx.x] = sum;
}
