#include "prelude.cuh"
// C = alpha A B + beta C, one thread for each element of C.
//
// Idea: the definition, as it would be written on a CPU. A block of 16 x 16 threads has 16 x 16 elements, threadIdx.x counting rows: so it seems natural, and it is the
// flaw. The 32 lanes of a warp lie along a column of C: at each k they read 16 different rows of A, K elements apart, a sector of 32 bytes each for 4 bytes that are used.
//
// FLOPs: 2 M N K. Bytes asked for: 8 M N K, 4 for each operand of each multiply-add. Limited by sectors from the caches.
// In the counters: about 16 sectors a load of A. Source: S. Boehm, "How to optimize a CUDA matmul kernel", 2022, kernel 1.
// Macros: M N K, ALPHA BETA (float). Blocks of 16 x 16 threads over (M, N).

extern "C" __global__ void __launch_bounds__(256) sgemm_naive(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c)
{
    int row = blockIdx.x * 16 + threadIdx.x, col = blockIdx.y * 16 + threadIdx.y;
    if (row >= M || col >= N) return;
    float sum = 0;
    for (int k = 0; k < K; k++) sum += a[row * K + k] * b[k * N + col];
    c[row * N + col] = ALPHA * sum + BETA * c[row * N + col];
}
