#include "prelude.cuh"
#include "conv/common.cuh"
// The gradient of a convolution for its filters, by its definition:   df[o,c,p,q] = sum over b,i,j of dy[b,o,i,j] x[b, c, i SY + p - TOP, j SX + q - LEFT].
//
// Idea: one thread for each df, and the sum as a loop. Neighbouring lanes are neighbouring taps (c,p,q): all read the same dy, and pixels that lie KW together.
// The flaw: there are few df and each is a very long sum. The second layer of the convnet has 18,432 of them, 144 blocks, each thread with 21,632 terms one after the
// other: most of a GPU has nothing to do, the rest wait for their loads.
//
// FLOPs: 2 B O OH OW C KH KW. Bytes asked for: 4 for each operand of each multiply-add; at best 4 (B C H W + O C KH KW + B O OH OW).
// Limited by the caches and the latency of the few multiprocessors at work. In the counters: waves far below 1; some 14 sectors a load of x, 1 a load of dy.
//
// Source: as conv/forward/01_direct.cu. Macros: B C O and those of common.cuh. Blocks of 128 threads, an element of df a thread.

extern "C" __global__ void __launch_bounds__(128) conv_filters_direct(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ df)
{
    uint e = blockIdx.x * 128 + threadIdx.x;
    if (e >= O * C * KH * KW) return;
    int q = e % KW, p = e / KW % KH, c = e / (KH * KW) % C, o = e / (C * KH * KW);
    float sum = 0;
    for (int image = 0; image < B; image++)
        for (int i = 0; i < OH; i++)
            for (int j = 0; j < OW; j++)
            {
                int row = i * SY + p - TOP, col = j * SX + q - LEFT;
                if (hasPixel(row, col)) sum += dy[((image * O + o) * OH + i) * OW + j] * x[((image * C + c) * H + row) * W + col];
            }
    df[e] = sum;
}
