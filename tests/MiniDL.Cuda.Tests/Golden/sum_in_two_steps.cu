// sum_abs, one result of 1000000 terms:
//     v0 = x
//     v1 = abs(v0)   # GoldenKernelTests.cs:40
//     sum1 = sum of v1 over axes 0 1 of (1000, 1000)
// x: float32(1000, 1000)
// Launch: 245 blocks of 256 threads; a block a result, cut into 245 parts of 4096 terms.
#include "prelude.cuh"
#include "fused/four.cuh"

__device__ __forceinline__ float sum_abs_at(float v0_x)
{
    const float v1_abs = fabsf(v0_x);
    return v1_abs;
}

extern "C" __global__ void __launch_bounds__(256) reduce_sum_abs_parts(const float* __restrict__ x, float* __restrict__ partials)
{
    const uint lane = threadIdx.x, r = blockIdx.x / 245, part = blockIdx.x % 245;   // r: the result
    float sum_so_far = 0.0f;
    const uint start = 0;   // where its terms begin
    const uint end = min((part + 1) * 4096, 1000000u);
    for (uint t = part * 4096 + 4 * lane; t < end; t += 1024)
    {
        const uint i = start + t;
        float v0_x[4];
        load4(x + i, v0_x);
        #pragma unroll
        for (int k = 0; k < 4; k++) sum_so_far = sum_so_far + sum_abs_at(v0_x[k]);
    }
    #pragma unroll
    for (int m = 16; m > 0; m /= 2) sum_so_far = sum_so_far + __shfl_xor_sync(0xffffffffu, sum_so_far, m);
    __shared__ float sum_so_far_of[8];   // each warp's
    if (threadIdx.x % 32 == 0) sum_so_far_of[threadIdx.x / 32] = sum_so_far;
    __syncthreads();
    sum_so_far = sum_so_far_of[0];
    #pragma unroll
    for (int w = 1; w < 8; w++) sum_so_far = sum_so_far + sum_so_far_of[w];
    if (lane == 0) partials[r * 245 + part] = sum_so_far;
}
// sum_abs, second kernel: the 245 parts of the result become one, always in the same order.
// sum1: float32(1, 1), written
// Launch: 1 block of 32 threads; 32 lanes a result.
#include "prelude.cuh"

extern "C" __global__ void __launch_bounds__(32) reduce_sum_abs_combine(const float* __restrict__ partials, float* __restrict__ sum1)
{
    const uint lane = threadIdx.x, r = blockIdx.x;   // r: the result
    float sum_so_far = 0.0f;
    for (uint part = lane; part < 245; part += 32) sum_so_far = sum_so_far + partials[r * 245 + part];
    #pragma unroll
    for (int m = 16; m > 0; m /= 2) sum_so_far = sum_so_far + __shfl_xor_sync(0xffffffffu, sum_so_far, m);
    if (lane == 0) sum1[0] = sum_so_far;
}
