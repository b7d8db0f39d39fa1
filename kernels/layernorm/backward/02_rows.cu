// The gradient of layer norm, as 01_naive: dx by rows in registers, dgamma and dbeta by a kernel of their own (columns.cu).
//
// Idea: dx wants two sums over each row and then the row again, as softmax's gradient does, and softmax/row.cuh has how: float4s, as many lanes as a row is worth, shuffles. The row of
// g and that of x are read once and stay in registers. The column sums are left as they were in 01_naive, a thread for each column, so that one thing is changed at a time.
//
// FLOPs: about 13 for each element, in both kernels. Bytes: 24 ROWS COLUMNS: x, g and gamma for dx, dx; x and g again for the columns. dx is limited by bandwidth, the columns by
// latency: 1,024 columns are 32 warps, for a device that could hold thousands.
// In the counters: 4 bytes of every 4 used, no request of 32 sectors any more; the second launch has 8 blocks and takes most of the time.
// Source: as softmax_backward.cu. Macros: row.cuh's. Launches: this, then columns.cu.
#include "layernorm/backward/row_gradient.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) layernorm_backward_rows(const float* __restrict__ g, const float* __restrict__ x, const float* __restrict__ gamma,
    const float* __restrict__ mean, const float* __restrict__ rstd, float* __restrict__ dx)
{
    Place place = place_of_thread(), ofColumns = place;
    ofColumns.row = 0;
    float v[PER_LANE], w[PER_LANE], scale[PER_LANE], m = 0, r = 0;
    load_piece(gamma, ofColumns, 0, 0, scale);
    if (place.row < ROWS) m = mean[place.row], r = rstd[place.row];
    write_row_gradient(g, x, gamma, dx, m, r, place, v, w, scale);
}
