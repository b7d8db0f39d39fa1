// Argmax of rows: y[row] = the position of the largest of LENGTH neighbouring elements, the lowest of a tie, the first NaN if there is one.
//
// The idea: LANES threads share a row. Each goes over every LANES-th element and keeps (value, position); then pairs of threads compare theirs through shuffles,
// half as many each time. Since `beats` orders pairs totally, who meets whom in which order does not matter.
//   * Short rows (TILE): 10 classes are 40 bytes, no unit of memory. The block copies its rows, one run of addresses, into shared memory, and each row is
//     looked at there, by one thread or a few. The rows lie PITCH apart, an odd number, so threads on different rows meet different banks.
//   * Long rows: a warp, or above 4096 elements the block, reads its row straight from memory, starting at a multiple of 32 bytes.
//
// Bytes: 4 (OUTER LENGTH + OUTER). FLOPs: a comparison for each element: limited by bandwidth, and by latency if there are few rows.
// Counters: 4 sectors per request; no bank conflicts; shuffles 2 log2(LANES) a row. One very long row is read by one block alone: a fraction
// of the bandwidth; a second pass over partial results would fix that, and no net here asks for it.
// Source: Harris, "Optimizing Parallel Reduction in CUDA", 2007, with shuffles for its last warp (Luitjens 2014, "Faster Parallel Reductions on Kepler").
//
// Macros: OUTER LENGTH; VALUE LOWEST (argmax.cuh); BLOCK; LANES, a power of two up to 32, or BLOCK; TILE, 1 for short rows.
#include "prelude.cuh"
#include "argmax/argmax.cuh"

#define ROWS (BLOCK / LANES)
#define PITCH (LENGTH | 1)

extern "C" __global__ void __launch_bounds__(BLOCK) argmax(const VALUE* __restrict__ x, int* __restrict__ y)
{
    int first = blockIdx.x * ROWS, row = first + threadIdx.x / LANES, lane = threadIdx.x % LANES;
    VALUE best = LOWEST;
    int at = INT_MAX;

#if TILE
    // Copy the block's rows into shared memory, the first lane on a multiple of 32 elements.
    __shared__ VALUE tile[ROWS * PITCH];
    int start = first * LENGTH, count = min(ROWS, OUTER - first) * LENGTH;
    for (int i = (int)threadIdx.x - (start & 31); i < count; i += BLOCK)
        if (i >= 0) tile[i / LENGTH * PITCH + i % LENGTH] = x[start + i];
    __syncthreads();
    const VALUE* elements = tile + (row - first) * PITCH;
    int before = 0;
#else
    const VALUE* elements = x + row * LENGTH;
    int before = row * LENGTH & 7;   // elements of the row's first 32 bytes that belong to the row before
#endif

    // Keep the best of this thread's elements.
    if (row < OUTER)
        for (int i = lane - before; i < LENGTH; i += LANES)
            if (i >= 0 && beats(elements[i], i, best, at))
            {
                best = elements[i];
                at = i;
            }

    // Compare with the neighbour 16, 8, 4, 2, 1 lanes away: afterwards every lane of the row's (or the warp's) knows the best.
    for (int step = min(LANES, 32) / 2; step > 0; step /= 2)
    {
        VALUE other = __shfl_xor_sync(0xffffffff, best, step);
        int place = __shfl_xor_sync(0xffffffff, at, step);
        if (beats(other, place, best, at))
        {
            best = other;
            at = place;
        }
    }

#if LANES > 32
    // The first thread compares what the block's warps have found.
    __shared__ VALUE values[LANES / 32];
    __shared__ int places[LANES / 32];
    if (lane % 32 == 0)
    {
        values[lane / 32] = best;
        places[lane / 32] = at;
    }
    __syncthreads();
    if (lane == 0)
        for (int warp = 1; warp < LANES / 32; warp++)
            if (beats(values[warp], places[warp], best, at))
            {
                best = values[warp];
                at = places[warp];
            }
#endif
    if (lane == 0 && row < OUTER) y[row] = at;
}
