#include "prelude.cuh"
#define A_ALONG_K 1
#define B_ALONG_K 1
#define A_VECTOR float
#define B_VECTOR float
#include "sgemm/block_tile.cuh"
// The gradient of a convolution for its filters:   df[o,c,p,q] = sum over b,i,j of dy[b,o,i,j] x[b, c, i SY + p - TOP, j SX + q - LEFT].
//
// Idea: an implicit product of matrices again, with m = o, n = (c, p, q), k = (b, i, j). The result is tiny and the sum long: of 64 filters of 32 x 3 x 3 over
// 128 images of 13 x 13, five tiles, each a sum of 21,632. Five blocks would leave a GPU empty, so the sum is split: SPLITS blocks per tile add SPLIT_K
// terms each and write their part to scratch memory, and sgemm/sum_splits.cu adds the parts, in the same order each time. No atomics.
//
// FLOPs: 2 O (C KH KW) (B OH OW). Bytes at best: 4 (B C H W + B O OH OW + 2 SPLITS O C KH KW). Limited by float32 arithmetic, or by latency if the sum is
// short. In the counters: neighbouring lanes are 8 neighbouring positions k of 4 rows m or n, so near 8 sectors a request, half of what they hold is used at
// worst; L1 serves the other uses.
//
// y and f are dy and df. Ends: LOAD_X(i) up to KH KW ceil(O/BM) times an element, LOAD_Y(i) ceil(C KH KW / BN) times; STORE_F(i, v) once, and not if SPLITS
// is more than 1. Source: see conv_forward.cu; split-K: NVIDIA, CUTLASS. Macros: B C H W O KH KW OH OW, SY SX, TOP LEFT, SPLITS, SPLIT_K (a multiple
// of BK), those of block_tile.cuh. One block per tile and part.

#ifndef LOAD_X
#define LOAD_X(i) x[i]
#endif
#ifndef LOAD_Y
#define LOAD_Y(i) y[i]
#endif
#ifndef STORE_F
#define STORE_F(i, v) f[i] = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

#define M O
#define N (C * KH * KW)
#define K (B * OH * OW)
#define TILES_N ((N + BN - 1) / BN)
#define TILES_M ((M + BM - 1) / BM)
#define IN_ROWS (TOP == 0 && (OH - 1) * SY + KH <= H)   // no window leaves the image above or below; to the left or right
#define IN_COLS (LEFT == 0 && (OW - 1) * SX + KW <= W)

extern "C" __global__ void __launch_bounds__(THREADS, MIN_BLOCKS) conv_filter_gradient(const float* __restrict__ x, const float* __restrict__ y, float* __restrict__ f ENDS_PARAMETERS)
{
    __shared__ __align__(16) Slab slabs[2];
    int tile = blockIdx.x % (TILES_M * TILES_N), split = blockIdx.x / (TILES_M * TILES_N);
    int tileRow = tile / TILES_N * BM, tileCol = tile % TILES_N * BN;

    auto readGradients = [&](int m, uint k) {
        if ((M % BM != 0 && tileRow + m >= M) || (K % BK != 0 && k >= K)) return 0.0f;
        return LOAD_Y((int)(k / (OH * OW) * O + tileRow + m) * (OH * OW) + (int)(k % (OH * OW)));
    };
    auto readWindows = [&](int n, uint k) {
        uint tap = tileCol + n, image = k / (OH * OW), c = tap / (KH * KW);
        int row = (int)(k / OW % OH) * SY + (int)(tap / KW % KH) - TOP, col = (int)(k % OW) * SX + (int)(tap % KW) - LEFT;
        if ((N % BN != 0 && tap >= N) || (K % BK != 0 && k >= K)) return 0.0f;
        if ((!IN_ROWS && (row < 0 || row >= H)) || (!IN_COLS && (col < 0 || col >= W))) return 0.0f;
        return LOAD_X((int)(image * C + c) * (H * W) + row * W + col);
    };

    float threadResults[TM][TN] = {};
    multiplyTile(slabs, split * SPLIT_K, min((split + 1) * SPLIT_K, K), readGradients, readWindows, threadResults);

    storeTile(slabs, threadResults, [&](int m, int n, float v) {
        int o = tileRow + m, tap = tileCol + n;
        if ((M % BM != 0 && o >= M) || (N % BN != 0 && tap >= N)) return;
        int i = o * N + tap;
        if (SPLITS > 1) f[split * (M * N) + i] = v;
        else STORE_F(i, v);
    });
}
