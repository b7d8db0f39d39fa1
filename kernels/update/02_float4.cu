#include "update/common.cuh"
// v' = MOMENTUM v - RATE g, p' = p + v', one launch for each parameter, a thread for four neighbouring elements.
//
// Idea: loads and stores of 16 bytes (ladder elementwise/, rung 4). The flaw of the rung before that this mends, instructions, is not the one that counts: large tensors were
// limited by DRAM and still are, small ones by their launch.
//
// FLOPs: 4 for each element. Bytes: 20. Limited by launches for small tensors, by DRAM for large ones. In the counters: instructions an element: a third; launches: the same.
// Source: J. Luitjens, "CUDA Pro Tip: Increase Performance with Vectorized Memory Access", 2013. Macros: as rung 1. Blocks of 256 over the tensor's elements / WIDTH, rounded up.

extern "C" __global__ void __launch_bounds__(256) update_float4(const Tensors tensors)
{
    stepShare(tensors.p[0], tensors.g[0], tensors.v[0], blockIdx.x * 256 + threadIdx.x, sizes[0]);
}
