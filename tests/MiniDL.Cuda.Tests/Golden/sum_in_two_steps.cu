#define N 1000000
#define PART 4096
#define THREADS 256
#define WIDTH 4
#define PARTIAL float
#define IDENTITY 0.0f
#define COMBINE(a, b) a + b
#define RESULT float
// sum_abs, one result of 1000000 terms:
//     v0 = x
//     v1 = abs(v0)   # GoldenKernelTests.cs:40
//     sum1 = sum of v1 over axes 0 1 of (1000, 1000)
// x_x: float32(1000, 1000)
// Launch: 245 blocks of 256 threads; cut into 245 parts of 4096 terms.
#include "prelude.cuh"
#include "fused/four.cuh"

__device__ __forceinline__ float sum_abs_at(float v0_x_x)
{
    const float v1_abs = fabsf(v0_x_x);
    return v1_abs;
}

#define X_PARAMETERS const float* __restrict__ x_x,
#define LOAD_X(i) sum_abs_at(x_x[i])
__device__ __forceinline__ void load4_x(const float* __restrict__ x_x, uint i, PARTIAL (&terms)[4])
{
    float v0_x_x[4];
    load4(x_x + i, v0_x_x);
    #pragma unroll
    for (int k = 0; k < 4; k++) terms[k] = sum_abs_at(v0_x_x[k]);
}
#define LOAD4_X(i, v) load4_x(x_x, i, v)
#include "reduce/08_float4.cu"
#define N 245
#define PART 256
#define THREADS 32
#define WIDTH 1
#define PARTIAL float
#define IDENTITY 0.0f
#define COMBINE(a, b) a + b
#define RESULT float
#include "reduce/08_float4.cu"
