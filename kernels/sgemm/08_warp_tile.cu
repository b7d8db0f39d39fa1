#include "prelude.cuh"
#include "sgemm/warp_tile.cuh"
#include "sgemm/operands.cuh"
// C = alpha A B + beta C: a tile for each warp between the block's and the thread's.
//
// Idea: in rung 7 a warp's threads lie along the block's tile as their numbers come, two rows of 16, so that a warp reads 2 x 8 + 16 x 8 different numbers for each k. Here 32 lanes stand
// as 8 x 4, and a warp computes 64 x 32 elements: 64 + 32 numbers. More lanes want the same, and they stand so that all loads gain by it, those of B too (warp_tile.cuh draws it). With
// every size a macro the host picks the tile for the problem: a large one for reuse, a small one for more blocks (BlockTile.cs).
//
// FLOPs: 2 M N K. Bytes: 4 M N K (1/BM + 1/BN) from L2. The flaw that is left: a block asks for a slab, waits for it, and then multiplies; never both. Two barriers a slab: one
// until the slab is there, one until all have read it. Limited by float32 arithmetic and by that wait, which only another resident block can hide.
// In the counters: wavefronts for each multiply-add, 0.19 -> 0.125, none of them by bank conflicts; 2 barriers a slab and warp. Sources: see warp_tile.cuh. Macros: see operands.cuh.

extern "C" __global__ void __launch_bounds__(THREADS, MIN_BLOCKS) sgemm_warp_tile(const float* __restrict__ a, const float* __restrict__ b, float* c)
{
    __shared__ __align__(16) Slab slab;
    Tile tile(blockIdx.x);
    OperandA readA(a, tile);
    OperandB readB(b, tile);
    Carried<BM, A_ALONG_K, A_VECTOR> ofA;
    Carried<BN, B_ALONG_K, B_VECTOR> ofB;
    float* placeA = ofA.placeIn(slab.As), * placeB = ofB.placeIn(slab.Bs);
    float threadResults[TM][TN] = {};
#pragma unroll 1
    for (int k = 0; k < K; k += BK)
    {
        ofA.fetch(k, readA);
        ofB.fetch(k, readB);
        ofA.put(placeA);   // waits for what was asked for just now
        ofB.put(placeB);
        __syncthreads();   // all parts are there
        multiplySlab(&slab.As[0][FIRST_ROW], &slab.Bs[0][FIRST_COL], threadResults);
        __syncthreads();   // all have multiplied them
    }
    storeResults(&slab, threadResults, C_VECTOR(), [&](int row, int col, C_VECTOR sums) {
        if (tile.has(row, col)) *(C_VECTOR*)(c + tile.at(row, col)) = scaled(sums, c + tile.at(row, col));
    });
}
