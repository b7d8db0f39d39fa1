// What the rungs of this ladder share: the tensors of a launch, one step of the optimiser, and a thread's share of one tensor.
//
// Gradient descent with momentum over the parameters of a network:   v' = MOMENTUM v - RATE g,   p' = p + v',   in place.
//
// Each of the three arrays of each parameter is an allocation of its own, somewhere, as a network's parameters are. A launch gets their addresses by value: kernel parameters lie in
// constant memory, 4,096 bytes at most, which is 170 tensors of three pointers; the host splits longer lists. Sizes are constants, SIZES a list of TENSORS numbers.
// Source: I. Sutskever, J. Martens, G. Dahl and G. Hinton, ICML 2013, equations 1 and 2, for the step; NVIDIA, apex, multi_tensor_apply, 2018, for pointers by value.
#include "fused/four.cuh"

#define WIDTH (ALIGNED ? 4 : 1)   // elements that a thread has; a float4 must begin at a multiple of 16 bytes

struct Tensors
{
    float* p[TENSORS];         // parameters, written
    const float* g[TENSORS];   // gradients
    float* v[TENSORS];         // velocities, written
};

__constant__ constexpr uint sizes[TENSORS] = { SIZES };

__device__ __forceinline__ void step(float& p, float g, float& v)
{
    v = MOMENTUM * v - RATE * g;
    p += v;
}

__device__ __forceinline__ void stepAt(float* p, const float* g, float* v, uint i)
{
    float newP = p[i], newV = v[i];   // all loads before the first store: the compiler cannot know that p and v are different arrays
    step(newP, g[i], newV);
    p[i] = newP;
    v[i] = newV;
}

// The WIDTH elements of a tensor of count elements that a thread has, those that there are.
__device__ __forceinline__ void stepShare(float* p, const float* g, float* v, uint thread, uint count)
{
#if ALIGNED
    BY_FOUR(i, thread, count)
    {
        float newP[4], gs[4], newV[4];
        load4(p + i, newP);
        load4(g + i, gs);
        load4(v + i, newV);
#pragma unroll
        for (int k = 0; k < 4; k++) step(newP[k], gs[k], newV[k]);
        store4(p + i, newP);
        store4(v + i, newV);
    }
    REST(j, i, count) stepAt(p, g, v, j);
#else
    if (thread < count) stepAt(p, g, v, thread);
#endif
}
