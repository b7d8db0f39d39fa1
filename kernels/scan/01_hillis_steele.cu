#include "prelude.cuh"
// y[i] = x[0] + ... + x[i] within each tile of THREADS elements, and each tile's total.
//
// Idea: after the step with some stride, each element holds the sum of the 2 stride elements that end with it. log2(THREADS) steps, in each of which every thread adds what lies
// `stride` before its own. Two arrays take turns, so that nobody overwrites what another still reads. The flaw: the additions. A loop on a CPU needs one for each element;
// here it is one for each element and step, 8 of them for 256.
//
//     x          a    b    c     d      e ...
//     stride 1   a    ab   bc    cd     de
//     stride 2   a    ab   abc   abcd   bcde
//     stride 4   a    ab   abc   abcd   abcde
//
// Larger arrays: scan, then propagate. The totals are scanned by the same kernel, and add_totals.cu adds to each tile what stands before it: three launches for each level.
//
// FLOPs: N log2(THREADS). Bytes: 8 N here, 8 N more for add_totals. Limited by instruction issue.
// In the counters: no bank conflicts and full warps: all lanes work all the time, mostly in vain.
// Source: W. D. Hillis and G. L. Steele, "Data parallel algorithms", 1986; M. Harris, S. Sengupta, J. Owens, GPU Gems 3, chapter 39, 2007.
// Macros: N, THREADS (a power of two). A block for each THREADS elements.

extern "C" __global__ void __launch_bounds__(THREADS) scan_hillis_steele(const float* __restrict__ x, float* __restrict__ y, float* __restrict__ totals)
{
    __shared__ float sums[2][THREADS];
    unsigned tid = threadIdx.x, i = blockIdx.x * THREADS + tid;
    int from = 0;
    sums[from][tid] = i < N ? x[i] : 0;
    for (unsigned stride = 1; stride < THREADS; stride *= 2)
    {
        __syncthreads();   // the step before is written, and nobody reads the other array any more
        sums[1 - from][tid] = sums[from][tid] + (tid >= stride ? sums[from][tid - stride] : 0);
        from = 1 - from;
    }
    if (i < N) y[i] = sums[from][tid];
    if (tid == THREADS - 1) totals[blockIdx.x] = sums[from][tid];
}
