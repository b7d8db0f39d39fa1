#include "update/common.cuh"
// v' = MOMENTUM v - RATE g, p' = p + v', one launch for all parameters.
//
// Idea: blocks are dealt to tensors in order, and a block looks up in a table which is its own: it walks along the tensors until the next one's first block lies behind it. All
// threads of a block walk the same way. The flaw of the rungs before: a launch for each tensor.
//
// FLOPs: 4 for each element. Bytes: 20. Limited by DRAM. In the counters: launches: 1; but instructions an element rise: networks get wider towards their end, so the blocks of
// the largest tensors, which are most blocks, walk along nearly all of the table.
// Source: NVIDIA, apex, multi_tensor_apply, 2018 (whose table has the tensor of each block). Macros: TENSORS, SIZES, FIRST_BLOCKS (the first block of each tensor, and their number
// at the end), RATE, MOMENTUM (float), ALIGNED. Blocks of 256 over each tensor's elements / WIDTH, rounded up for each.

__constant__ constexpr uint firstBlock[TENSORS + 1] = { FIRST_BLOCKS };

extern "C" __global__ void __launch_bounds__(256) update_multi_tensor(const __grid_constant__ Tensors tensors)
{
    uint tensor = 0;
    while (blockIdx.x >= firstBlock[tensor + 1]) tensor++;
    stepShare(tensors.p[tensor], tensors.g[tensor], tensors.v[tensor], (blockIdx.x - firstBlock[tensor]) * 256 + threadIdx.x, sizes[tensor]);
}
