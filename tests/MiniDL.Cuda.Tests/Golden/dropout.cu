// mul_bernoulli_relu, for each of 80000 elements:
//     v0 = dot10
//     v1 = relu(v0)   # Models.cs:93
//     v2 = bernoulli[p 0.5, stream 1]   # Models.cs:93
//     v3 = 2
//     v4 = mul(v2, v3)   # Models.cs:93
//     v5 = mul(v1, v4)   # Models.cs:93
//     mul11 = v5
// dot10: float32(128, 625)
// mul11: float32(128, 625), written
// run: the seed and the number of the run
// Launch: 79 blocks of 256 threads; four neighbouring positions a thread.
#include "prelude.cuh"
#include "fused/four.cuh"
#include "random/philox.cuh"

__device__ __forceinline__ float mul_bernoulli_relu_at(float v0_dot10, float v2_bernoulli)
{
    const float v1_relu = (v0_dot10 > 0.0f || v0_dot10 != v0_dot10 ? v0_dot10 : 0.0f);
    const float v4_mul = v2_bernoulli * 2.0f;
    const float v5_mul = v1_relu * v4_mul;
    return v5_mul;
}

extern "C" __global__ void __launch_bounds__(256) map_mul_bernoulli_relu(const float* __restrict__ dot10, float* __restrict__ mul11, const uint64* __restrict__ run)
{
    const uint thread = blockIdx.x * 256 + threadIdx.x;
    BY_FOUR(i, thread, 80000)
    {
        float v0_dot10[4];
        load4(dot10 + i, v0_dot10);
        float v2_bernoulli[4];
        bernoulli4(run, 1, i, 0.5f, v2_bernoulli);
        float new_mul11[4];
        #pragma unroll
        for (int k = 0; k < 4; k++) new_mul11[k] = mul_bernoulli_relu_at(v0_dot10[k], v2_bernoulli[k]);
        store4(mul11 + i, new_mul11);
    }
}
