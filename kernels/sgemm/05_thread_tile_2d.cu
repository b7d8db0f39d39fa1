#include "prelude.cuh"
// C = alpha A B + beta C, TM x TN elements of C by each thread.
//
// Idea: what a thread did along M it does along N too. For each k it takes TM = 8 numbers of A and TN = 8 of B into registers (regM, regN) and multiplies each with each:
// 64 multiply-adds for 16 numbers, where the rung before had 8 for 9. It is the trick of the tile in shared memory once more, one level up.
//
//                          regN              BN = 128
//                        +--------+        +---------------+
//                        |        |        |      Bs       | BK = 8
//                        +--------+        +---------------+
//      regM +-+          +--------+    +-+ +---------------+       256 threads, 16 x 16 of them; each computes 8 x 8 neighbours.
//           | |          | thread |    | | |   C    ##     |
//           | |          |Results |    |As | |        ##     | BM = 128
//           +-+          +--------+    +-+ +---------------+
//
// FLOPs: 2 M N K. Bytes from global memory: 4 M N K (1/BM + 1/BN), half of the rung before again.
// Limited by shared memory, where bank conflicts (rung 7 explains them) take back most of what is won: the two rows of threads in a warp want words of As that lie 64 apart, 2
// wavefronts, the 16 columns words of Bs that lie 8 apart, 4 wavefronts. So 16 loads for 64 multiply-adds are 48 wavefronts. In the counters: wavefronts for each multiply-add,
// 1.1 -> 0.75; three quarters of the instructions are multiply-adds. Storing C, lanes write every eighth element: 32 sectors a request.
// Source: S. Boehm, 2022, kernel 5; V. Volkov, J. Demmel, "Benchmarking GPUs to tune dense linear algebra", SC 2008.
// Macros: M N K, ALPHA BETA (float), BM BN (128), TM TN (8). Blocks of BM BN / (TM TN) threads in a row, one per tile, x along N.
#define BK 8
#include "sgemm/common.cuh"
#define THREADS (BM * BN / (TM * TN))

extern "C" __global__ void __launch_bounds__(THREADS) sgemm_thread_tile_2d(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c)
{
    __shared__ float As[BM][BK], Bs[BK][BN];
    int tileRow = blockIdx.y * BM, tileCol = blockIdx.x * BN;
    int threadRow = threadIdx.x / (BN / TN) * TM, threadCol = threadIdx.x % (BN / TN) * TN;   // what the thread computes
    int rowA = threadIdx.x / BK, kA = threadIdx.x % BK;                                       // what it brings: of A, and every THREADS / BK rows below
    int kB = threadIdx.x / BN, colB = threadIdx.x % BN;                                       // of B, and every THREADS / BN rows below
    float threadResults[TM][TN] = {};
    for (int kStart = 0; kStart < K; kStart += BK)
    {
#pragma unroll
        for (int i = 0; i < BM; i += THREADS / BK) As[rowA + i][kA] = loadA(a, tileRow + rowA + i, kStart + kA);
#pragma unroll
        for (int i = 0; i < BK; i += THREADS / BN) Bs[kB + i][colB] = loadB(b, kStart + kB + i, tileCol + colB);
        __syncthreads();   // the slab is complete
#pragma unroll
        for (int k = 0; k < BK; k++)
        {
            float regM[TM], regN[TN];
#pragma unroll
            for (int m = 0; m < TM; m++) regM[m] = As[threadRow + m][k];
#pragma unroll
            for (int n = 0; n < TN; n++) regN[n] = Bs[k][threadCol + n];
#pragma unroll
            for (int m = 0; m < TM; m++)
#pragma unroll
                for (int n = 0; n < TN; n++) threadResults[m][n] += regM[m] * regN[n];
        }
        __syncthreads();   // nobody reads it any more
    }
#pragma unroll
    for (int m = 0; m < TM; m++)
#pragma unroll
        for (int n = 0; n < TN; n++) storeC(c, tileRow + threadRow + m, tileCol + threadCol + n, &threadResults[m][n]);
}
