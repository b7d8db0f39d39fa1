#include "prelude.cuh"
#include "conv/common.cuh"
// Convolution of images with few channels, straight from the definition:   y[b,o,i,j] = sum over c,p,q of f[o,c,p,q] x[b, c, i SY + p - TOP, j SX + q - LEFT].
//
// Idea: the first layer of a network has one or three channels, so a window has few elements (TAPS) and all of it fits into a thread's registers. A thread reads
// the window of one output position once and makes all of that position's output channels (GROUP of them) from it, four at a time: the filters lie in shared
// memory as [tap][channel], so one float4 is a tap of four channels, the same for all lanes: a broadcast. A tile of block_tile.cuh would be mostly empty
// in k, and would move every element through shared memory for BM uses it does not need.
//
// FLOPs: 2 B O OH OW TAPS. Bytes: 4 (B C H W + B O OH OW), the output above all; the TAPS reads of an element of x hit L1. Limited by memory: for 32 filters of
// 3 x 3 on one channel, 4.4 FLOPs a byte. In the counters: 4 or 5 sectors a store request (5 where planes do not start on a sector); one wavefront per
// shared load.
//
// Ends: STORE_Y(i, v) once. Source: the direct convolutions of cuda-convnet, A. Krizhevsky, 2012.
// Macros: B C O and those of common.cuh, GROUP (a multiple of 4). One block of 128 threads per 128 positions and GROUP of channels.

#ifndef STORE_Y
#define STORE_Y(i, v) y[i] = v
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

#define THREADS 128
#define TAPS (C * KH * KW)
#define POSITIONS (B * OH * OW)
#define POSITION_BLOCKS ((POSITIONS + THREADS - 1) / THREADS)

extern "C" __global__ void __launch_bounds__(THREADS) conv_few_channels(const float* __restrict__ x, const float* __restrict__ f, float* __restrict__ y ENDS_PARAMETERS)
{
    __shared__ __align__(16) float filters[TAPS][GROUP];
    int firstChannel = blockIdx.x / POSITION_BLOCKS * GROUP;
    for (int e = threadIdx.x; e < TAPS * GROUP; e += THREADS)
    {
        int tap = e / GROUP, o = firstChannel + e % GROUP;
        filters[tap][e % GROUP] = o < O ? f[o * TAPS + tap] : 0;
    }
    __syncthreads();   // all filters are there

    uint position = blockIdx.x % POSITION_BLOCKS * THREADS + threadIdx.x, image = position / (OH * OW), inPlane = position % (OH * OW);
    if (position >= POSITIONS) return;
    int firstRow = (int)(inPlane / OW) * SY - TOP, firstCol = (int)(inPlane % OW) * SX - LEFT;
    float window[TAPS];
#pragma unroll
    for (int tap = 0; tap < TAPS; tap++)
    {
        int c = tap / (KH * KW), row = firstRow + tap / KW % KH, col = firstCol + tap % KW;
        window[tap] = hasPixel(row, col) ? x[(int)(image * C + c) * (H * W) + row * W + col] : 0.0f;
    }

#pragma unroll 1
    for (int g = 0; g < GROUP && firstChannel + g < O; g += 4)
    {
        float sums[4] = {};
#pragma unroll
        for (int tap = 0; tap < TAPS; tap++)
        {
            float4 four = *(const float4*)&filters[tap][g];
            sums[0] += window[tap] * four.x;
            sums[1] += window[tap] * four.y;
            sums[2] += window[tap] * four.z;
            sums[3] += window[tap] * four.w;
        }
#pragma unroll
        for (int e = 0; e < 4; e++)
        {
            int o = firstChannel + g + e;
            if (O % 4 != 0 && o >= O) break;
            int i = (int)(image * O + o) * (OH * OW) + (int)inPlane;
            STORE_Y(i, sums[e]);
        }
    }
}
