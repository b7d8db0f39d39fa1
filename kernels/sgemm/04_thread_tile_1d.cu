#include "prelude.cuh"
// C = alpha A B + beta C, TM elements of a column of C by each thread.
//
// Idea: the rung before takes two numbers from shared memory for each multiply-add. Here a thread computes TM = 8 elements below each other: they need the same number of B,
// which is kept in a register and used 8 times. 9 loads for 8 multiply-adds instead of 16.
//
//                        BN = 64
//                     +----------+      A thread: one column, 8 rows, in threadResults. A warp: 32 neighbouring columns, so Bs is read along a row
//              BK = 8 |    Bs    |      and As is a broadcast. 64 x 64 elements by 512 threads.
//             8       +----------+
//           +----+    +----------+      Slabs are only 8 deep: each of the 512 threads brings one number of A and one of B, whatever the way it computes. A row of the slab of A
//  BM = 64  | As |    |   C  #   |      is 32 bytes, just a sector.
//           |    |    |      #   |
//           +----+    +----------+
//
// FLOPs: 2 M N K. Bytes from global memory: 4 M N K (1/BM + 1/BN), half of the rung before, the tile being twice as wide.
// Limited by shared memory, still: 9 wavefronts for 8 multiply-adds of a warp. In the counters: wavefronts of shared memory for each multiply-add, 2 -> 1.1.
// Source: S. Boehm, 2022, kernel 4; V. Volkov, "Better performance at lower occupancy", GTC 2010.
// Macros: M N K, ALPHA BETA (float), BM BN (64), TM (8). Blocks of BM BN / TM threads in a row, one per tile, x along N.
#define BK 8   // BM * BK and BK * BN are the number of threads
#include "sgemm/common.cuh"

extern "C" __global__ void __launch_bounds__(BM * BN / TM) sgemm_thread_tile_1d(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c)
{
    __shared__ float As[BM][BK], Bs[BK][BN];
    int tileRow = blockIdx.y * BM, tileCol = blockIdx.x * BN;
    int threadRow = threadIdx.x / BN * TM, threadCol = threadIdx.x % BN;     // what the thread computes
    int rowA = threadIdx.x / BK, kA = threadIdx.x % BK;                      // what it brings: of A
    int kB = threadIdx.x / BN, colB = threadIdx.x % BN;                      // and of B
    float threadResults[TM] = {};
    for (int kStart = 0; kStart < K; kStart += BK)
    {
        As[rowA][kA] = loadA(a, tileRow + rowA, kStart + kA);
        Bs[kB][colB] = loadB(b, kStart + kB, tileCol + colB);
        __syncthreads();   // the slab is complete
#pragma unroll
        for (int k = 0; k < BK; k++)
        {
            float number = Bs[k][threadCol];
#pragma unroll
            for (int m = 0; m < TM; m++) threadResults[m] += As[threadRow + m][k] * number;
        }
        __syncthreads();   // nobody reads it any more
    }
#pragma unroll
    for (int m = 0; m < TM; m++) storeC(c, tileRow + threadRow + m, tileCol + threadCol, &threadResults[m]);
}
