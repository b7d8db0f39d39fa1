// Each block counts in shared memory, and adds its counts to the global ones at the end.
//
// Idea: shared memory has atomics of its own, on each multiprocessor, and only the block's threads use them (privatisation). A block takes so many values that adding its BINS counts
// to the global ones hardly matters: with 65,536 values for 256 bins there is one global atomic where there were 256.
// The flaw of the rung before: all threads of the device at the same few addresses.
//
// FLOPs: none. Bytes: N + 8 BINS. Limited by latency: a thread asks for one byte, waits, counts it, and asks for the next.
// In the counters: N / 32 requests of shared atomics, of 3.2 wavefronts each if values are spread: of 32 random bins, some lie in the same bank. Global atomics: BINS / 32 a block.
// Source: see rung 1, the second histogram; N. Sakharnykh, "Fast histograms using shared atomics on Maxwell", NVIDIA 2015: since then shared atomics are
// instructions, not loops with locks.
// Macros: N BINS PER_BLOCK. Blocks of 256 threads, one for each PER_BLOCK values.
#include "histogram/common.cuh"

extern "C" __global__ void __launch_bounds__(THREADS) histogram_shared(const uchar* __restrict__ values, int* __restrict__ counts)
{
    __shared__ int hist[BINS];
    for (int b = threadIdx.x; b < BINS; b += THREADS) hist[b] = 0;
    __syncthreads();   // nobody may count where a zero is still to come

    for (int i = FIRST_VALUE + threadIdx.x; i < END_VALUE; i += THREADS)
    {
        uint value = values[i];
        if (isBin(value)) atomicAdd(&hist[value], 1);
    }

    __syncthreads();   // all values of the block are counted
    for (int b = threadIdx.x; b < BINS; b += THREADS)
        if (hist[b] > 0) atomicAdd(&counts[b], hist[b]);
}
