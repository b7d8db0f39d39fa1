#include "prelude.cuh"
#define A_ALONG_K 1
#define B_ALONG_K 1
#define A_VECTOR GRADIENT_VECTOR
#define B_VECTOR float
#include "sgemm/block_tile.cuh"
#include "conv/common.cuh"
// The gradient of a convolution for its filters:   df[o,c,p,q] = sum over b,i,j of dy[b,o,i,j] x[b, c, i SY + p - TOP, j SX + q - LEFT].
//
// Idea: an implicit product of matrices again, with m = o, n = (c, p, q), k = (b, i, j): rung 2 without its rows. The result is tiny and the sum long: of 64 filters
// of 32 x 3 x 3 over 128 images of 13 x 13, five tiles, each a sum of 21,632. Five blocks would leave a GPU empty, so the sum is split, not by images as in rung 2
// but into as many parts as fill a GPU: SPLITS blocks per tile add SPLIT_K terms each and write their part to scratch memory, and sgemm/sum_splits.cu adds
// the parts, in the same order each time. No atomics.
//
// FLOPs: 2 O (C KH KW) (B OH OW). Bytes at best: 4 (B C H W + B O OH OW + 2 SPLITS O C KH KW). Limited by float32 arithmetic, or by latency if the sum is
// short. In the counters: neighbouring lanes are 8 neighbouring positions k of 4 rows m or n, so near 8 sectors a request, half of what they hold is used at
// worst; L1 serves the other uses.
//
// Sources: see conv/forward/03_implicit_gemm.cu; split-K: NVIDIA, CUTLASS. Macros: B C O and those of common.cuh, GRADIENT_VECTOR (float4 if OH OW is a multiple
// of 4 and dy aligned, else float), SPLITS, SPLIT_K (a multiple of BK), those of block_tile.cuh. One block per tile and part; df is (SPLITS, O, C, KH, KW).

#define M O
#define N (C * KH * KW)
#define K (B * OH * OW)
#define TILES_N ((N + BN - 1) / BN)
#define TILES_M ((M + BM - 1) / BM)

extern "C" __global__ void __launch_bounds__(THREADS, MIN_BLOCKS) conv_filters_implicit_gemm(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ df)
{
    __shared__ __align__(16) Slab slabs[2];
    int tile = blockIdx.x % (TILES_M * TILES_N), split = blockIdx.x / (TILES_M * TILES_N);
    int tileRow = tile / TILES_N * BM, tileCol = tile % TILES_N * BN;

    auto readGradients = [&](int m, uint k) {
        if ((M % BM != 0 && tileRow + m >= M) || (K % BK != 0 && k >= K)) return A_VECTOR();
        return *(const A_VECTOR*)(dy + (int)(k / (OH * OW) * O + tileRow + m) * (OH * OW) + (int)(k % (OH * OW)));
    };
    auto readWindows = [&](int n, uint k) {
        uint tap = tileCol + n, image = k / (OH * OW), c = tap / (KH * KW);
        int row = (int)(k / OW % OH) * SY + (int)(tap / KW % KH) - TOP, col = (int)(k % OW) * SX + (int)(tap % KW) - LEFT;
        if ((N % BN != 0 && tap >= N) || (K % BK != 0 && k >= K)) return 0.0f;
        return hasPixel(row, col) ? x[(int)(image * C + c) * (H * W) + row * W + col] : 0.0f;
    };

    float threadResults[TM][TN] = {};
    multiplyTile<BK>(slabs, split * SPLIT_K, min((split + 1) * SPLIT_K, K), readGradients, readWindows, threadResults);

    storeTile(slabs, threadResults, [&](int m, int n, float v) {
        int o = tileRow + m, tap = tileCol + n;
        if ((M % BM != 0 && o >= M) || (N % BN != 0 && tap >= N)) return;
        df[split * (M * N) + o * N + tap] = v;
    });
}
