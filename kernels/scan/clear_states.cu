#include "prelude.cuh"
// states[i] = 0: what look-back must find before its first block starts.
//
// Bytes: 8 COUNT, nothing beside the scan. A launch of its own, because blocks of the same launch could not wait for it.
// Macros: COUNT. Blocks of 256 threads.

extern "C" __global__ void __launch_bounds__(256) clear_states(uint64* states)
{
    unsigned i = blockIdx.x * 256 + threadIdx.x;
    if (i < COUNT) states[i] = 0;
}
