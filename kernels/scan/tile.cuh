#include "scan/warp.cuh"
#include "fused/four.cuh"
// A tile of 4,096 elements in the registers of 256 threads: loaded, scanned, stored. What rungs 5 to 7 share.
//
// A tile is four pieces of 1,024. Of each piece a thread has four neighbours, a float4, so loads and stores are whole requests of 512 bytes.
//
//                warp 0                     warp 1           ...   warp 7
//     piece 0    lane 0     lane 1    ...   lane 0     ...
//                0 1 2 3    4 5 6 7         128 ...
//     piece 1    1024 ...                                          4 pieces by 8 warps: 32 totals, which one warp scans
//
// A thread adds along its four, a warp scans its lanes' sums of four by shuffles, and 32 totals are left, in the order of the elements: one warp's affair again. No element
// passes through shared memory.
//
// Every shape: what lies beyond N is read as 0 and not stored. Where x or y does not begin at 16 bytes (ALIGNED 0), a thread takes the same four elements one by one: slower, since
// a request's lanes then lie four elements apart, but in the same order, with the same bits. Macros: N, ALIGNED (0 or 1). Blocks of THREADS threads.

#define THREADS 256
#define PIECES 4
#define TILE (16 * THREADS)
#define WARPS (THREADS / 32)
static_assert(PIECES * WARPS == 32, "one warp scans the totals of all pieces and warps");

// The position of this thread's four elements of a piece.
__device__ __forceinline__ unsigned positionOf(unsigned tile, int piece) { return tile * TILE + piece * (4 * THREADS) + 4 * threadIdx.x; }

__device__ __forceinline__ void loadTile(const float* __restrict__ x, unsigned tile, float (&v)[PIECES][4])
{
#pragma unroll
    for (int piece = 0; piece < PIECES; piece++)
    {
        unsigned i = positionOf(tile, piece);
        if (ALIGNED && i + 4 <= N) load4(x + i, v[piece]);
        else
#pragma unroll
            for (int k = 0; k < 4; k++) v[piece][k] = i + k < N ? x[i + k] : 0;
    }
}

// Stores the tile's sums, each with what stands before the tile.
__device__ __forceinline__ void storeTile(float* __restrict__ y, unsigned tile, float before, float (&v)[PIECES][4])
{
#pragma unroll
    for (int piece = 0; piece < PIECES; piece++)
    {
        unsigned i = positionOf(tile, piece);
#pragma unroll
        for (int k = 0; k < 4; k++) v[piece][k] += before;
        if (ALIGNED && i + 4 <= N) store4(y + i, v[piece]);
        else
#pragma unroll
            for (int k = 0; k < 4; k++)
                if (i + k < N) y[i + k] = v[piece][k];
    }
}

// Makes of each element the sum of the tile up to it, and returns the tile's total to all threads.
__device__ __forceinline__ float scanTile(float (&v)[PIECES][4])
{
    __shared__ float totals[32];   // of each piece and warp, then of all up to it
    unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    float upToLane[PIECES];
#pragma unroll
    for (int piece = 0; piece < PIECES; piece++)
    {
#pragma unroll
        for (int k = 1; k < 4; k++) v[piece][k] += v[piece][k - 1];
        upToLane[piece] = scanWarp(v[piece][3]);
        if (lane == 31) totals[piece * WARPS + warp] = upToLane[piece];
    }
    __syncthreads();   // the first warp reads the totals of all
    if (warp == 0) totals[lane] = scanWarp(totals[lane]);
    __syncthreads();   // and writes what stands before each
#pragma unroll
    for (int piece = 0; piece < PIECES; piece++)
    {
        unsigned at = piece * WARPS + warp;
        float before = __shfl_up_sync(0xffffffff, upToLane[piece], 1);
        before = (at > 0 ? totals[at - 1] : 0) + (lane > 0 ? before : 0);
#pragma unroll
        for (int k = 0; k < 4; k++) v[piece][k] += before;
    }
    return totals[31];
}
