// The gradient of average pooling: dx[plane, pixel] = the sum of g / n over the windows that cover the pixel, n as in avg_pool.cu.
//
// The idea: max_unpool.cu's: each pixel gathers from the windows that cover it, in row-major order, without atomics. Each g is divided by its n
// once, on its way into shared memory, and not again for each pixel.
//
// Bytes: 4 P (OH OW + H W). FLOPs: P OH OW divisions and at most P H W COVER_Y COVER_X additions. Limit: bandwidth.
// Counters: 4 sectors per request.
//
// Macros: pool.cuh's and COUNT_PADDING. Ends: LOAD_G(i), once for each gradient if TILE > 0; STORE_X(i, v), once for each pixel.
#include "prelude.cuh"
#include "pool/pool.cuh"

#ifndef LOAD_G
#define LOAD_G(i) g[i]
#endif
#ifndef STORE_X
#define STORE_X(i, v) dx[i] = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

// g / n of a window.
#define SHARE(window) (LOAD_G(window) / count_of((window) / OW % OH * STRIDE_Y - PAD_Y, (window) % OW * STRIDE_X - PAD_X))

extern "C" __global__ void __launch_bounds__(BLOCK) avg_unpool(const float* __restrict__ g, float* __restrict__ dx ENDS_PARAMETERS)
{
    Band band = band_of_block(H);
#if TILE > 0
    // Copy the windows over the band into shared memory.
    __shared__ float tile[TILE];
    Run windows = windows_over(band);
    for (FOR_RUN(i, windows))
        if (IN_RUN(i, windows)) tile[i - windows.first] = SHARE(i);
    __syncthreads();
#define SHARE_OF(window) tile[(window) - windows.first]
#else
#define SHARE_OF(window) SHARE(window)
#endif

    // One pixel at a time: add the shares of the windows that cover it.
    Run results = run_of(band, band.row, band.row + band.rows, H, W);
    for (FOR_RUN(i, results))
    {
        if (!IN_RUN(i, results)) continue;
        int plane = i / (H * W), row = i / W % H, column = i % W;
        int first_y = FIRST_OVER_Y(row), first_x = FIRST_OVER_X(column);
        float sum = 0;
#pragma unroll UNROLL_COVER
        for (int a = 0; a < COVER_Y; a++)
#pragma unroll UNROLL_COVER
            for (int b = 0; b < COVER_X; b++)
            {
                int oy = first_y + a, ox = first_x + b;
                bool covers = (uint)oy < OH && oy * STRIDE_Y - PAD_Y + WINDOW_Y > row && (uint)ox < OW && ox * STRIDE_X - PAD_X + WINDOW_X > column;
                if (covers) sum += SHARE_OF((plane * OH + oy) * OW + ox);
            }
        STORE_X(i, sum);
    }
}
