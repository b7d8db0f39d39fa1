#include "prelude.cuh"
#include "sgemm/common.cuh"
// C = alpha A B + beta C, one thread for each element of C, neighbouring lanes with neighbouring columns.
//
// Idea: exchange x and y, nothing else. A warp now stands along a row of C. At each k its lanes read 32 neighbours of a row of B, 128 bytes in 4 sectors, and all of them one
// number of A, which costs one sector. The flaw of the rung before was that a warp's request costs as many sectors as it touches.
//
//      A    k                  B                C
//         +-----------+          +-----------+    +-----------+
//     row | *         |        k | 0 ...  31 |    | 0 ...  31 | lane
//         |           |          |           |    |           |
//         +-----------+          +-----------+    +-----------+
//
// FLOPs: 2 M N K. Bytes asked for: 8 M N K as before; in sectors 32 (1 + 4) M N K / 32, 6.6 times fewer.
// Limited by loads: two for each multiply-add, however many bytes they bring. In the counters: 4 sectors a load of B, 1 of A, 2.5 on average.
// Source: S. Boehm, "How to optimize a CUDA matmul kernel", 2022, kernel 2.
// Macros: M N K, ALPHA BETA (float), BM BN (32). Blocks of BN x BM threads, one per BM x BN elements, x along N.

extern "C" __global__ void __launch_bounds__(BM * BN) sgemm_coalesced(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c)
{
    int row = blockIdx.y * BM + threadIdx.y, col = blockIdx.x * BN + threadIdx.x;
    if (row >= M || col >= N) return;
    float sum = 0;
    for (int k = 0; k < K; k++) sum += a[row * K + k] * b[k * N + col];
    storeC(c, row, col, &sum);
}
