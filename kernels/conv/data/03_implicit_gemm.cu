#include "prelude.cuh"
#define A_ALONG_K 1
#define B_ALONG_K (KH * KW > 1)   // neighbouring lanes carry neighbouring taps; of filters that have but one, neighbouring positions
#define A_VECTOR float
#define B_VECTOR float
#include "sgemm/block_tile.cuh"
// The gradient of a convolution for its input:   dx[b,c,h,w] = sum over o,p,q of f[o,c,p,q] dy[b, o, (h + TOP - p) / SY, (w + LEFT - q) / SX],
// where both divisions leave no remainder and fall on dy.
//
// Idea: the sum of rung 1 as a product of matrices whose operands are gathered, so that the columns of rung 2 are never in memory.
// With strides above 1 most terms of the sum do not exist: p must have the remainder of h + TOP by SY. So positions are taken in SY SX phases, all h with one
// remainder by SY and all w with one by SX. Within a phase, with h = SY h' + zy and p = SY p' + (zy + TOP) % SY,
//
//     (h + TOP - p) / SY = h' - p' + (zy + TOP) / SY
//
// which is a convolution of stride 1 with every SY-th row and SX-th column of the filter. As a product of matrices: m = c, k = (o, p', q'), n = (b, h', w').
// With stride 1 there is one phase, and h' = h.
//
// FLOPs: at most 2 C (B H W) (O ceil(KH/SY) ceil(KW/SX)). Those beyond 2 B O OH OW C KH KW are multiplications by zero, at the borders: where forward has no padding, there
// are fewer windows than pixels, and for 15 x 15 pixels under 3 x 3 filters a third is added to what rung 2 does. Bytes at best: 4 (B C H W + O C KH KW + B O OH OW).
// Limited by float32 arithmetic or issue; what is said of conv/forward/03_implicit_gemm.cu holds. With SX above 1, stores are SX elements apart: SX times the ideal sectors.
// Filters and gradients are loaded one by one: neighbours along k are KH KW apart in f after each filter, and shifted windows of dy are aligned to nothing.
//
// Ends: STORE_X(i, v) once. Sources: see conv/forward/03_implicit_gemm.cu; the phases are the sub-pixel view of W. Shi et al., "Is the deconvolution layer the
// same as a convolutional layer?", 2016. Macros: B C H W O KH KW OH OW, SY SX, TOP LEFT, and those of block_tile.cuh. One block per tile and phase.

#ifndef STORE_X
#define STORE_X(i, v) dx[i] = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

#define PH ((H + SY - 1) / SY)    // positions of a phase in a column and in a row
#define PW ((W + SX - 1) / SX)
#define TY ((KH + SY - 1) / SY)   // taps of a phase
#define TX ((KW + SX - 1) / SX)
#define M C
#define N (B * PH * PW)
#define K (O * TY * TX)
#define TILES_N ((N + BN - 1) / BN)
#define TILES_M ((M + BM - 1) / BM)

extern "C" __global__ void __launch_bounds__(THREADS, MIN_BLOCKS) conv_data_implicit_gemm(const float* __restrict__ dy, const float* __restrict__ f, float* __restrict__ dx ENDS_PARAMETERS)
{
    __shared__ __align__(16) Slab slabs[2];
    int tile = blockIdx.x % (TILES_M * TILES_N), phase = blockIdx.x / (TILES_M * TILES_N), zy = phase / SX, zx = phase % SX;
    int tileRow = tile / TILES_N * BM, tileCol = tile % TILES_N * BN;
    int firstP = (zy + TOP) % SY, firstQ = (zx + LEFT) % SX, up = (zy + TOP) / SY, left = (zx + LEFT) / SX;

    auto readFilters = [&](int m, uint k) {
        uint o = k / (TY * TX), p = k / TX % TY * SY + firstP, q = k % TX * SX + firstQ;
        if ((M % BM != 0 && tileRow + m >= M) || (K % BK != 0 && k >= K) || (KH % SY != 0 && p >= KH) || (KW % SX != 0 && q >= KW)) return 0.0f;
        return f[(o * C + tileRow + m) * (KH * KW) + p * KW + q];
    };
    auto readGradients = [&](int n, uint k) {
        int position = tileCol + n, firstI = position / PW % PH + up, firstJ = position % PW + left;
        int first = position / (PH * PW) * (O * OH * OW) + firstI * OW + firstJ, o = k / (TY * TX), filterRow = k / TX;
        if ((N % BN != 0 && position >= N) || (K % BK != 0 && k >= K)) return 0.0f;
        int p = filterRow - o * TY, q = (int)k - filterRow * TX, i = firstI - p, j = firstJ - q, offset = o * ((OH + TY) * OW) + filterRow * (TX - OW) - (int)k;
        if (i < 0 || i >= OH || j < 0 || j >= OW || (KH % SY != 0 && p * SY + firstP >= KH) || (KW % SX != 0 && q * SX + firstQ >= KW)) return 0.0f;
        return dy[first + offset];
    };

    float threadResults[TM][TN] = {};
    multiplyTile<BK>(slabs, 0, K, readFilters, readGradients, threadResults);

    storeTile(slabs, threadResults, [&](int m, int n, float v) {
        uint c = tileRow + m, position = tileCol + n, h = position / PW % PH * SY + zy, w = position % PW * SX + zx;
        if ((M % BM != 0 && c >= M) || (N % BN != 0 && position >= N) || (H % SY != 0 && h >= H) || (W % SX != 0 && w >= W)) return;
        int i = ((position / (PH * PW) * C + c) * H + h) * W + w;
        STORE_X(i, v);
    });
}
