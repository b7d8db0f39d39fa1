// update, 3 expressions over arrays of their own:
//     update_0, 3 times (490000, 390625, 6250 elements), the first time:
//     v0 = 0.9
//     v1 = mean square of wH
//     v2 = mul(v0, v1)   # Models.cs:97
//     v3 = dot21
//     v4 = square(v3)   # Models.cs:97
//     v5 = 0.1
//     v6 = mul(v5, v4)   # Models.cs:97
//     v7 = add(v2, v6)   # Models.cs:97
//     v8 = 0.001
//     v9 = mul(v8, v3)   # Models.cs:97
//     v10 = 1E-06
//     v11 = add(v7, v10)   # Models.cs:97
//     v12 = sqrt(v11)   # Models.cs:97
//     v13 = div(v9, v12)   # Models.cs:97
//     v14 = wH
//     v15 = sub(v14, v13)   # Models.cs:97
//     mean square of wH = v7
//     wH = v15
// mean_square_of_wH: float32(784, 625), written
// dot21: float32(784, 625)
// wH: float32(784, 625), written
// mean_square_of_wH2: float32(625, 625), written
// dot22: float32(625, 625)
// wH2: float32(625, 625), written
// mean_square_of_wO: float32(625, 10), written
// dot23: float32(625, 10)
// wO: float32(625, 10), written
// Launch: 868 blocks of 256 threads; dealt to the arrays in order.
#include "prelude.cuh"
#include "fused/four.cuh"
#include "fused/ranges.cuh"

__device__ __forceinline__ void update_0_at(float v1_p0, float v3_p1, float v14_p2, float& new_p0, float& new_p2)
{
    const float v2_mul = 0.9f * v1_p0;
    const float v4_square = v3_p1 * v3_p1;
    const float v6_mul = 0.100000024f * v4_square;
    const float v7_add = v2_mul + v6_mul;
    const float v9_mul = 0.001f * v3_p1;
    const float v11_add = v7_add + 1E-06f;
    const float v12_sqrt = sqrtf(v11_add);
    const float v13_div = v9_mul / v12_sqrt;
    const float v15_sub = v14_p2 - v13_div;
    new_p0 = v7_add;
    new_p2 = v15_sub;
}

__device__ __forceinline__ void update_0(float* __restrict__ p0, const float* __restrict__ p1, float* __restrict__ p2, uint thread, uint count)
{
    BY_FOUR(i, thread, count)
    {
        float v1_p0[4];
        load4(p0 + i, v1_p0);
        float v3_p1[4];
        load4(p1 + i, v3_p1);
        float v14_p2[4];
        load4(p2 + i, v14_p2);
        float new_p0[4];
        float new_p2[4];
        #pragma unroll
        for (int k = 0; k < 4; k++) update_0_at(v1_p0[k], v3_p1[k], v14_p2[k], new_p0[k], new_p2[k]);
        store4(p0 + i, new_p0);
        store4(p2 + i, new_p2);
    }
    REST(j, i, count)
    {
        float new_p0;
        float new_p2;
        update_0_at(p0[j], p1[j], p2[j], new_p0, new_p2);
        p0[j] = new_p0;
        p2[j] = new_p2;
    }
}

struct update_0_arrays
{
    float* p0;   // mean_square_of_wH, mean_square_of_wH2, mean_square_of_wO
    const float* p1;   // dot21, dot22, dot23
    float* p2;   // wH, wH2, wO
};

struct update_0_ranges
{
    static constexpr uint firstBlock[] = { 0, 479, 861, 868 }, count[] = { 490000, 390625, 6250 };
};

extern "C" __global__ void __launch_bounds__(256) map_update(const __grid_constant__ List<update_0_arrays, 3> update_0_list)
{
    const Share own = shareOf<update_0_ranges>(blockIdx.x);
    const update_0_arrays arrays = update_0_list.items[own.index];
    update_0(arrays.p0, arrays.p1, arrays.p2, 256 * own.block + threadIdx.x, own.count);
}
