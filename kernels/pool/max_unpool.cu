// The gradient of max pooling: dx[plane, pixel] = the sum of g over the windows whose index names that pixel.
//
// The idea: gather, not scatter. Adding each g where its index points would need atomics, since overlapping windows may choose one pixel; and atomics add in
// any order, so sums would differ in their last bits from run to run. Here each pixel looks at the windows that cover it (pool.cuh says which) and
// adds those that chose it, in row-major order: the same bits each time. Indices and gradients are read flat into shared memory, once, and dx is
// written flat, zeros included, so nothing need be cleared before.
//
// Bytes: 4 P (2 OH OW + H W). FLOPs: at most COVER_Y COVER_X comparisons for each pixel (one, if windows do not overlap): bandwidth is the limit.
// Counters: 4 sectors per request everywhere; no atomics; a few of the shared reads are broadcasts, since neighbours look at the same window.
// Source: the scatter-to-gather transformation of Stratton et al., "Algorithm and Data Optimization Techniques for Scaling to Massively Threaded
// Systems", IEEE Computer 2012.
//
// Macros: pool.cuh's; ANY_WINDOW when an index may name any pixel (then each pixel looks at every window of its plane: slow, and still right).
// Ends: LOAD_G(i), once for each gradient if TILE > 0; STORE_X(i, v), once for each pixel.
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

extern "C" __global__ void __launch_bounds__(BLOCK) max_unpool(
    const int* __restrict__ index, const float* __restrict__ g, float* __restrict__ dx ENDS_PARAMETERS)
{
    Band band = band_of_block(H);
#if TILE > 0
    // Copy the windows over the band into shared memory.
    __shared__ int tile_index[TILE];
    __shared__ float tile_g[TILE];
    Run windows = windows_over(band);
    for (FOR_RUN(i, windows))
    {
        if (!IN_RUN(i, windows)) continue;
        tile_index[i - windows.first] = index[i];
        tile_g[i - windows.first] = LOAD_G(i);
    }
    __syncthreads();
#define CHOSEN(window) tile_index[(window) - windows.first]
#define GRADIENT(window) tile_g[(window) - windows.first]
#else
#define CHOSEN(window) index[window]
#define GRADIENT(window) LOAD_G(window)
#endif

    // One pixel at a time: add the windows that chose it.
    Run results = run_of(band, band.row, band.row + band.rows, H, W);
    for (FOR_RUN(i, results))
    {
        if (!IN_RUN(i, results)) continue;
        int plane = i / (H * W), pixel = i % (H * W);
        int first_y = FIRST_OVER_Y(pixel / W), first_x = FIRST_OVER_X(pixel % W);
        float sum = 0;
#pragma unroll UNROLL_COVER
        for (int a = 0; a < COVER_Y; a++)
#pragma unroll UNROLL_COVER
            for (int b = 0; b < COVER_X; b++)
            {
                int oy = first_y + a, ox = first_x + b;
                if ((uint)oy >= OH || (uint)ox >= OW) continue;
                int window = (plane * OH + oy) * OW + ox;
                if (CHOSEN(window) == pixel) sum += GRADIENT(window);
            }
        STORE_X(i, sum);
    }
}
