// Four neighbouring elements a thread, with one load or store of 16 bytes (4 bytes for bools): what generated maps and the ladders elementwise/ and update/ share.
//
// A warp that loads float by float asks for 128 bytes at a time; with four floats a lane it asks for 512, and spends a quarter of the instructions on it. The address
// must be a multiple of the vector's size. After unrolling, the arrays are registers.
//
//     BY_FOUR(i, thread, count) { ... }     for the four elements from i on, if all four are there
//     REST(j, i, count) ...                 else for the one to three that are left, one by one; may be left out where count is a multiple of 4
#ifndef MINIDL_FOUR
#define MINIDL_FOUR
#include "prelude.cuh"

#define BY_FOUR(i, thread, count) if (const uint i = 4 * (thread); (thread) < (count) / 4)
#define REST(j, i, count) else _Pragma("unroll 1") for (uint j = i; j < (count); j++)

__device__ __forceinline__ void load4(const float* address, float (&v)[4])
{
    const float4 four = *(const float4*)address;
    v[0] = four.x;
    v[1] = four.y;
    v[2] = four.z;
    v[3] = four.w;
}

__device__ __forceinline__ void load4(const int* address, int (&v)[4])
{
    const int4 four = *(const int4*)address;
    v[0] = four.x;
    v[1] = four.y;
    v[2] = four.z;
    v[3] = four.w;
}

__device__ __forceinline__ void load4(const bool* address, bool (&v)[4])
{
    const uchar4 four = *(const uchar4*)address;
    v[0] = four.x != 0;
    v[1] = four.y != 0;
    v[2] = four.z != 0;
    v[3] = four.w != 0;
}

__device__ __forceinline__ void store4(float* address, const float (&v)[4]) { *(float4*)address = make_float4(v[0], v[1], v[2], v[3]); }

__device__ __forceinline__ void store4(int* address, const int (&v)[4]) { *(int4*)address = make_int4(v[0], v[1], v[2], v[3]); }

__device__ __forceinline__ void store4(bool* address, const bool (&v)[4]) { *(uchar4*)address = make_uchar4(v[0], v[1], v[2], v[3]); }
#endif
