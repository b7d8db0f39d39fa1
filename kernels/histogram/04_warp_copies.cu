// Each warp counts in a copy of its own; the block adds up its copies at the end.
//
// Idea: eight warps, eight copies of the counts, so that no warp finds another one at a count. It was a good idea where a shared atomic was a loop: lock, read, add, write, unlock,
// and again for whoever came too late. Since Maxwell it is an instruction, and a multiprocessor carries out one wavefront after the other, whichever warps they come from.
// So this is a regression: eight times the shared memory, and eight counts to add for each bin, for nothing. It stays to be seen.
//
// FLOPs: none. Bytes: N + 8 BINS. Limited by shared memory, where values are spread.
// In the counters: the wavefronts of the shared atomics as before; more loads and stores of shared memory around them.
// Source: V. Podlozhnyuk, "Histogram calculation in CUDA", NVIDIA 2007, for a GPU that had no shared atomics at all.
// Macros: see rung 3. Blocks of 256 threads, one for each PER_BLOCK values.
#include "histogram/common.cuh"

#define WARPS (THREADS / 32)
#define AT_ONCE 4                                            // vectors that a thread has on their way
#define WIDE (int)sizeof(VECTOR)                             // bytes of a load
#define STRIDE (THREADS * WIDE)                              // bytes that all threads load at once
#define WORDS (AT_ONCE * WIDE / 4)
static_assert(PER_BLOCK % (AT_ONCE * STRIDE) == 0, "a whole block is so many times what its threads load at once");

extern "C" __global__ void __launch_bounds__(THREADS) histogram_warp_copies(const uchar* __restrict__ values, int* __restrict__ counts)
{
    __shared__ int hist[WARPS][BINS];
    for (int b = threadIdx.x; b < WARPS * BINS; b += THREADS) hist[0][b] = 0;
    __syncthreads();   // nobody may count where a zero is still to come

    int* mine = hist[threadIdx.x / 32];
    auto count = [&](uint value) {
        if (isBin(value)) atomicAdd(&mine[value], 1);
    };
    if (END_VALUE - FIRST_VALUE == PER_BLOCK)
        for (int i = FIRST_VALUE + threadIdx.x * WIDE; i < END_VALUE; i += AT_ONCE * STRIDE)
        {
            VECTOR held[AT_ONCE];
#pragma unroll
            for (int n = 0; n < AT_ONCE; n++) held[n] = *(const VECTOR*)&values[i + n * STRIDE];
#pragma unroll
            for (int n = 0; n < 4 * WORDS; n++) count(((const uint*)held)[n / 4] >> 8 * (n % 4) & 255);
        }
    else
        for (int i = FIRST_VALUE + threadIdx.x; i < END_VALUE; i += THREADS) count(values[i]);

    __syncthreads();   // all values of the block are counted
    for (int b = threadIdx.x; b < BINS; b += THREADS)
    {
        int sum = 0;
#pragma unroll
        for (int copy = 0; copy < WARPS; copy++) sum += hist[copy][b];
        if (sum > 0) atomicAdd(&counts[b], sum);
    }
}
