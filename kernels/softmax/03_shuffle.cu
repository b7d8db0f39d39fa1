// y = softmax of each row of x, x and y (ROWS, COLUMNS): one block for each row, combined by shuffles.
//
// Idea: the tree of 02_block_tree waits at a barrier for each halving, and passes numbers through shared memory to threads that mostly sit in the same warp. The lanes of a warp can
// read each other's registers: five exchanges with the lane whose number differs in one bit, and all 32 have the result. Shared memory is left for one number of each warp,
// and barriers for the moment when these are handed over: one for each reduction instead of nine.
//
// FLOPs and bytes asked for: as 02_block_tree, 16 ROWS COLUMNS. Limited by the bytes, three reads of the row for one write; short rows by latency.
// In the counters: 2 barriers a row instead of 19. Sectors stay what they were, and instructions do not fall: all eight warps take every step and read all eight numbers, where the
// tree let most of them go idle. What is saved is waiting, 32 lanes in 5 steps without a barrier, and that is seen on a clock.
// Source: J. Luitjens, "Faster parallel reductions on Kepler", 2014. Macros: ROWS COLUMNS. ROWS blocks of 256 threads.
#include "prelude.cuh"

extern "C" __global__ void __launch_bounds__(256) softmax_shuffle(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ float warpMaxima[8], warpSums[8];
    x += blockIdx.x * COLUMNS;
    y += blockIdx.x * COLUMNS;
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;

    // The maximum: of a thread's columns, of a warp's lanes, of the warps.
    float largest = -INFINITY;
    for (int column = threadIdx.x; column < COLUMNS; column += 256) largest = max_nan(largest, x[column]);
#pragma unroll
    for (int step = 16; step > 0; step /= 2) largest = max_nan(largest, __shfl_xor_sync(0xffffffff, largest, step));
    if (lane == 0) warpMaxima[warp] = largest;
    __syncthreads();   // all eight are there
    largest = warpMaxima[0];
#pragma unroll
    for (int w = 1; w < 8; w++) largest = max_nan(largest, warpMaxima[w]);

    // The sum of exponentials.
    float sum = 0;
    for (int column = threadIdx.x; column < COLUMNS; column += 256) sum += expf(x[column] - largest);
#pragma unroll
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffff, sum, step);
    if (lane == 0) warpSums[warp] = sum;
    __syncthreads();   // a second array, so nobody need wait for those who still read the maxima
    sum = warpSums[0];
#pragma unroll
    for (int w = 1; w < 8; w++) sum += warpSums[w];

    // The result.
    for (int column = threadIdx.x; column < COLUMNS; column += 256) y[column] = expf(x[column] - largest) / sum;
}
