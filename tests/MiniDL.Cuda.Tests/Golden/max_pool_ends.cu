// max_pool_mul_bernoulli_relu: what is fused onto the ends of the kernel below.
#include "prelude.cuh"
#include "random/philox.cuh"

// STORE_Y:
//     v0 = max_pool14
//     v1 = relu(v0)   # Models.cs:109
//     v2 = bernoulli[p 0.8, stream 0]   # Models.cs:109
//     v3 = 1.25
//     v4 = mul(v2, v3)   # Models.cs:109
//     v5 = mul(v1, v4)   # Models.cs:109
//     mul16 = v5
__device__ __forceinline__ float mul_bernoulli_relu_at(float v0_value, float v2_bernoulli)
{
    const float v1_relu = (v0_value > 0.0f || v0_value != v0_value ? v0_value : 0.0f);
    const float v4_mul = v2_bernoulli * 1.25f;
    const float v5_mul = v1_relu * v4_mul;
    return v5_mul;
}

__device__ __forceinline__ void ends_store_y(uint i, float value, float* y, float* e0_mul16, const uint64* run)
{
    y[i] = value;
    e0_mul16[i] = mul_bernoulli_relu_at(value, bernoulli(run, 0, i, 0.8f));
}
#define STORE_Y(i, v) ends_store_y(i, v, y, e0_mul16, run)

#define ENDS_PARAMETERS , float* e0_mul16, const uint64* run
