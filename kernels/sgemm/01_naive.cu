#include "prelude.cuh"
#include "sgemm/common.cuh"
// C = alpha A B + beta C, one thread for each element of C.
//
// Idea: the definition, as it would be written on a CPU. A block of 32 x 32 threads has 32 x 32 elements, and threadIdx.x counts rows: x first, then y, as one says "row, column".
// It is a mistake. The 32 lanes of a warp have neighbouring threadIdx.x, so they stand below each other in one column of C:
//
//      A    k                  B  col           C  col
//         +-----------+          +----+           +----+        At each k they read 32 numbers of A that lie K elements apart: a sector of 32 bytes each, of which 4 are used.
//    lane | * ....    |        k | *  |      lane | 0  |        The next 7 k find their numbers in the same sectors, if a cache still has them.
//    0-31 | * ....    |          | :  |           | :  |        Of B they all read one number.
//         | * ....    |          | :  |           | 31 |
//         +-----------+          +----+           +----+
//
// FLOPs: 2 M N K. Bytes asked for: 8 M N K, 4 for each operand of each multiply-add; in sectors 32 (32 + 1) M N K / 32.
// Limited by sectors, from whichever cache still has them. In the counters: 32 sectors a load of A, 1 of B, 16.5 on average; one in eight of the bytes moved is used.
// Source: S. Boehm, "How to optimize a CUDA matmul kernel", 2022, kernel 1.
// Macros: M N K, ALPHA BETA (float), BM BN (32). Blocks of BM x BN threads, one per BM x BN elements, x along M.

extern "C" __global__ void __launch_bounds__(BM * BN) sgemm_naive(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c)
{
    int row = blockIdx.x * BM + threadIdx.x, col = blockIdx.y * BN + threadIdx.y;
    if (row >= M || col >= N) return;
    float sum = 0;
    for (int k = 0; k < K; k++) sum += a[row * K + k] * b[k * N + col];
    storeC(c, row, col, &sum);
}
