#include "update/common.cuh"
// v' = MOMENTUM v - RATE g, p' = p + v', one launch for each parameter, a thread for one element.
//
// Idea: an optimiser that loops over the parameters, as it would be written first. ResNet-18 has 62 of them, and 41 have a thousand elements or fewer: the scales and shifts
// of batch normalisation, and the last bias. For these the launch, some microseconds, is all that they cost.
//
// FLOPs: 4 for each element. Bytes: 20, three arrays read and two written. Limited by launches for small tensors, by DRAM for large ones.
// In the counters: launches; 4 sectors a request. Also one compile for each size, since sizes are constants.
// Source: the loop of every textbook. Macros: TENSORS (1), SIZES (one), RATE, MOMENTUM (float), ALIGNED. Blocks of 256 over the tensor.

extern "C" __global__ void __launch_bounds__(256) update_per_tensor(const __grid_constant__ List<Tensor, TENSORS> tensors)
{
    const Tensor tensor = tensors.items[0];
    const uint i = blockIdx.x * 256 + threadIdx.x;
    if (i < SIZES) stepAt(tensor.p, tensor.g, tensor.v, i);
}
