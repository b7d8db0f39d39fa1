// dgamma and dbeta from the sums of their parts, parts (PARTS, 2, COLUMNS): the last launch of 03_column_parts and 04_strip. A block takes 32 of the 2 COLUMNS columns; 8 rows of
// threads add every eighth part, and are folded in order. Bytes: 8 COLUMNS (PARTS + 1). Macros: PARTS COLUMNS. Blocks of 256 threads over 2 COLUMNS / 32.

extern "C" __global__ void __launch_bounds__(256) sum_parts(const float* __restrict__ parts, float* __restrict__ dgamma, float* __restrict__ dbeta)
{
    __shared__ float sums[8][32];
    int lane = threadIdx.x % 32, threadRow = threadIdx.x / 32, column = blockIdx.x * 32 + lane;
    float sum = 0;
    if (column < 2 * COLUMNS)
        for (int part = threadRow; part < PARTS; part += 8) sum += parts[part * 2 * COLUMNS + column];
    sums[threadRow][lane] = sum;
    __syncthreads();   // all eight rows of threads are there
    if (threadRow > 0 || column >= 2 * COLUMNS) return;
#pragma unroll
    for (int k = 1; k < 8; k++) sum += sums[k][lane];
    if (column < COLUMNS) dgamma[column] = sum;
    else dbeta[column - COLUMNS] = sum;
}
