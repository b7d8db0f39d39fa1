// What every fused rung computes for one element:  y = relu(ALPHA x + r) m
//
// It is the end of a residual block in training: a branch x, scaled, joins the residual r, and dropout's mask m (0, or 1 / (1 - p)) falls on the result. Four operations, three
// arrays in, one out. relu keeps NaN, as everywhere in MiniDL.
#include "prelude.cuh"

__device__ __forceinline__ float at(float x, float r, float m)
{
    float sum = ALPHA * x + r;
    return (sum > 0.0f || sum != sum ? sum : 0.0f) * m;
}
