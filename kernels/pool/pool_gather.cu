// The gradient of max pooling's gradient: v[plane, oy, ox] = u[plane, index[plane, oy, ox]], what the forward pass chose out of other planes.
//
// The idea: a thread per window. Reading u at an index looks like a scattered access, but the indices of neighbouring windows name neighbouring pixels:
// 32 windows of 2 x 2 choose among 128 pixels of a few rows, and nearly every sector of those rows holds one that is chosen. So u is read about once, and in
// few sectors, with no help from shared memory.
//
// Bytes: 4 P (2 OH OW + H W) if windows stand side by side; where they overlap, those above each other read the same rows again, out of the first-level cache.
// FLOPs: none. Limit: bandwidth.
// Counters: sectors per request of the gather: up to the number of pixel rows under 32 windows times the sectors of each; 4 everywhere else.
//
// Macros: P H W OH OW BLOCK. Ends: STORE_Y(i, v), once for each value.
#include "prelude.cuh"

#ifndef STORE_Y
#define STORE_Y(i, v) y[i] = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

extern "C" __global__ void __launch_bounds__(BLOCK) pool_gather(
    const int* __restrict__ index, const float* __restrict__ u, float* __restrict__ y ENDS_PARAMETERS)
{
    int o = blockIdx.x * BLOCK + threadIdx.x;
    if (o >= P * OH * OW) return;
    float chosen = u[o / (OH * OW) * (H * W) + index[o]];
    STORE_Y(o, chosen);
}
