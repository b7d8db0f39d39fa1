// Which values there are and which of them a block counts: what every rung of the histograms needs to work for every shape.
//
//     counts[b] += how many of values[0..N) are b,      b = 0 .. BINS - 1, BINS at most 256
//
// A value is a byte, as in an image: so memory brings four times as many values as if they were int32, and how fast they are counted shows. A value that is no bin, BINS or
// more, is counted nowhere. Counts are added to what is there, so that a data set can be counted piece by piece; whoever wants to begin at zero sets zeros first.
// Integers give the same sum in any order, so atomics are harmless here; of floats they would give other bits each time.
//
// From rung 2 on, a block counts PER_BLOCK values, the last block what is left, and has its own counts in shared memory.
// Macros: N BINS PER_BLOCK.
#include "prelude.cuh"

typedef unsigned char uchar;

#define THREADS 256
#define FIRST_VALUE (int)(blockIdx.x * PER_BLOCK)
#define END_VALUE (N - FIRST_VALUE < PER_BLOCK ? N : FIRST_VALUE + PER_BLOCK)

// Whether a value is a bin. With 256 bins each byte is, and nothing is asked.
__device__ __forceinline__ bool isBin(uint value) { return BINS == 256 || value < BINS; }
