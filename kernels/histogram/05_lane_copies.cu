// Each lane of a warp counts in a copy of its own, which lies in a bank of its own.
//
// Idea: 32 copies, laid so that word (bin, copy) is in bank `copy`. Whatever the values are, the 32 lanes of an atomic meet in no bank and at no count: one wavefront, always.
// The flaw of rung 3: of 32 random bins, three or so lie in one bank. Of 32 equal ones all do, and additions to one word wait for each other; not so for additions of 1 from sm_80 on, of
// which the compiler makes an instruction of its own (ATOMS.POPC.INC) that adds the number of lanes.
// The price is 32 KB, so half the blocks at once, an instruction more for each value, and 32 counts to zero and to add for each bin. (b + i) % 32 lets threads begin at different copies,
// or all would be at one bank.
//
// FLOPs: none. Bytes: N + 8 BINS. Limited by its own instructions: shared memory has become fast enough, and that was paid for with arithmetic. A regression, if a narrow one.
// In the counters: no bank conflicts, and the same figures for any values; 1.5 times the instructions of rung 3; occupancy 50% on an A100.
// Source: J. Gomez-Luna and others, "An optimized approach to histogram computation on GPU", 2013.
// Macros: see rung 3. Blocks of 256 threads, one for each PER_BLOCK values.
#include "histogram/common.cuh"

#define COPIES 32
#define AT_ONCE 4                                            // vectors that a thread has on their way
#define WIDE (int)sizeof(VECTOR)                             // bytes of a load
#define STRIDE (THREADS * WIDE)                              // bytes that all threads load at once
#define WORDS (AT_ONCE * WIDE / 4)
static_assert(PER_BLOCK % (AT_ONCE * STRIDE) == 0, "a whole block is so many times what its threads load at once");

extern "C" __global__ void __launch_bounds__(THREADS) histogram_lane_copies(const uchar* __restrict__ values, int* __restrict__ counts)
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
        if (sum > 0) atomicAdd(&counts[b], sum);
    }
}
