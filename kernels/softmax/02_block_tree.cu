// y = softmax of each row of x, x and y (ROWS, COLUMNS): one block for each row, combined by trees in shared memory.
//
// Idea: a thread per row reads down the columns of x, 32 sectors a request. Here the 256 threads of a block walk along one row side by side: lanes read neighbours, 4 sectors
// a request. Each thread has a maximum, then a sum, of its own columns; a tree in shared memory makes them one, halving the threads at each step:
//
//     threads     0   1   2   3   4   5   6   7
//     stride 4    +4  +5  +6  +7                      active threads are neighbours and read neighbouring words: no bank conflicts
//     stride 2    +2  +3
//     stride 1    +1                                  shared[0] is the result
//
// The passes are those of 01_naive: memory is still asked for everything four times, though a row of up to a few thousand columns stays in the first-level cache between.
//
// FLOPs: about 6 and two exps for each element. Bytes asked for: 16 ROWS COLUMNS. Limited by latency: 8 steps with a barrier each, twice, in which ever fewer threads do anything.
// In the counters: 4 sectors a request where COLUMNS is a multiple of 8; 19 barriers a row (arrivals / warps); shared wavefronts. For 10 columns 246 threads have nothing to do.
// Source: M. Harris, "Optimizing parallel reduction in CUDA", 2007 (sequential addressing). Macros: ROWS COLUMNS. ROWS blocks of 256 threads.
#include "prelude.cuh"

extern "C" __global__ void __launch_bounds__(256) softmax_block_tree(const float* __restrict__ x, float* __restrict__ y)
{
    __shared__ float shared[256];
    x += blockIdx.x * COLUMNS;
    y += blockIdx.x * COLUMNS;

    // The maximum: of a thread's columns, then of the threads.
    float largest = -INFINITY;
    for (int column = threadIdx.x; column < COLUMNS; column += 256) largest = max_nan(largest, x[column]);
    shared[threadIdx.x] = largest;
    for (int stride = 128; stride > 0; stride /= 2)
    {
        __syncthreads();   // what this step reads was written in the step before
        if (threadIdx.x < stride) shared[threadIdx.x] = max_nan(shared[threadIdx.x], shared[threadIdx.x + stride]);
    }
    __syncthreads();
    largest = shared[0];
    __syncthreads();   // all have read it: the memory is free for the sums

    // The sum of exponentials.
    float sum = 0;
    for (int column = threadIdx.x; column < COLUMNS; column += 256) sum += expf(x[column] - largest);
    shared[threadIdx.x] = sum;
    for (int stride = 128; stride > 0; stride /= 2)
    {
        __syncthreads();
        if (threadIdx.x < stride) shared[threadIdx.x] += shared[threadIdx.x + stride];
    }
    __syncthreads();
    sum = shared[0];

    // The result.
    for (int column = threadIdx.x; column < COLUMNS; column += 256) y[column] = expf(x[column] - largest) / sum;
}
