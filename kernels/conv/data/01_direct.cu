#include "prelude.cuh"
// The gradient of a convolution for its input, by its definition turned around:
//
//     dx[b,c,h,w] = sum over o,p,q of f[o,c,p,q] dy[b, o, (h + TOP - p) / SY, (w + LEFT - q) / SX],   where both divisions leave no remainder and fall on dy.
//
// Idea: the obvious gradient scatters: each dy is added to all pixels of its window. But other threads add to these pixels too, so it takes atomics, and the last
// bits of dx would depend on who comes first. Gathered, one thread for each dx, a pixel asks which windows it was in, and writes its sum once.
// The flaws are those of conv/forward/01_direct.cu: two loads for each multiply-add. And with strides above 1 a thread tries KH KW taps where only one in SY SX fits.
//
// FLOPs: 2 B O OH OW C KH KW at most: those of forward. Bytes asked for: 4 for each operand of each multiply-add; at best 4 (B C H W + O C KH KW + B O OH OW).
// Limited by the integer arithmetic around the multiply-adds. In the counters: a tenth of the instructions are multiply-adds; with strides, lanes that part (threads an instruction below 32).
//
// Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.
// Macros: B C H W O KH KW OH OW, SY SX (strides), TOP LEFT (padding). Blocks of 256 threads, an element of dx a thread.

extern "C" __global__ void __launch_bounds__(256) conv_data_direct(const float* __restrict__ dy, const float* __restrict__ f, float* __restrict__ dx)
{
    uint e = blockIdx.x * 256 + threadIdx.x;
    if (e >= B * C * H * W) return;
    int w = e % W, h = e / W % H, c = e / (H * W) % C, image = e / (C * H * W);
    float sum = 0;
    for (int o = 0; o < O; o++)
        for (int p = 0; p < KH; p++)
            for (int q = 0; q < KW; q++)
            {
                int down = h + TOP - p, right = w + LEFT - q, i = down / SY, j = right / SX;
                bool isInWindow = down >= 0 && right >= 0 && i < OH && j < OW && down % SY == 0 && right % SX == 0;
                if (isInWindow) sum += f[((o * C + c) * KH + p) * KW + q] * dy[((image * O + o) * OH + i) * OW + j];
            }
    dx[e] = sum;
}
