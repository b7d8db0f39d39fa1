#include "prelude.cuh"
#include "scan/tile.cuh"
// y[i] = x[0] + ... + x[i] in a single pass.
//
// Idea: a block does not need another launch to learn what stands before its tile; the blocks before it can tell. Each publishes its tile's total as soon as it has it, and
// then looks back. Meanwhile the elements wait in registers, so x is read once and y written once.
//
//     tile      0 ... 31 | 32 ... 63 | 64  65  66  67
//               group 0  |  group 1  |                    tile 67: the sum up to group 1, and the totals of 64, 65, 66
//
// Merrill and Garland's blocks look back until they meet one that knows the sum up to it already. Which that is depends on timing, and so does the order of their additions:
// float sums have other bits each time. Here the order is fixed. 32 tiles make a group; the group's last block adds the group's totals to the sum up to the group before and
// publishes that; every block needs the latter and the totals before it in its own group. The price: groups wait for each other in a chain of N / 131,072 links.
//
// No block waits for one that may not have begun: its tile is not blockIdx.x but a ticket, drawn when it starts. A total and the mark that it is there are one word of
// 8 bytes, written and read at once, so no fence is needed; `volatile` makes the compiler look again each time.
//
// FLOPs: about 4.5 N. Bytes: 8 N, the least. Limited by DRAM, or by the chain, which no counter shows.
// In the counters: bytes as the least. Source: D. Merrill and M. Garland, "Single-pass parallel prefix scan with decoupled look-back", 2016.
// Macros: N, ALIGNED. A block of 256 threads for each 4,096 elements. states: a counter, then one word for each tile and each 32 of them, all 0 (clear_states.cu).

#define TILES ((N + TILE - 1) / TILE)
#define GROUP 32

__device__ __forceinline__ void publish(volatile uint64* state, float sum) { *state = (uint64)__float_as_uint(sum) << 32 | 1; }

__device__ __forceinline__ float await(const volatile uint64* state)
{
    uint64 seen = 0;
    while (seen == 0) seen = *state;
    return __uint_as_float(seen >> 32);
}

extern "C" __global__ void __launch_bounds__(THREADS) scan_look_back(const float* __restrict__ x, float* __restrict__ y, uint64* states)
{
    __shared__ uint ticket;
    __shared__ float beforeTile;
    if (threadIdx.x == 0) ticket = atomicAdd((uint*)states, 1);
    __syncthreads();   // all threads have the ticket
    volatile uint64 *totals = states + 1, *groups = totals + TILES;
    uint tile = ticket, place = tile % GROUP, group = tile / GROUP;

    float v[PIECES][4];
    loadTile(x, tile, v);
    float total = scanTile(v);

    // The first warp finds what stands before the tile: a lane for each tile of the group, then the groups before.
    if (threadIdx.x < GROUP)
    {
        if (threadIdx.x == 0) publish(totals + tile, total);
        float inGroup = threadIdx.x < place ? await(totals + tile - place + threadIdx.x) : 0;
#pragma unroll
        for (int lanes = GROUP / 2; lanes > 0; lanes /= 2) inGroup += __shfl_down_sync(0xffffffff, inGroup, lanes);
        if (threadIdx.x == 0)
        {
            float before = group > 0 ? await(groups + group - 1) : 0;
            if (place == GROUP - 1) publish(groups + group, before + (inGroup + total));
            beforeTile = before + inGroup;
        }
    }
    __syncthreads();   // thread 0 wrote what all add
    storeTile(y, tile, beforeTile, v);
}
