#include "prelude.cuh"
// C = alpha A B + beta C, everything moved four numbers at a time.
//
// Idea: a load of float4 brings 16 bytes a lane with one instruction. Rows of A, B and C lie in order, so from global memory it is a matter of alignment. From shared memory a
// thread wants TM numbers of one column of the slab of A, and these lie BK apart: so A is stored transposed, As[k][m], and both regM and regN are runs of neighbours.
//
//     rung 5    As[m][k]  k > . . . . . . . .       rung 6    As[k][m]  m > . . . . # # # # # # # # . .     regM: two float4
//                       m   . . . # . . . .                          k   . . . . . . . . . . . . . .
//                       v   . . . # . . . .                          v   . . . . . . . . . . . . . .
//                           . . . #                                      written once for each number, read BN / TN = 16 times: the transposition is cheap where it is
//
// FLOPs: 2 M N K. Bytes from global memory: as before. Limited by float32 arithmetic where there are 64 lanes for it (7.0, 8.0), by shared memory where there are 128 (8.6, 8.9).
// In the counters: a quarter of the requests to global and shared memory; multiply-adds among all instructions, three quarters -> nine tenths; wavefronts of shared memory for each
// multiply-add, 0.75 -> 0.31, and two fifths of them are bank conflicts still. Source: S. Boehm, 2022, kernel 6; V. Volkov, "Unrolling parallel loops", SC 2011.
// Macros: M N K, ALPHA BETA (float), VECTOR (float4 where K and N are multiples of 4 and arrays are aligned, else float), BM BN (128), TM TN (8).
// Blocks of BM BN / (TM TN) threads in a row, one per tile, x along N.
#define BK 8
#include "sgemm/common.cuh"
#define THREADS (BM * BN / (TM * TN))
#define WIDTH (int)(sizeof(VECTOR) / 4)

extern "C" __global__ void __launch_bounds__(THREADS) sgemm_vectorised(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c)
{
    __shared__ __align__(16) float As[BK][BM], Bs[BK][BN];
    int tileRow = blockIdx.y * BM, tileCol = blockIdx.x * BN;
    int threadRow = threadIdx.x / (BN / TN) * TM, threadCol = threadIdx.x % (BN / TN) * TN;   // what the thread computes
    int rowA = threadIdx.x / (BK / WIDTH), kA = threadIdx.x % (BK / WIDTH) * WIDTH;           // what it brings: of A
    int kB = threadIdx.x / (BN / WIDTH), colB = threadIdx.x % (BN / WIDTH) * WIDTH;           // and of B
    float threadResults[TM][TN] = {};
    for (int kStart = 0; kStart < K; kStart += BK)
    {
#pragma unroll
        for (int i = 0; i < BM; i += THREADS / (BK / WIDTH))
        {
            VECTOR vector = loadA<VECTOR>(a, tileRow + rowA + i, kStart + kA);
#pragma unroll
            for (int j = 0; j < WIDTH; j++) As[kA + j][rowA + i] = ((const float*)&vector)[j];
        }
#pragma unroll
        for (int i = 0; i < BK; i += THREADS / (BN / WIDTH)) *(VECTOR*)&Bs[kB + i][colB] = loadB<VECTOR>(b, kStart + kB + i, tileCol + colB);
        __syncthreads();   // the slab is complete
#pragma unroll
        for (int k = 0; k < BK; k++)
        {
            __align__(16) float regM[TM], regN[TN];
#pragma unroll
            for (int m = 0; m < TM; m += 4) *(float4*)&regM[m] = *(const float4*)&As[k][threadRow + m];
#pragma unroll
            for (int n = 0; n < TN; n += 4) *(float4*)&regN[n] = *(const float4*)&Bs[k][threadCol + n];
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
        for (int n = 0; n < TN; n += WIDTH) storeC<VECTOR>(c, tileRow + threadRow + m, tileCol + threadCol + n, &threadResults[m][n]);
}
