#include "prelude.cuh"
// C = alpha A B + beta C, with slabs laid out so that no two lanes meet in a bank of shared memory.
//
// Idea: shared memory has 32 banks of 4 bytes; the word at place w lies in bank w mod 32, and a bank hands out one word at a time. Lanes that want different words of one bank
// wait for each other. With float4, 8 lanes are served at a time, and their 8 times 4 words fill all banks once, if they do not overlap. In rung 6 they do, in two places:
//
//                                                       bank  0       8       16      24
//     lanes 0-7 read a float4 of Bs    rung 6, word 8 lane:   0000    1111    2222    3333        2 wavefronts: half of the banks have nothing to do,
//                                                             4444    5555    6666    7777        the others are asked twice
//                                      here,   word 4 lane:   00001111222233334444555566667777    1: a thread's 8 columns are two runs of 4, half a tile apart
//
//     lanes 0, 2, .. 30 write As[i],   rung 6:                02468ace........                    2 wavefronts: rows are 128 words, a multiple of 32, and
//     lanes 1, 3, .. 31 As[4 + i]                             13579bdf........                    each row begins in bank 0
//                                      here:                  02468ace........13579bdf........    1: rows are 132 words, so that 4 rows are 16 banks
//
// Reading As needs nothing: the 8 lanes that are served at a time stand in one row of threads and want the same words, a broadcast. And since neighbours want the same, 16 lanes are
// served at a time there (SharedAccess.cs of the simulator says when); rung 8 has that for Bs too.
//
// FLOPs and bytes: as before. Limited by float32 arithmetic, or the issue of instructions where there are 128 lanes. In the counters: bank conflicts 0; wavefronts for each
// multiply-add, 0.31 -> 0.19. Storing C has gained too: lanes' float4 are neighbours now, 16 sectors a request instead of 32.
// Source: CUDA C++ Best Practices Guide, "Shared Memory and Memory Banks"; NVIDIA, "CUTLASS: fast linear algebra in CUDA C++", 2017. Macros and launch: as rung 6.
#define BK 8
#include "sgemm/common.cuh"
#define THREADS (BM * BN / (TM * TN))
#define WIDTH (int)(sizeof(VECTOR) / 4)
#define PAD 4                // words at the end of each row of As that nothing is in; a multiple of 4, or float4 would not be aligned
#define RUN (BN / TN * 4)    // from a thread's run of 4 columns to its next

extern "C" __global__ void __launch_bounds__(THREADS) sgemm_bank_conflicts(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c)
{
    __shared__ __align__(16) float As[BK][BM + PAD], Bs[BK][BN];
    int tileRow = blockIdx.y * BM, tileCol = blockIdx.x * BN;
    int threadRow = threadIdx.x / (BN / TN) * TM, threadCol = threadIdx.x % (BN / TN) * 4;    // what the thread computes
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
            for (int n = 0; n < TN; n += 4) *(float4*)&regN[n] = *(const float4*)&Bs[k][threadCol + n / 4 * RUN];
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
        for (int n = 0; n < TN; n += WIDTH) storeC<VECTOR>(c, tileRow + threadRow + m, tileCol + threadCol + n / 4 * RUN + n % 4, &threadResults[m][n]);
}
