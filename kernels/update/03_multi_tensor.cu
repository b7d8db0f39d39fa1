#define MIDDLE(FROM, TO) (FROM + 1)   // of fused/ranges.cuh: a chain of comparisons instead of a tree
#include "update/common.cuh"
// v' = MOMENTUM v - RATE g, p' = p + v', one launch for all parameters.
//
// Idea: blocks are dealt to tensors in order, and a block finds out which is its own: of the first? of the second? and so on. The flaw of the rungs before: a launch for each tensor.
//
// FLOPs: 4 for each element. Bytes: 20. Limited by DRAM. In the counters: launches: 1; but instructions an element rise: networks get wider towards their end, so the blocks of
// the largest tensors, which are most blocks, make nearly all of the comparisons.
// Source: NVIDIA, apex, multi_tensor_apply, 2018 (which has a table with the tensor of each block). Macros: TENSORS, SIZES, FIRST_BLOCKS (the first block of each tensor, and their
// number at the end), RATE, MOMENTUM (float), ALIGNED. Blocks of 256 over a quarter of each tensor's elements, all of them where not aligned.

struct Ranges
{
    static constexpr uint firstBlock[] = { FIRST_BLOCKS }, count[] = { SIZES };
};

extern "C" __global__ void __launch_bounds__(256) update_multi_tensor(const __grid_constant__ List<Tensor, TENSORS> tensors)
{
    const Share own = shareOf<Ranges>(blockIdx.x);
    const Tensor tensor = tensors.items[own.index];
    stepShare(tensor.p, tensor.g, tensor.v, own.block * 256 + threadIdx.x, own.count);
}
