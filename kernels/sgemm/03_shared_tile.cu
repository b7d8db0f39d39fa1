#include "prelude.cuh"
// C = alpha A B + beta C, a tile of C by a block that keeps what it reads of A and B in shared memory.
//
// Idea: in the rung before, the 32 warps of a block read the same rows of B, and the 32 lanes of a warp the same row of A: each number 32 times. Here the block goes along K in
// slabs of BK: each thread brings one number of A and one of B to shared memory, and all threads compute with all of them.
//
//                     BN         As: the block's rows of A, BK columns. Bs: its columns of B, BK rows.
//                  +------+      One slab: 2 loads from global memory by each thread, BK multiply-adds with 2 BK loads from shared memory.
//               BK |  Bs  |
//          BK      +------+      First barrier: the slab is complete, all threads may read it. Second: all have read it, the next may take its place. Without the
//        +----+    +------+      second one, a fast warp writes the next slab while a slow one still reads this.
//     BM | As |    |  C   |
//        +----+    +------+
//
// FLOPs: 2 M N K. Bytes from global memory: 4 M N K (1/BM + 1/BN), a 32nd of what was asked for before.
// Limited by shared memory: it gives one number to each lane in a clock, and a multiply-add wants two. So the bottleneck has moved, not gone.
// In the counters: loads of global memory are 32 times fewer; wavefronts of shared memory, about 2 for each warp's multiply-add. Those of As are broadcasts, those of Bs 32
// neighbours: no bank conflicts. Source: CUDA C++ Programming Guide, "Shared Memory"; S. Boehm, 2022, kernel 3.
// Macros: M N K, ALPHA BETA (float), BM BN (32). Blocks of BN x BM threads, one per tile, x along N.
#define BK 32   // as BM and BN, so that each thread brings one number of each slab
#include "sgemm/common.cuh"

extern "C" __global__ void __launch_bounds__(BM * BN) sgemm_shared_tile(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c)
{
    __shared__ float As[BM][BK], Bs[BK][BN];
    int row = blockIdx.y * BM + threadIdx.y, col = blockIdx.x * BN + threadIdx.x;
    float sum = 0;
    for (int kStart = 0; kStart < K; kStart += BK)
    {
        As[threadIdx.y][threadIdx.x] = loadA(a, row, kStart + threadIdx.x);
        Bs[threadIdx.y][threadIdx.x] = loadB(b, kStart + threadIdx.y, col);
        __syncthreads();   // the slab is complete
#pragma unroll
        for (int k = 0; k < BK; k++) sum += As[threadIdx.y][k] * Bs[k][threadIdx.x];
        __syncthreads();   // nobody reads it any more
    }
    storeC(c, row, col, &sum);
}
