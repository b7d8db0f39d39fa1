// Random numbers in registers: Philox4x32-10, the same bits as src/MiniDL/Ops/Tiles/Philox.cs on every device.
//
// A random number is a pure function of (seed, stream, run, element index): no state is kept, and a backward pass draws the same dropout mask again
// instead of loading it. One encrypted counter yields four words, for elements 4c .. 4c + 3, so a thread that does four neighbours pays for one.
// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11.
//
// run points at two words on the device: the seed, and the number of the run.
#ifndef MINIDL_PHILOX
#define MINIDL_PHILOX
#include "prelude.cuh"

// The four words of a counter: ten rounds of multiplying and mixing under a key that steps by the golden ratio and by sqrt(3) - 1.
__device__ __forceinline__ uint4 philox(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
{
    #pragma unroll
    for (int round = 0; round < 10; round++)
    {
        const uint high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
        const uint high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return make_uint4(c0, c1, c2, c3);
}

// The words of elements 4 * (index / 4) .. + 3.
__device__ __forceinline__ uint4 random_words(const uint64* run, uint stream, uint index)
{
    const uint64 seed = run[0], number = run[1];
    return philox(index / 4, stream, (uint)number, (uint)(number >> 32), (uint)seed, (uint)(seed >> 32));
}

__device__ __forceinline__ uint random_word(const uint64* run, uint stream, uint index)
{
    const uint4 words = random_words(run, stream, index);
    const uint even = index & 2 ? words.z : words.x, odd = index & 2 ? words.w : words.y;
    return index & 1 ? odd : even;
}

// Uniform on [0, 1): the upper 24 bits of a word, exact in float.
__device__ __forceinline__ float unit_of(uint word) { return (float)(word >> 8) * 5.9604644775390625e-8f; }

__device__ __forceinline__ float uniform(const uint64* run, uint stream, uint index) { return unit_of(random_word(run, stream, index)); }

__device__ __forceinline__ void uniform4(const uint64* run, uint stream, uint index, float (&u)[4])
{
    const uint4 words = random_words(run, stream, index);
    u[0] = unit_of(words.x);
    u[1] = unit_of(words.y);
    u[2] = unit_of(words.z);
    u[3] = unit_of(words.w);
}

// 1 with probability p, else 0.
__device__ __forceinline__ float bernoulli(const uint64* run, uint stream, uint index, float p) { return uniform(run, stream, index) < p ? 1.0f : 0.0f; }

__device__ __forceinline__ void bernoulli4(const uint64* run, uint stream, uint index, float p, float (&b)[4])
{
    float u[4];
    uniform4(run, stream, index, u);
    #pragma unroll
    for (int k = 0; k < 4; k++) b[k] = u[k] < p ? 1.0f : 0.0f;
}

// Standard normal, in pairs (Box and Muller, 1958): z0 = sqrt(-2 ln u1) cos(2 pi u2), z1 the same with sin; u1 in (0, 1], u2 in [0, 1).
// cospif and sinpif take the angle in half turns, which makes the reduction of their argument exact.
__device__ __forceinline__ float radius_of(uint word) { return sqrtf(-2.0f * logf(unit_of(word) + 5.9604644775390625e-8f)); }

__device__ __forceinline__ float normal(const uint64* run, uint stream, uint index)
{
    const uint4 words = random_words(run, stream, index);
    const float radius = radius_of(index & 2 ? words.z : words.x), half_turns = 2.0f * unit_of(index & 2 ? words.w : words.y);
    return radius * (index & 1 ? sinpif(half_turns) : cospif(half_turns));
}

__device__ __forceinline__ void normal4(const uint64* run, uint stream, uint index, float (&z)[4])
{
    const uint4 words = random_words(run, stream, index);
    const float radius01 = radius_of(words.x), turns01 = 2.0f * unit_of(words.y), radius23 = radius_of(words.z), turns23 = 2.0f * unit_of(words.w);
    z[0] = radius01 * cospif(turns01);
    z[1] = radius01 * sinpif(turns01);
    z[2] = radius23 * cospif(turns23);
    z[3] = radius23 * sinpif(turns23);
}
#endif
