#include "prelude.cuh"
#include "sgemm/block_tile.cuh"
// C = alpha * A B + beta * C in float32 for each of a batch. A is M x K, B is K x N, any strides; C is M x N and row-major.
//
// Idea: block_tile.cuh. What is left to say here is how an operand is read. A transposed operand is the same memory with its two strides exchanged, so
// NN, NT, TN and TT are one kernel: all that matters is which neighbours are neighbours in memory (ALONG_K), and whether four of them are one aligned
// float4. Beyond the last row, column and k a read gives zero. Sizes are constants, so where they are multiples of the tile's no such question is asked.
//
// FLOPs: 2 M N K. Bytes, if each block's slabs come from L2 once: 4 M N K (1/BM + 1/BN) + 4 M N (2 with beta); from memory at best 4 (M K + K N + M N).
// Limited by float32 arithmetic for large M, N, K; by latency where there are few tiles, so few and deep products are split along K: SPLITS blocks
// compute a part of the sum each, c is then (SPLITS, BATCH, M, N), and sum_splits.cu adds the parts. The order of the sum depends on shapes alone.
// In the counters: FMA share of the instructions; sectors per request of the loads, 4 for each 4 bytes a lane; no shared memory conflicts.
//
// Ends: STORE_C(i, v) once per element, i the position in the row-major (BATCH, M, N). Sources: see block_tile.cuh.
// Macros: BATCH M N K, ALPHA BETA (float), A_BATCH A_ROW A_COLUMN and B_... (strides in elements), A_ALONG_K B_ALONG_K (0 or 1),
// A_VECTOR B_VECTOR (float or float4), SPLITS and SPLIT_K (a multiple of BK), and those of block_tile.cuh. One block per tile, part and product.

#ifndef STORE_C
#define STORE_C(i, v) c[i] = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

#define TILES_N ((N + BN - 1) / BN)
#define TILES_M ((M + BM - 1) / BM)

extern "C" __global__ void __launch_bounds__(THREADS, MIN_BLOCKS) sgemm(const float* __restrict__ a, const float* __restrict__ b, float* c ENDS_PARAMETERS)
{
    __shared__ __align__(16) Slab slabs[2];
    int tile = blockIdx.x % (TILES_M * TILES_N), part = blockIdx.x / (TILES_M * TILES_N), split = part % SPLITS, batch = part / SPLITS;
    int tileRow = tile / TILES_N * BM, tileCol = tile % TILES_N * BN;
    a += batch * A_BATCH + tileRow * A_ROW;
    b += batch * B_BATCH + tileCol * B_COLUMN;

    auto readA = [&](int m, int k) {
        if ((M % BM != 0 && tileRow + m >= M) || (K % BK != 0 && k >= K)) return A_VECTOR();
        return *(const A_VECTOR*)(a + m * A_ROW + k * A_COLUMN);
    };
    auto readB = [&](int n, int k) {
        if ((N % BN != 0 && tileCol + n >= N) || (K % BK != 0 && k >= K)) return B_VECTOR();
        return *(const B_VECTOR*)(b + n * B_COLUMN + k * B_ROW);
    };

    float threadResults[TM][TN] = {};
    multiplyTile(slabs, split * SPLIT_K, min((split + 1) * SPLIT_K, K), readA, readB, threadResults);

    storeTile(slabs, threadResults, [&](int row, int col, float sum) {
        row += tileRow;
        col += tileCol;
        if ((M % BM != 0 && row >= M) || (N % BN != 0 && col >= N)) return;
        int i = (batch * M + row) * N + col;
        if (SPLITS > 1) c[split * (BATCH * M * N) + i] = sum;
        else
        {
            float v = BETA == 0 ? ALPHA * sum : ALPHA * sum + BETA * c[i];
            STORE_C(i, v);
        }
    });
}
