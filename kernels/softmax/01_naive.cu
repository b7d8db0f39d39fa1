// y = softmax of each row of x, x and y (ROWS, COLUMNS): one thread for each row, in three passes.
//
//     y_j = exp(x_j - m) / s        m = max x        s = sum exp(x - m)
//
// Idea: the definition, as it would be written on a CPU. Subtracting the maximum changes nothing on paper and keeps exp from overflowing: exp(89) is infinite.
// The 32 lanes of a warp stand in 32 rows, COLUMNS elements apart: each request touches 32 sectors of 32 bytes and uses 4 bytes of each. The rest of a sector is wanted by
// the same lane in the next seven steps; whether it is still in the first-level cache then is luck, as 32 rows a warp and three passes compete for it.
//
// FLOPs: about 6 and two exps for each element. Bytes asked for: 16 ROWS COLUMNS, x three times and y once. Limited by sectors, and by too few threads where rows are few.
// In the counters: 32 sectors a request (8 times what is ideal), two special functions (exps) for each element.
// Source: the definition, Bridle 1990. Macros: ROWS COLUMNS. Blocks of 128 threads over the rows.
#include "prelude.cuh"

extern "C" __global__ void __launch_bounds__(128) softmax_naive(const float* __restrict__ x, float* __restrict__ y)
{
    int row = blockIdx.x * 128 + threadIdx.x;
    if (row >= ROWS) return;
    x += row * COLUMNS;
    y += row * COLUMNS;

    // The maximum; NaN if there is one in the row, so that all of the result will be NaN.
    float largest = -INFINITY;
    for (int column = 0; column < COLUMNS; column++) largest = max_nan(largest, x[column]);

    // The sum of exponentials.
    float sum = 0;
    for (int column = 0; column < COLUMNS; column++) sum += expf(x[column] - largest);

    // The result.
    for (int column = 0; column < COLUMNS; column++) y[column] = expf(x[column] - largest) / sum;
}
