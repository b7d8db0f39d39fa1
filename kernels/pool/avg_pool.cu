// Average pooling: y[plane, oy, ox] = the sum of a window's pixels / n, n being its pixels on the plane or, with COUNT_PADDING, all of them.
//
// The idea: max_pool.cu's, read flat, pool from shared memory, write flat; a sum takes the maximum's place. The sum runs over the window in row-major order and is
// divided once, as the CPU does it, so both give the same bits.
//
// Bytes: 4 P (H W + OH OW), each once. FLOPs: P OH OW (WINDOW_Y WINDOW_X + 1). Limit: bandwidth, until windows overlap tenfold.
// Counters: 4 sectors per request.
//
// Macros: pool.cuh's and COUNT_PADDING. Ends: STORE_Y(i, v), once for each value.
#include "prelude.cuh"
#include "pool/pool.cuh"

#ifndef STORE_Y
#define STORE_Y(i, v) y[i] = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

extern "C" __global__ void __launch_bounds__(BLOCK) avg_pool(const float* __restrict__ x, float* __restrict__ y ENDS_PARAMETERS)
{
    Band band = band_of_block(OH);
#if TILE > 0
    // Copy the pixels under the band into shared memory.
    __shared__ float tile[TILE];
    Run pixels = pixels_under(band);
    for (FOR_RUN(i, pixels))
        if (IN_RUN(i, pixels)) tile[i - pixels.first] = x[i];
    __syncthreads();
    const float* read = tile - pixels.first;   // read[i] is pixel i of the whole array
#else
    const float* read = x;
#endif

    // One window at a time.
    Run results = run_of(band, band.row, band.row + band.rows, OH, OW);
    for (FOR_RUN(o, results))
    {
        if (!IN_RUN(o, results)) continue;
        const float* plane = read + o / (OH * OW) * (H * W);
        int top = o / OW % OH * STRIDE_Y - PAD_Y, left = o % OW * STRIDE_X - PAD_X;
        float sum = 0;
#pragma unroll UNROLL_WINDOW
        for (int p = 0; p < WINDOW_Y; p++)
#pragma unroll UNROLL_WINDOW
            for (int q = 0; q < WINDOW_X; q++)
                if (ON_PLANE(top + p, left + q)) sum += plane[(top + p) * W + left + q];
        STORE_Y(o, sum / count_of(top, left));
    }
}
