// Max pooling: y[plane, oy, ox] = the largest pixel of a window, index = where in its plane it stands (row * W + column).
//
// The idea: read flat, pool from shared memory, write flat (pool.cuh). A thread makes one window at a time: it looks at the window's pixels in
// row-major order and keeps the first that no later one beats, so a tie goes to the first; a NaN beats every number, and the first NaN stays.
// A partial window starts with a pixel that is on the plane, so padding never wins, not even against minus infinity.
//
// Bytes: 4 P (H W + 2 OH OW), each once; bands of a large plane read WINDOW_Y - STRIDE_Y rows twice where windows overlap.
// FLOPs: P OH OW WINDOW_Y WINDOW_X comparisons: 1/8 per byte for 2 x 2, so bandwidth is the limit by far.
// Counters: sectors per request near 4 on loads and stores; shared loads of a 2 x 2 window have lanes two words apart, a conflict
// of two, which costs less than the memory it waits for. Source: coalesce first, reorganise in shared memory: Ruetsch and Micikevicius,
// "Optimizing Matrix Transpose in CUDA", 2009.
//
// Macros: pool.cuh's; WITH_VALUE and WITH_INDEX say which results are asked for. Ends: STORE_Y(i, v), once for each value.
#include "prelude.cuh"
#include "pool/pool.cuh"

#ifndef STORE_Y
#define STORE_Y(i, v) y[i] = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif
#if WITH_VALUE
#define VALUE_PARAMETER , float* __restrict__ y
#else
#define VALUE_PARAMETER
#endif
#if WITH_INDEX
#define INDEX_PARAMETER , int* __restrict__ index
#else
#define INDEX_PARAMETER
#endif

extern "C" __global__ void __launch_bounds__(BLOCK) max_pool(const float* __restrict__ x VALUE_PARAMETER INDEX_PARAMETER ENDS_PARAMETERS)
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
        int chosen = max(top, 0) * W + max(left, 0);
        float best = plane[chosen];
#pragma unroll UNROLL_WINDOW
        for (int p = 0; p < WINDOW_Y; p++)
#pragma unroll UNROLL_WINDOW
            for (int q = 0; q < WINDOW_X; q++)
            {
                if (!ON_PLANE(top + p, left + q)) continue;
                int at = (top + p) * W + left + q;
                float candidate = plane[at];
                if (!(candidate <= best) && best == best)
                {
                    best = candidate;
                    chosen = at;
                }
            }
#if WITH_VALUE
        STORE_Y(o, best);
#endif
#if WITH_INDEX
        index[o] = chosen;
#endif
    }
}
