#include "prelude.cuh"
#define A_ALONG_K 1
#define B_ALONG_K (KH * KW > 1)   // neighbouring lanes carry neighbouring taps; of filters that have but one, neighbouring windows
#define A_VECTOR FILTER_VECTOR
#define B_VECTOR float
#include "sgemm/block_tile.cuh"
#include "conv/common.cuh"
// Convolution as an implicit product of matrices:   y[b,o,i,j] = sum over c,p,q of f[o,c,p,q] x[b, c, i SY + p - TOP, j SX + q - LEFT].
//
// Idea: with m = o, k = (c, p, q) and n = (b, i, j) this is Y = F X', where column n of X' is the window of output position n. Rung 2 wrote X' to memory,
// KH KW times the size of x; that was its flaw. Here X' is never there: each block gathers the slab it needs straight into shared memory and works out from k and n
// which element of x that is. Everything else is block_tile.cuh, as in sgemm.
//
//        k = (c,p,q)            n = (b,i,j)
//      +-------------+        +-------------+         what falls on the padding is read as zero
//    o |   filters   |    k   |  windows X' |
//      +-------------+        +-------------+
//
// Which element that is: (image C H W + firstRow W + firstCol) + (c H W + p W + q), a part that depends on n alone and one that depends on k alone, p and q taken from
// two divisions. A thread works each out once for all elements that share it: in a slab it has SIDE * BK / THREADS elements, but only BK / 8 different k.
//
// FLOPs: 2 M N K = 2 O (B OH OW) (C KH KW). Bytes at best: 4 (B C H W + O C KH KW + B O OH OW). x comes from memory once; the KH KW reads of each element
// and the O/BM blocks that need it find it in L1 and L2. Limited by float32 arithmetic; the index arithmetic of the gather is paid once per BM multiply-adds.
// In the counters: FMA share; the integer instructions; sectors of the loads, 5 to 8 a request: 32 lanes are 8 taps of 4 windows.
//
// Ends: STORE_Y(i, v) once. Nothing is fused onto the loads: it would be computed up to KH KW ceil(O/BM) times for an element of x. Source: S. Chetlur et al.,
// "cuDNN: efficient primitives for deep learning", 2014, section 3.1. Macros: B C O and those of common.cuh, FILTER_VECTOR (float4 if K is a multiple of 4
// and f aligned, else float), those of block_tile.cuh. One block per tile. For the ladder, bias_relu.cu follows.

#ifndef STORE_Y
#define STORE_Y(i, v) y[i] = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

#define M O
#define N (B * OH * OW)
#define K (C * KH * KW)
#define TILES_N ((N + BN - 1) / BN)

extern "C" __global__ void __launch_bounds__(THREADS, MIN_BLOCKS) conv_forward_implicit_gemm(const float* __restrict__ x, const float* __restrict__ f, float* __restrict__ y ENDS_PARAMETERS)
{
    __shared__ __align__(16) Slab slabs[2];
    int tileRow = blockIdx.x / TILES_N * BM, tileCol = blockIdx.x % TILES_N * BN;

    auto readFilters = [&](int m, int k) {
        if ((M % BM != 0 && tileRow + m >= M) || (K % BK != 0 && k >= K)) return A_VECTOR();
        return *(const A_VECTOR*)(f + (tileRow + m) * K + k);
    };
    auto readWindows = [&](int n, uint k) {
        int position = tileCol + n, firstRow = position / OW % OH * SY - TOP, firstCol = position % OW * SX - LEFT;
        int first = position / (OH * OW) * (C * H * W) + firstRow * W + firstCol, c = k / (KH * KW), filterRow = k / KW;
        if ((N % BN != 0 && position >= N) || (K % BK != 0 && k >= K)) return 0.0f;
        int p = filterRow - c * KH, q = (int)k - filterRow * KW, offset = (int)k + filterRow * (W - KW) + c * ((H - KH) * W);   // (c H + p) W + q
        return hasPixel(firstRow + p, firstCol + q) ? x[first + offset] : 0.0f;
    };

    float threadResults[TM][TN] = {};
    multiplyTile<BK>(slabs, 0, K, readFilters, readWindows, threadResults);

    storeTile(slabs, threadResults, [&](int m, int n, float v) {
        uint o = tileRow + m, position = tileCol + n;
        if ((M % BM != 0 && o >= M) || (N % BN != 0 && position >= N)) return;
        int i = (position / (OH * OW) * O + o) * (OH * OW) + position % (OH * OW);
        STORE_Y(i, v);
    });
}
