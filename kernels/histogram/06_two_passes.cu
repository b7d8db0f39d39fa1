// Blocks write their counts to memory, and a second kernel adds them up: no atomics on global memory.
//
// Idea: what a block has counted goes to a place of its own, parts[block][bin], and histogram/sum_parts.cu adds the parts of each bin, in order. Of integers the sum is the same either way.
// Weights that are floats are another matter: there, atomics give other bits in each run, and this is how a sum comes out the same each time (`hist` has to do without them, too).
// The flaw of the rung before is none: the second launch costs more than the atomics that it saves. This is what being deterministic costs.
//
// FLOPs: none. Bytes: N + 8 BINS, and 8 BINS for each block. Limited as rung 5.
// In the counters: no global atomics; one launch more. Source: the two-stage reductions of M. Harris, "Optimizing parallel reduction in CUDA", 2007.
// Macros: see rung 3. Blocks of 256 threads, one for each PER_BLOCK values.
#include "histogram/common.cuh"

#define COPIES 32
#define AT_ONCE 4                                            // vectors that a thread has on their way
#define WIDE (int)sizeof(VECTOR)                             // bytes of a load
#define STRIDE (THREADS * WIDE)                              // bytes that all threads load at once
#define WORDS (AT_ONCE * WIDE / 4)
static_assert(PER_BLOCK % (AT_ONCE * STRIDE) == 0, "a whole block is so many times what its threads load at once");

extern "C" __global__ void __launch_bounds__(THREADS) histogram_two_passes(const uchar* __restrict__ values, int* __restrict__ parts)
{
    __shared__ int hist[BINS][COPIES];
    for (int b = threadIdx.x; b < BINS * COPIES; b += THREADS) hist[0][b] = 0;
    __syncthreads();   // nobody may count where a zero is still to come

    int* mine = &hist[0][threadIdx.x % COPIES];
    auto count = [&](uint value) {
        if (isBin(value)) atomicAdd(&mine[value * COPIES], 1);
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
        for (int i = 0; i < COPIES; i++) sum += hist[b][(b + i) % COPIES];
        parts[blockIdx.x * BINS + b] = sum;
    }
}
