#include "update/common.cuh"
// v' = MOMENTUM v - RATE g, p' = p + v', one launch for all parameters; a block finds its tensor by halving.
//
// Idea: compare first with the boundary that has half of the blocks on either side, then within that half: large tensors stand near the root. A block of a tensor that has a share
// s of all blocks makes about log2(1 / s) comparisons. The flaw of the rung before: it makes one for each tensor that stands in front.
//
// FLOPs: 4 for each element. Bytes: 20. Limited by DRAM. In the counters: launches: 1; instructions an element: half as many again as rung 2.
// This is what the executor's generator writes for the updates of a training step (src/MiniDL.Cuda/Generate/ManyMaps.cs).
// Source: R. Fano, "The transmission of information", MIT, 1949: the same tree, for a code. Macros and launch shape: as rung 3.

struct Ranges
{
    static constexpr uint firstBlock[] = { FIRST_BLOCKS }, count[] = { SIZES };
};

extern "C" __global__ void __launch_bounds__(256) update_halving(const __grid_constant__ List<Tensor, TENSORS> tensors)
{
    const Share own = shareOf<Ranges>(blockIdx.x);
    const Tensor tensor = tensors.items[own.index];
    stepShare(tensor.p, tensor.g, tensor.v, own.block * 256 + threadIdx.x, own.count);
}
