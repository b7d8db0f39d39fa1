// div_exp_sub_sum_5, for each of 64 rows of 1000:
//     v0 = scores
//     v1 = row_max(v0)   # GoldenKernelTests.cs:31
//     v2 = stretch(v1)   # GoldenKernelTests.cs:31
//     v3 = sub(v0, v2)   # GoldenKernelTests.cs:31
//     v4 = exp(v3)   # GoldenKernelTests.cs:31
//     v5 = row_sum(v4)   # GoldenKernelTests.cs:31
//     v6 = stretch(v5)   # GoldenKernelTests.cs:31
//     v7 = div(v4, v6)   # GoldenKernelTests.cs:31
//     div1 = v7
// scores: float32(64, 1000)
// div1: float32(64, 1000), written
// Launch: 64 blocks of 128 threads; a block a row, 8 elements a thread.
#include "prelude.cuh"
#include "fused/four.cuh"

extern "C" __global__ void __launch_bounds__(128) rows_div_exp_sub_sum_5(const float* __restrict__ scores, float* __restrict__ div1)
{
    const uint lane = threadIdx.x, row = blockIdx.x;
    float v0_scores[2][4];
    float v4_exp[2][4];

    // Pass 1: v1_row_max.
    float v1_row_max = -INFINITY;
    #pragma unroll
    for (int k = 0; k < 2; k++)
    {
        const uint column = 4 * (lane + 128 * k), i = row * 1000 + column;
        if (column < 1000)
        {
            load4(scores + i, v0_scores[k]);
            #pragma unroll
            for (int j = 0; j < 4; j++)
            {
                v1_row_max = max_nan(v1_row_max, v0_scores[k][j]);
            }
        }
    }
    #pragma unroll
    for (int m = 16; m > 0; m /= 2) v1_row_max = max_nan(v1_row_max, __shfl_xor_sync(0xffffffffu, v1_row_max, m));
    __shared__ float v1_row_max_of[4];   // each warp's
    if (threadIdx.x % 32 == 0) v1_row_max_of[threadIdx.x / 32] = v1_row_max;
    __syncthreads();
    v1_row_max = v1_row_max_of[0];
    #pragma unroll
    for (int w = 1; w < 4; w++) v1_row_max = max_nan(v1_row_max, v1_row_max_of[w]);

    // Pass 2: v5_row_sum.
    float v5_row_sum = 0.0f;
    #pragma unroll
    for (int k = 0; k < 2; k++)
    {
        const uint column = 4 * (lane + 128 * k), i = row * 1000 + column;
        if (column < 1000)
        {
            #pragma unroll
            for (int j = 0; j < 4; j++)
            {
                const float v3_sub = v0_scores[k][j] - v1_row_max;
                v4_exp[k][j] = expf(v3_sub);
                v5_row_sum = v5_row_sum + v4_exp[k][j];
            }
        }
    }
    #pragma unroll
    for (int m = 16; m > 0; m /= 2) v5_row_sum = v5_row_sum + __shfl_xor_sync(0xffffffffu, v5_row_sum, m);
    __shared__ float v5_row_sum_of[4];   // each warp's
    if (threadIdx.x % 32 == 0) v5_row_sum_of[threadIdx.x / 32] = v5_row_sum;
    __syncthreads();
    v5_row_sum = v5_row_sum_of[0];
    #pragma unroll
    for (int w = 1; w < 4; w++) v5_row_sum = v5_row_sum + v5_row_sum_of[w];

    // Pass 3: div1.
    #pragma unroll
    for (int k = 0; k < 2; k++)
    {
        const uint column = 4 * (lane + 128 * k), i = row * 1000 + column;
        if (column < 1000)
        {
            float new_div1[4];
            #pragma unroll
            for (int j = 0; j < 4; j++)
            {
                const float v7_div = v4_exp[k][j] / v5_row_sum;
                new_div1[j] = v7_div;
            }
            store4(div1 + i, new_div1);
        }
    }
}
