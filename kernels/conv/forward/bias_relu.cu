#include "prelude.cuh"
// y = relu(y + bias[o]), in place: what stands behind a convolution, as a launch of its own.
//
// Idea: none, and that is the point. Two FLOPs an element, and y goes from memory to the multiprocessors and back once more. Rung 4 does the same two FLOPs where
// the convolution still has y in a register.
//
// Bytes: 8 B O OH OW. Limited by memory, and for small y by the launch. In the counters: 4 sectors a request, 2 FLOPs for 8 bytes.
// Conventions: relu(NaN) is NaN, as everywhere in MiniDL; fmaxf(NaN, 0) would be 0. Macros: B O OH OW. Blocks of 256 threads, an element a thread.

extern "C" __global__ void __launch_bounds__(256) bias_relu(float* __restrict__ y, const float* __restrict__ bias)
{
    uint e = blockIdx.x * 256 + threadIdx.x;
    if (e >= B * O * OH * OW) return;
    y[e] = max_nan(y[e] + bias[e / (OH * OW) % O], 0.0f);
}
