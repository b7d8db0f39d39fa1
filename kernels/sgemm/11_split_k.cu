#include "prelude.cuh"
#include "sgemm/block_tile.cuh"
#include "sgemm/operands.cuh"
// Parts of A B, SPLITS of them, each a sum over SPLIT_K of the K terms: the first pass of C = alpha A B + beta C for few tiles and a long sum. sum_splits.cu is the second.
//
// Idea: 128 x 10 x 60,000 has four tiles at best, four blocks for a hundred multiprocessors, each with a long way along K. Rung 9 leaves the GPU empty there. Here several blocks
// compute the same tile over different k, each into a part of scratch memory of its own, and a second kernel adds the parts. Both add in an order that follows from the shapes, so
// the bits are the same each time; with atomics they would not be. It is rung 9 but for where it begins and ends along K, and where it stores.
//
// FLOPs: 2 M N K, and SPLITS M N. Bytes: those of rung 9, and 4 M N SPLITS to write the parts and to read them again: for large M and N a loss, 3% at 4096.
// Limited by what rung 9 is, once there are blocks enough. In the counters: nothing of it shows in one block; waves do, and the time.
//
// parts is (SPLITS, BATCH, M, N). alpha, beta and ends are the second pass's. Source: NVIDIA, CUTLASS, "Parallelized reductions". Macros: SPLITS, SPLIT_K (a multiple of BK), and
// those of operands.cuh, ALPHA and BETA without effect. One block per tile, part and product.

extern "C" __global__ void __launch_bounds__(THREADS, MIN_BLOCKS) sgemm_split_k(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ parts)
{
    __shared__ __align__(16) Slab slabs[2];
    int split = blockIdx.x / (BATCH * TILES_M * TILES_N);   // neighbouring blocks have neighbouring tiles, and share slabs
    Tile tile(blockIdx.x % (BATCH * TILES_M * TILES_N));
    float threadResults[TM][TN] = {};
    multiplyTile(slabs, split * SPLIT_K, min((split + 1) * SPLIT_K, K), OperandA(a, tile), OperandB(b, tile), threadResults);
    storeResults(slabs, threadResults, C_VECTOR(), [&](int row, int col, C_VECTOR sums) {
        if (tile.has(row, col)) *(C_VECTOR*)(parts + split * (BATCH * M * N) + tile.at(row, col)) = sums;
    });
}
