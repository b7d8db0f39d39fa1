// exp_maximum, for each of 1500 elements:
//     v0 = x
//     v1 = y
//     v2 = maximum(v0, v1)   # GoldenKernelTests.cs:14
//     v3 = exp(v2)   # GoldenKernelTests.cs:14
//     exp2 = v3
// x: float32(50, 30)
// y: float32(50, 30)
// exp2: float32(50, 30), written
// Launch: 2 blocks of 256 threads; four neighbouring positions a thread.
#include "prelude.cuh"
#include "fused/four.cuh"

__device__ __forceinline__ float exp_maximum_at(float v0_x, float v1_y)
{
    const float v2_maximum = max_nan(v0_x, v1_y);
    const float v3_exp = expf(v2_maximum);
    return v3_exp;
}

extern "C" __global__ void __launch_bounds__(256) map_exp_maximum(const float* __restrict__ x, const float* __restrict__ y, float* __restrict__ exp2)
{
    const uint thread = blockIdx.x * 256 + threadIdx.x;
    BY_FOUR(i, thread, 1500)
    {
        float v0_x[4];
        load4(x + i, v0_x);
        float v1_y[4];
        load4(y + i, v1_y);
        float new_exp2[4];
        #pragma unroll
        for (int k = 0; k < 4; k++) new_exp2[k] = exp_maximum_at(v0_x[k], v1_y[k]);
        store4(exp2 + i, new_exp2);
    }
}
