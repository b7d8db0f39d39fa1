#include "prelude.cuh"
// A strided batch of matrices, copied into one that lies in order: to (BATCH, ROWS, COLUMNS).
//
// Idea: cuBLAS takes a matrix as it lies or transposed, so one of its strides must be 1 and the other no less than a row. A slice with steps, a reversed or
// a stretched axis is none of these, and is copied first. The planner calls columns the dim with the smaller stride, so that neighbouring lanes read
// memory as near as it gets, and write neighbours.
//
// Bytes: 4 per element written; read, 4 to 32, a sector each where columns are 8 or more elements apart. Limited by memory.
// In the counters: 4 sectors a store request; sectors a load request tell the stride.
//
// Macros: BATCH ROWS COLUMNS, BATCH_STRIDE ROW_STRIDE COLUMN_STRIDE (elements; 0 and negative ones too). Blocks of 256 threads, an element a thread.

extern "C" __global__ void __launch_bounds__(256) copy_matrix(const float* __restrict__ from, float* __restrict__ to)
{
    int i = blockIdx.x * 256 + threadIdx.x;
    if (i >= BATCH * ROWS * COLUMNS) return;
    int column = i % COLUMNS, row = i / COLUMNS % ROWS, batch = i / (ROWS * COLUMNS);
    to[i] = from[batch * BATCH_STRIDE + row * ROW_STRIDE + column * COLUMN_STRIDE];
}
