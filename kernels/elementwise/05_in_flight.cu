#include "elementwise/common.cuh"
#include "fused/four.cuh"
// y = relu(ALPHA x + r) m, a thread for PER_THREAD times four elements, all loaded before the first is computed.
//
// Idea: more bytes on their way for each thread (Little's law: bytes in flight = bandwidth * latency), so that few resident warps are enough; and fewer index computations.
// The flaw of the rung before, if it is one: a warp has 1,536 bytes in flight, 512 of each array, and then waits.
//
// FLOPs: 4 N. Bytes: 16 N. Limited by DRAM, as rung 4 already was: 64 warps of 1,536 bytes on a multiprocessor are ten times what A100's bandwidth and latency ask for. So it gains
// nothing here but instructions, which are not the limit; it costs registers, and half of the blocks, which a small array misses. It would gain where few warps are resident.
// In the counters: instructions an element; registers; at N = 80,000 blocks, fewer than multiprocessors.
// Source: V. Volkov, "Better performance at lower occupancy", GTC 2010. Macros: N, ALPHA (float), ALIGNED. Blocks of 256 over N / 8, rounded up (over N where not aligned).

#define PER_THREAD 2
#define STRIDE (4 * 256)   // elements between those of one thread: the block's threads are neighbours

extern "C" __global__ void __launch_bounds__(256) elementwise_in_flight(const float* __restrict__ x, const float* __restrict__ r, const float* __restrict__ m, float* __restrict__ y)
{
#if ALIGNED
    const uint first = blockIdx.x * (STRIDE * PER_THREAD) + 4 * threadIdx.x;
    if (first - 4 * threadIdx.x + STRIDE * PER_THREAD <= N)   // the whole block is inside: no guards
    {
        float xs[PER_THREAD][4], rs[PER_THREAD][4], ms[PER_THREAD][4], ys[4];
#pragma unroll
        for (int p = 0; p < PER_THREAD; p++)
        {
            load4(x + first + p * STRIDE, xs[p]);
            load4(r + first + p * STRIDE, rs[p]);
            load4(m + first + p * STRIDE, ms[p]);
        }
#pragma unroll
        for (int p = 0; p < PER_THREAD; p++)
        {
#pragma unroll
            for (int k = 0; k < 4; k++) ys[k] = at(xs[p][k], rs[p][k], ms[p][k]);
            store4(y + first + p * STRIDE, ys);
        }
        return;
    }
#pragma unroll 1
    for (int p = 0; p < PER_THREAD; p++)   // the last block: element by element, neighbouring lanes four apart
        for (uint j = first + p * STRIDE; j < first + p * STRIDE + 4 && j < N; j++) y[j] = at(x[j], r[j], m[j]);
#else
    const uint i = blockIdx.x * 256 + threadIdx.x;
    if (i < N) y[i] = at(x[i], r[i], m[i]);
#endif
}
