#include "update/common.cuh"
#include "update/halving.cuh"
// v' = MOMENTUM v - RATE g, p' = p + v', one launch for all parameters; a block has a chunk of CHUNK shares of a tensor.
//
// Idea: a block that has found its tensor stays a while, so that the search and the addresses are paid once for CHUNK * 256 * WIDTH elements. The flaw of the rung before, if it is
// one: a search for each 1,024 elements.
//
// FLOPs: 4 for each element. Bytes: 20. Limited by DRAM, as rung 4 already was. In the counters: instructions an element fall a little; blocks to a quarter: that is the price. A
// network of 800,000 parameters is 198 chunks, on 108 multiprocessors: some have two, most of their neighbours' time is idle. A chunk's steps wait for memory one after the other.
// Source: NVIDIA, apex, multi_tensor_apply, 2018, whose chunks have 65,536 elements. Macros: as rung 3, and CHUNK; FIRST_BLOCKS counts chunks. Blocks of 256, one for each chunk.

extern "C" __global__ void __launch_bounds__(256) update_chunks(const __grid_constant__ Tensors tensors)
{
    uint tensor = tensorOf<0, TENSORS>(blockIdx.x);
    const uint first = (blockIdx.x - firstBlock[tensor]) * (256 * CHUNK) + threadIdx.x;
#pragma unroll
    for (int share = 0; share < CHUNK; share++)
        stepShare(tensors.p[tensor], tensors.g[tensor], tensors.v[tensor], first + share * 256, sizes[tensor]);
}
