// The gradient of layer norm, as 01_naive: dgamma and dbeta in parts. dx is 02_rows'.
//
// Idea: 02_rows has a thread for each column, which adds up all rows alone. Here rows are cut into parts of PART_ROWS, and a block takes 32 columns of one part: 8 rows of threads
// side by side, each adding every eighth row, then folded through shared memory. What a part comes to goes to scratch memory, and a second kernel (sum_parts.cu) adds
// the parts. How rows are cut follows from the shape alone, and nothing is added by atomics, so the same bits come out each time.
//
//               32 columns                     parts (PARTS, 2, COLUMNS)
//     part 0    ████ ████ ████ ...       ──▶   sum of g * xhat | sum of g
//     part 1    ████ ████ ████ ...       ──▶   sum of g * xhat | sum of g       ──▶  dgamma | dbeta
//
// FLOPs: about 13 for each element. Bytes: 24 ROWS COLUMNS as 02_rows, and 16 COLUMNS for each part. Limited by bandwidth: x and g are read twice, once for dx, once here.
// In the counters: sectors as 02_rows; a thousand blocks where there were 8. Source: fixed-order two-stage sums, as in PyTorch's and Apex' layer norms.
// Macros: ROWS COLUMNS PART_ROWS. Blocks of 256 threads over (COLUMNS / 32, parts). Launches: 02_rows.cu, this, sum_parts.cu.

extern "C" __global__ void __launch_bounds__(256) layernorm_backward_column_parts(const float* __restrict__ g, const float* __restrict__ x, const float* __restrict__ mean,
    const float* __restrict__ rstd, float* __restrict__ parts)
{
    __shared__ float sumsGX[8][32], sumsG[8][32];
    int lane = threadIdx.x % 32, threadRow = threadIdx.x / 32, column = blockIdx.x * 32 + lane;

    // A thread's rows: every eighth of the part.
    float sumGX = 0, sumG = 0;
    int end = min((blockIdx.y + 1) * PART_ROWS, ROWS);
    if (column < COLUMNS)
        for (int row = blockIdx.y * PART_ROWS + threadRow; row < end; row += 8)
        {
            float gradient = g[row * COLUMNS + column];
            sumGX += gradient * ((x[row * COLUMNS + column] - mean[row]) * rstd[row]);
            sumG += gradient;
        }
    sumsGX[threadRow][lane] = sumGX;
    sumsG[threadRow][lane] = sumG;
    __syncthreads();   // all eight rows of threads are there

    // The eight become one; the first warp does dgamma's, the second dbeta's.
    if (threadRow > 1 || column >= COLUMNS) return;
    float sum = 0;
#pragma unroll
    for (int k = 0; k < 8; k++) sum += threadRow == 0 ? sumsGX[k][lane] : sumsG[k][lane];
    parts[(blockIdx.y * 2 + threadRow) * COLUMNS + column] = sum;
}
