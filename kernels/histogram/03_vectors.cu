// Each block counts in shared memory; a thread loads 16 values at a time, and four times that before it counts.
//
// Idea: a load of 16 bytes a lane brings 512 values to a warp instead of 32. Four of them are asked for before the first is used (held), so that their waits are one.
// The flaw of the rung before: an instruction, and a wait of 400 clocks, for 32 bytes.
// Only whole blocks do so. The last one, which may end anywhere, counts as in rung 2: at most PER_BLOCK values out of N.
//
// FLOPs: none. Bytes: N + 8 BINS. Limited by DRAM where values are equal, by shared memory where they are spread: the same 3.2 wavefronts for 32 values, which no wait hides any more.
// In the counters: 16 sectors a load; a 64th of the waits; two thirds of the instructions: five for a value, which is cut out of its word, made an address, and counted.
// Source: J. Luitjens, "CUDA Pro Tip: increase performance with vectorized memory access", NVIDIA 2013.
// Macros: N BINS PER_BLOCK; VECTOR: uint4 if values begins at a multiple of 16 bytes, else uint. Blocks of 256 threads, one for each PER_BLOCK values.
#include "histogram/common.cuh"

#define AT_ONCE 4                                            // vectors that a thread has on their way
#define WIDE (int)sizeof(VECTOR)                             // bytes of a load
#define STRIDE (THREADS * WIDE)                              // bytes that all threads load at once
#define WORDS (AT_ONCE * WIDE / 4)
static_assert(PER_BLOCK % (AT_ONCE * STRIDE) == 0, "a whole block is so many times what its threads load at once");

extern "C" __global__ void __launch_bounds__(THREADS) histogram_vectors(const uchar* __restrict__ values, int* __restrict__ counts)
{
    __shared__ int hist[BINS];
    for (int b = threadIdx.x; b < BINS; b += THREADS) hist[b] = 0;
    __syncthreads();   // nobody may count where a zero is still to come

    auto count = [&](uint value) {
        if (isBin(value)) atomicAdd(&hist[value], 1);
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
        if (hist[b] > 0) atomicAdd(&counts[b], hist[b]);
}
