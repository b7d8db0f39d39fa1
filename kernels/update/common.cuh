// What the rungs of this ladder share: the tensors of a launch, one step of the optimiser, and a thread's share of one tensor.
//
// Gradient descent with momentum over the parameters of a network:   v' = MOMENTUM v - RATE g,   p' = p + v',   in place.
//
// Each of the three arrays of each parameter is an allocation of its own, somewhere, as a network's parameters are. A launch gets their addresses by value, 24 bytes for each
// parameter, so 170 parameters at most; the host splits longer lists. Sizes are constants: SIZES is a list of TENSORS numbers.
// Source: I. Sutskever, J. Martens, G. Dahl and G. Hinton, ICML 2013, equations 1 and 2, for the step; NVIDIA, apex, multi_tensor_apply, 2018, for pointers by value.
#include "fused/four.cuh"
#include "fused/ranges.cuh"

struct Tensor
{
    float* p;         // the parameter, written
    const float* g;   // its gradient
    float* v;         // its velocity, written
};

__device__ __forceinline__ void step(float& p, float g, float& v)
{
    v = MOMENTUM * v - RATE * g;
    p += v;
}

__device__ __forceinline__ void stepAt(float* __restrict__ p, const float* __restrict__ g, float* __restrict__ v, uint i)
{
    float newP = p[i], newV = v[i];
    step(newP, g[i], newV);
    p[i] = newP;
    v[i] = newV;
}

// What a thread has of a tensor: four elements, or one where the arrays do not begin at multiples of 16 bytes; as far as there are any.
__device__ __forceinline__ void stepShare(float* __restrict__ p, const float* __restrict__ g, float* __restrict__ v, uint thread, uint count)
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
