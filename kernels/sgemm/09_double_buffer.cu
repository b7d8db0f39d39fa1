#include "prelude.cuh"
#include "sgemm/block_tile.cuh"
#include "sgemm/operands.cuh"
// C = alpha A B + beta C: a warp tile, and the next slab on its way while one is multiplied. What the executor runs, and the best float32 rung.
//
// Idea: a block of rung 8 stands still from asking for a slab until it is there; only other blocks work meanwhile, and registers leave room for one or two. Here a thread asks
// for the next slab, multiplies the one it has, and only then puts the next into shared memory, into a second buffer (block_tile.cuh draws it). One barrier a slab.
//
// FLOPs: 2 M N K. Bytes, if each block's slabs come from L2 once: 4 M N K (1/BM + 1/BN) + 4 M N (2 with beta); from memory at best 4 (M K + K N + M N).
// Limited by float32 arithmetic for large M, N, K; by latency where there are few tiles: rung 11.
// In the counters: FMA share of the instructions, above 90% for 8 x 8; sectors per request of the loads, 4 for each 4 bytes a lane; no shared memory conflicts.
//
// Ends: STORE_C(i, v) once per element, i the position in the row-major (BATCH, M, N); C_VECTOR must then be float. Sources: see warp_tile.cuh; double buffering: S. Boehm,
// kernel 11, and V. Volkov and J. Demmel, "Benchmarking GPUs to tune dense linear algebra", 2008. Macros: see operands.cuh. One block per tile and product.

#ifndef STORE_C
#define STORE_C(i, v) *(C_VECTOR*)(c + i) = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

extern "C" __global__ void __launch_bounds__(THREADS, MIN_BLOCKS) sgemm_double_buffer(const float* __restrict__ a, const float* __restrict__ b, float* c ENDS_PARAMETERS)
{
    __shared__ __align__(16) Slab slabs[2];
    Tile tile(blockIdx.x);
    float threadResults[TM][TN] = {};
    multiplyTile(slabs, 0, K, OperandA(a, tile), OperandB(b, tile), threadResults);
    storeResults(slabs, threadResults, C_VECTOR(), [&](int row, int col, C_VECTOR sums) {
        if (!tile.has(row, col)) return;
        int i = tile.at(row, col);
        C_VECTOR v = scaled(sums, c + i);
        STORE_C(i, v);
    });
}
