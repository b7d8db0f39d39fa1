// sum_square, 625 results of 128 terms each:
//     v0 = g
//     v1 = square(v0)   # GoldenKernelTests.cs:37
//     sum1 = sum of v1 over axes 0 of (128, 625)
// g: float32(128, 625)
// sum1: float32(1, 625), written
// Launch: 20 blocks of 256 threads; 32 columns by 8 rows of lanes.
#include "prelude.cuh"

__device__ __forceinline__ float sum_square_at(float v0_g)
{
    const float v1_square = v0_g * v0_g;
    return v1_square;
}

extern "C" __global__ void __launch_bounds__(256) reduce_sum_square(const float* __restrict__ g, float* __restrict__ sum1)
{
    const uint column = blockIdx.x % 20 * 32 + threadIdx.x % 32, lane = threadIdx.x / 32;
    const uint r = column;   // the result
    float sum_so_far = 0.0f;
    const uint start = column;   // where its terms begin
    for (uint t = lane; t < 128 && column < 625; t += 8)
    {
        const uint i = start + t * 625;
        sum_so_far = sum_so_far + sum_square_at(g[i]);
    }
    __shared__ float sum_so_far_of[256];
    sum_so_far_of[threadIdx.x] = sum_so_far;
    __syncthreads();
    for (int rows = 8; rows > 1; rows = (rows + 1) / 2)
    {
        const int folded = (rows + 1) / 2 * 32;
        if (lane < rows / 2) sum_so_far_of[threadIdx.x] = sum_so_far_of[threadIdx.x] + sum_so_far_of[threadIdx.x + folded];
        __syncthreads();
    }
    if (lane == 0 && column < 625) sum1[r] = sum_so_far_of[threadIdx.x];
}
