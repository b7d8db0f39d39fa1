// The gradient of gather: table[r, :] = the sum of rows[i, :] over all i with index[i] = r, zeros if there is none.
//
// The idea: gather, not scatter. Adding each row where its index points needs atomics where an index occurs twice, and their order, so the last bits of the sum,
// changes from run to run. Here a warp owns a row of the table (32 * PER_LANE of its columns) and keeps the sums in registers. It looks at
// all indices, 32 at a time: each lane compares one, a ballot tells which are this row's, and those rows are added in the order of i.
//
// Bytes: 4 (ROWS LENGTH + TABLE_ROWS LENGTH), each once, and the indices, 4 ROWS, once for each warp: from L2, since all warps read the same.
// FLOPs: ROWS LENGTH. Limit: bandwidth; with a large table and many indices the ballots, TABLE_ROWS ROWS / 32 of them, which a sort would save.
// Counters: 4 sectors per request of indices; no atomics; divergence none, since a ballot is the same in all lanes.
//
// An index that names no row stops the kernel, as in gather.cu.
//
// Macros: ROWS (of what is added), TABLE_ROWS, LENGTH, PER_LANE (columns of a lane), BLOCK.
#include "prelude.cuh"

#define CHUNK (32 * PER_LANE)
#define CHUNKS ((LENGTH + CHUNK - 1) / CHUNK)

extern "C" __global__ void __launch_bounds__(BLOCK) scatter_add(const int* __restrict__ index, const float* __restrict__ rows, float* __restrict__ table)
{
    int warp = blockIdx.x * (BLOCK / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
    int target = warp / CHUNKS, column = warp % CHUNKS * CHUNK + lane;
    if (target >= TABLE_ROWS) return;   // a whole warp

    float sum[PER_LANE] = {};
    for (int first = 0; first < ROWS; first += 32)
    {
        // Which of the next 32 indices are this row's?
        int i = first + lane, named = i < ROWS ? index[i] : -1;
        if (i < ROWS && (uint)named >= TABLE_ROWS) __trap();
        uint hits = __ballot_sync(0xffffffff, named == target);

        // Add theirs, lowest first.
        for (; hits != 0; hits &= hits - 1)
        {
            const float* row = rows + (first + __ffs(hits) - 1) * LENGTH;
#pragma unroll
            for (int k = 0; k < PER_LANE; k++)
                if (column + 32 * k < LENGTH) sum[k] += row[column + 32 * k];
        }
    }
#pragma unroll
    for (int k = 0; k < PER_LANE; k++)
        if (column + 32 * k < LENGTH) table[target * LENGTH + column + 32 * k] = sum[k];
}
