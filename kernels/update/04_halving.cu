#include "update/common.cuh"
#include "update/halving.cuh"
// v' = MOMENTUM v - RATE g, p' = p + v', one launch for all parameters; a block finds its tensor by halving.
//
// Idea: compare with the boundary that has half of the blocks on either side, then within that half: a tree of comparisons with constants, in which large tensors stand near the
// root. A block of a tensor that has a share s of all blocks goes through about log2(1 / s) of them. The flaw of the rung before: it walks past all that stand in front.
//
// FLOPs: 4 for each element. Bytes: 20. Limited by DRAM. In the counters: launches: 1; instructions an element: as rung 2, nearly.
// This is what the executor's generator writes for the updates of a training step (src/MiniDL.Cuda/Generate/FusedSteps.cs).
// Source: R. Fano, "The transmission of information", MIT, 1949: the same tree, for a code. Macros and launch shape: as rung 3.

extern "C" __global__ void __launch_bounds__(256) update_halving(const __grid_constant__ Tensors tensors)
{
    uint tensor = tensorOf<0, TENSORS>(blockIdx.x);
    stepShare(tensors.p[tensor], tensors.g[tensor], tensors.v[tensor], (blockIdx.x - firstBlock[tensor]) * 256 + threadIdx.x, sizes[tensor]);
}
