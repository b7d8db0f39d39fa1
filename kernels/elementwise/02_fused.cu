#include "elementwise/common.cuh"
// y = relu(ALPHA x + r) m, one launch: a thread computes all four operations for one element.
//
// Idea: fusion. What passed through memory between two launches stays in a register. The flaw of the rung before was that, 24 N bytes of it.
//
// FLOPs: 4 N. Bytes: 16 N, the least. Limited by DRAM. In the counters: one launch; bytes moved are the least; 4 sectors a request, which is all that 32 lanes of 4 bytes can use.
// And about as many instructions for addresses and the guard as for the work: that is what the next rungs go for.
// Source: as rung 1. Macros: N, ALPHA (float). Blocks of 256 over N.

extern "C" __global__ void __launch_bounds__(256) elementwise_fused(const float* __restrict__ x, const float* __restrict__ r, const float* __restrict__ m, float* __restrict__ y)
{
    const uint i = blockIdx.x * 256 + threadIdx.x;
    if (i < N) y[i] = at(x[i], r[i], m[i]);
}
