// sub_mul_exp_sum_13, for each of 128 rows of 10:
//     v0 = dot14
//     v1 = row_max(v0)   # Models.cs:96
//     v2 = stretch(v1)   # Models.cs:96
//     v3 = sub(v0, v2)   # Models.cs:96
//     v4 = exp(v3)   # Models.cs:96
//     v5 = row_sum(v4)   # Models.cs:96
//     v6 = log(v5)   # Models.cs:96
//     v7 = stretch(v6)   # Models.cs:96
//     v8 = sub(v3, v7)   # Models.cs:96
//     v9 = Y
//     v10 = mul(v9, v8)   # Models.cs:96
//     v11 = row_sum(v10)   # Models.cs:96
//     v12 = -0.0078125
//     v13 = mul(v12, v9)   # Models.cs:96
//     v14 = exp(v8)   # Models.cs:96
//     v15 = row_sum(v13)   # Models.cs:96
//     v16 = stretch(v15)   # Models.cs:96
//     v17 = mul(v14, v16)   # Models.cs:96
//     v18 = sub(v13, v17)   # Models.cs:96
//     sum15 = v11
//     sub16 = v18
// dot14: float32(128, 10)
// Y: float32(128, 10)
// sum15: float32(128, 1), written
// sub16: float32(128, 10), written
// Launch: 16 blocks of 128 threads; 16 lanes a row, 8 rows a block.
#include "prelude.cuh"

extern "C" __global__ void __launch_bounds__(128) rows_sub_mul_exp_sum_13(const float* dot14, const float* __restrict__ Y, float* __restrict__ sum15, float* sub16)
{
    const uint lane = threadIdx.x % 16, row = blockIdx.x * 8 + threadIdx.x / 16;
    float v0_dot14;
    float v3_sub;
    float v9_Y;
    float v13_mul;

    // Pass 1: v1_row_max, v15_row_sum.
    float v1_row_max = -INFINITY;
    float v15_row_sum = 0.0f;
    if (lane < 10)
    {
        const uint column = lane, i = row * 10 + column;
        v0_dot14 = dot14[i];
        v9_Y = Y[i];
        v13_mul = (-0.0078125f) * v9_Y;
        v1_row_max = max_nan(v1_row_max, v0_dot14);
        v15_row_sum = v15_row_sum + v13_mul;
    }
    #pragma unroll
    for (int m = 8; m > 0; m /= 2) v1_row_max = max_nan(v1_row_max, __shfl_xor_sync(0xffffffffu, v1_row_max, m));
    #pragma unroll
    for (int m = 8; m > 0; m /= 2) v15_row_sum = v15_row_sum + __shfl_xor_sync(0xffffffffu, v15_row_sum, m);

    // Pass 2: v5_row_sum.
    float v5_row_sum = 0.0f;
    if (lane < 10)
    {
        const uint column = lane, i = row * 10 + column;
        v3_sub = v0_dot14 - v1_row_max;
        const float v4_exp = expf(v3_sub);
        v5_row_sum = v5_row_sum + v4_exp;
    }
    #pragma unroll
    for (int m = 8; m > 0; m /= 2) v5_row_sum = v5_row_sum + __shfl_xor_sync(0xffffffffu, v5_row_sum, m);
    const float v6_log = logf(v5_row_sum);

    // Pass 3: v11_row_sum, sub16.
    float v11_row_sum = 0.0f;
    if (lane < 10)
    {
        const uint column = lane, i = row * 10 + column;
        const float v8_sub = v3_sub - v6_log;
        const float v10_mul = v9_Y * v8_sub;
        const float v14_exp = expf(v8_sub);
        const float v17_mul = v14_exp * v15_row_sum;
        const float v18_sub = v13_mul - v17_mul;
        v11_row_sum = v11_row_sum + v10_mul;
        sub16[i] = v18_sub;
    }
    #pragma unroll
    for (int m = 8; m > 0; m /= 2) v11_row_sum = v11_row_sum + __shfl_xor_sync(0xffffffffu, v11_row_sum, m);

    __shared__ float new_sum15[8];
    if (lane == 0)
    {
        new_sum15[threadIdx.x / 16] = v11_row_sum;
    }
    __syncthreads();
    const uint r = blockIdx.x * 8 + threadIdx.x;
    if (threadIdx.x < 8)
    {
        sum15[r] = new_sum15[threadIdx.x];
    }
}
