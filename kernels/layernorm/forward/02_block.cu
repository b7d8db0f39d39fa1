// y = (x - mean) * rstd * gamma + beta by rows of x, as 01_naive: one block for each row.
//
// Idea: in 01_naive neighbouring lanes read different rows. Here the 256 threads of a block walk along one row side by side, and combine their sums by shuffles, then through shared
// memory (softmax/03_shuffle.cu has this step by step). Still three passes: the distances want the mean first, the result both.
//
// FLOPs: about 8 for each element. Bytes asked for: 24 ROWS COLUMNS: x three times, y, and now gamma and beta for every row. Limited by the bytes, though most come from caches.
// In the counters: 4 sectors a request; three times the minimum of bytes. Source: M. Harris 2007 and J. Luitjens 2014 for the sums.
// Macros: ROWS COLUMNS, EPSILON (float). ROWS blocks of 256 threads.

// The sum over a block; warpSums must not be in use.
__device__ __forceinline__ float sumOfBlock(float mine, float* warpSums)
{
#pragma unroll
    for (int step = 16; step > 0; step /= 2) mine += __shfl_xor_sync(0xffffffff, mine, step);
    if (threadIdx.x % 32 == 0) warpSums[threadIdx.x / 32] = mine;
    __syncthreads();   // all eight are there
    float sum = warpSums[0];
#pragma unroll
    for (int w = 1; w < 8; w++) sum += warpSums[w];
    return sum;
}

extern "C" __global__ void __launch_bounds__(256) layernorm_forward_block(const float* __restrict__ x, const float* __restrict__ gamma, const float* __restrict__ beta,
    float* __restrict__ y, float* __restrict__ mean, float* __restrict__ rstd)
{
    __shared__ float warpSums[8], warpSquares[8];
    x += blockIdx.x * COLUMNS;
    y += blockIdx.x * COLUMNS;

    // The mean.
    float sum = 0;
    for (int column = threadIdx.x; column < COLUMNS; column += 256) sum += x[column];
    float m = sumOfBlock(sum, warpSums) / COLUMNS;

    // The mean squared distance from it.
    float squares = 0;
    for (int column = threadIdx.x; column < COLUMNS; column += 256) squares += (x[column] - m) * (x[column] - m);
    float r = rsqrtf(sumOfBlock(squares, warpSquares) / COLUMNS + EPSILON);

    // The result.
    for (int column = threadIdx.x; column < COLUMNS; column += 256) y[column] = (x[column] - m) * r * gamma[column] + beta[column];
    if (threadIdx.x == 0) mean[blockIdx.x] = m, rstd[blockIdx.x] = r;
}
