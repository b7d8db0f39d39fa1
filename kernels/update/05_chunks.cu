#include "update/common.cuh"
// v' = MOMENTUM v - RATE g, p' = p + v', one launch for all parameters; a block has CHUNK times the elements, all of one tensor.
//
// Idea: a block that has found its tensor stays a while, so that search and addresses are paid once for 4,096 elements. The flaw of the rung before, if it is one: a search
// for each 1,024.
//
// FLOPs: 4 for each element. Bytes: 20. Limited by DRAM, as rung 4 already was. In the counters: instructions an element fall a little; blocks to a quarter: that is the price. A
// network of 800,000 parameters is 198 chunks, on 108 multiprocessors: most have two, the others one and then nothing. And the steps of a chunk wait for memory one after the other.
// Source: NVIDIA, apex, multi_tensor_apply, 2018, whose chunks have 65,536 elements. Macros: as rung 3, and CHUNK; FIRST_BLOCKS counts chunks. Blocks of 256, one for each chunk.

struct Ranges
{
    static constexpr uint firstBlock[] = { FIRST_BLOCKS }, count[] = { SIZES };
};

extern "C" __global__ void __launch_bounds__(256) update_chunks(const __grid_constant__ List<Tensor, TENSORS> tensors)
{
    const Share own = shareOf<Ranges>(blockIdx.x);
    const Tensor tensor = tensors.items[own.index];
#pragma unroll
    for (int share = 0; share < CHUNK; share++)
        stepShare(tensor.p, tensor.g, tensor.v, (own.block * CHUNK + share) * 256 + threadIdx.x, own.count);
}
