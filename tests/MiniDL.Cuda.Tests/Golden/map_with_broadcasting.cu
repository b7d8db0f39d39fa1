// relu_add_mul, for each of 80000 elements:
//     v0 = x
//     v1 = scale[(128, 625) by 1 0]
//     v2 = mul(v0, v1)   # GoldenKernelTests.cs:21
//     v3 = bias[(128, 625) by 0 1]
//     v4 = add(v2, v3)   # GoldenKernelTests.cs:21
//     v5 = relu(v4)   # GoldenKernelTests.cs:21
//     relu3 = v5
// x: float32(128, 625)
// scale: float32(128, 1)
// bias: float32(625)
// relu3: float32(128, 625), written
// Launch: 79 blocks of 256 threads; one position a thread, then those 20000 further on, up to 4 times.
#include "prelude.cuh"

__device__ __forceinline__ float relu_add_mul_at(float v0_x, float v1_scale, float v3_bias)
{
    const float v2_mul = v0_x * v1_scale;
    const float v4_add = v2_mul + v3_bias;
    const float v5_relu = (v4_add > 0.0f || v4_add != v4_add ? v4_add : 0.0f);
    return v5_relu;
}

extern "C" __global__ void __launch_bounds__(256) map_relu_add_mul(const float* __restrict__ x, const float* __restrict__ scale, const float* __restrict__ bias, float* __restrict__ relu3)
{
    const uint thread = blockIdx.x * 256 + threadIdx.x;
    if (thread >= 20000) return;
    const float v3_bias = bias[thread % 625];
    for (uint i = thread; i < 80000; i += 20000)
    {
        relu3[i] = relu_add_mul_at(x[i], scale[i / 625], v3_bias);
    }
}
