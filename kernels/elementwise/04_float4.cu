#include "elementwise/common.cuh"
#include "fused/four.cuh"
// y = relu(ALPHA x + r) m, a thread for four neighbouring elements.
//
// Idea: one load of 16 bytes for four of 4. A quarter of the memory instructions, of the index arithmetic and of the blocks, and no fixed grid. The flaw of the rungs before:
// a load instruction for each element and array.
//
// FLOPs: 4 N. Bytes: 16 N. Limited by DRAM. In the counters: 16 sectors a request instead of 4, and a quarter of the requests; instructions an element.
// A float4 must begin at a multiple of 16 bytes. Where an array does not (ALIGNED is 0), this is rung 2, and the host launches as many blocks. The last thread has the N % 4 elements
// that are left. Index, guard and rest are BY_FOUR and REST of fused/four.cuh, the same that every generated map has: this rung is what the executor's maps are.
// Source: J. Luitjens, "CUDA Pro Tip: Increase Performance with Vectorized Memory Access", 2013. Macros: N, ALPHA (float), ALIGNED. Blocks of 256 over N / 4, rounded up.

extern "C" __global__ void __launch_bounds__(256) elementwise_float4(const float* __restrict__ x, const float* __restrict__ r, const float* __restrict__ m, float* __restrict__ y)
{
    const uint thread = blockIdx.x * 256 + threadIdx.x;
#if ALIGNED
    BY_FOUR(i, thread, N)
    {
        float xs[4], rs[4], ms[4], ys[4];
        load4(x + i, xs);
        load4(r + i, rs);
        load4(m + i, ms);
#pragma unroll
        for (int k = 0; k < 4; k++) ys[k] = at(xs[k], rs[k], ms[k]);
        store4(y + i, ys);
    }
    REST(j, i, N) y[j] = at(x[j], r[j], m[j]);
#else
    if (thread < N) y[thread] = at(x[thread], r[thread], m[thread]);
#endif
}
