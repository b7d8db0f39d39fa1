#include "update/common.cuh"
// v' = MOMENTUM v - RATE g, p' = p + v', one launch for each parameter, a thread for four neighbouring elements.
//
// Idea: loads and stores of 16 bytes (ladder elementwise/, rung 4). The flaw of the rung before that this mends, instructions, is not the one that counts: large tensors were
// limited by DRAM and still are, small ones by their launch.
//
// FLOPs: 4 for each element. Bytes: 20. Limited by launches for small tensors, by DRAM for large ones. In the counters: instructions an element: a third; launches: the same.
// Source: J. Luitjens, "CUDA Pro Tip: Increase Performance with Vectorized Memory Access", 2013. Macros: as rung 1. Blocks of 256 over a quarter of the tensor's elements, all of them where not
// aligned.

extern "C" __global__ void __launch_bounds__(256) update_float4(const __grid_constant__ List<Tensor, TENSORS> tensors)
{
    const Tensor tensor = tensors.items[0];
    stepShare(tensor.p, tensor.g, tensor.v, blockIdx.x * 256 + threadIdx.x, SIZES);
}
