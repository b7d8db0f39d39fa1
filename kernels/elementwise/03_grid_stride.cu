#include "elementwise/common.cuh"
// y = relu(ALPHA x + r) m, a thread for many elements, a whole grid apart.
//
// Idea: the grid-stride loop. As many blocks as a large GPU holds at once walk over the array together, so that addresses are worked out once and then only stepped on. The
// flaw of the rung before: each thread pays for its index, its pointers and its guard, and does one element for it.
//
// FLOPs: 4 N. Bytes: 16 N. Limited by DRAM, as before: the time stays. In the counters: instructions an element, and blocks. What it costs: the number of blocks is
// fixed, so it suits one GPU. 864 are 108 multiprocessors of 8 blocks; where 492 fit, the second wave is 372 blocks, and a quarter of the GPU is idle in it. The hardware, given a
// block for each piece of work, deals them out better.
// Source: M. Harris, "CUDA Pro Tip: Write Flexible Kernels with Grid-Stride Loops", 2013. Macros: N, ALPHA (float), BLOCKS. Up to BLOCKS blocks of 256.

extern "C" __global__ void __launch_bounds__(256) elementwise_grid_stride(const float* __restrict__ x, const float* __restrict__ r, const float* __restrict__ m, float* __restrict__ y)
{
    for (uint i = blockIdx.x * 256 + threadIdx.x; i < N; i += BLOCKS * 256) y[i] = at(x[i], r[i], m[i]);
}
