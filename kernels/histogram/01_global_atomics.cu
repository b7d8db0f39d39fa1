// counts[value] += 1 for each value, by atomics on global memory.
//
// Idea: the definition, a thread for each value. That two threads add to one count at the same time is no mistake, for an atomic reads, adds and writes in one go. It is not free
// either: atomics are done in the second-level cache, and those of one address one after the other. All multiprocessors queue for 1 KB.
//
// FLOPs: none, N additions of integers. Bytes: N + 8 BINS. Limited by atomics on the same addresses, of which the simulator's estimate knows nothing (see the chapter).
// In the counters: N / 32 requests of atomics, 20 sectors each if values are spread over 256 bins, 1 if all are equal. 1 sector a load: 32 bytes.
// Source: NVIDIA's book of the trade: CUDA by Example, J. Sanders and E. Kandrot, 2010, chapter 9, whose first histogram this is.
// Macros: N BINS. Blocks of 256 threads, one thread for each value.
#include "histogram/common.cuh"

extern "C" __global__ void __launch_bounds__(THREADS) histogram_global_atomics(const uchar* __restrict__ values, int* __restrict__ counts)
{
    int i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= N) return;
    uint value = values[i];
    if (isBin(value)) atomicAdd(&counts[value], 1);
}
