// Rows of a table picked by an index: y[i, :] = table[index[i], :].
//
// The idea: rows are bytes here, whatever their type: they are moved in units of 16, 8, 4 or 1 bytes, the largest that divides a row. A thread moves a unit;
// neighbouring threads move neighbouring units of a row, so reads of one row and all writes are coalesced. All threads of a row read the same index, which
// is one broadcast sector for a warp.
//
// Bytes: 2 ROWS UNITS sizeof(UNIT) + 4 ROWS. FLOPs: none. Limit: bandwidth; for rows shorter than a sector, the sectors of scattered rows.
// Counters: sectors per request: of writes 4 per 4 bytes a lane; of reads as many more as rows begin inside a sector.
//
// An index that names no row stops the kernel (trap): the next synchronisation reports an error, and the context is lost, as after any fault on a GPU.
// To give a wrong row or NaN instead would hide the mistake; the CPU executor throws and names the row.
//
// Macros: ROWS (of y), TABLE_ROWS, UNIT (a type), UNITS (of a row), BLOCK.
#include "prelude.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) gather(const UNIT* __restrict__ table, const int* __restrict__ index, UNIT* __restrict__ y)
{
    uint i = blockIdx.x * BLOCK + threadIdx.x;
    if (i >= ROWS * UNITS) return;
    uint row = index[i / UNITS];
    if (row >= TABLE_ROWS) __trap();
    y[i] = table[row * UNITS + i % UNITS];
}
