#include "prelude.cuh"
// Writes every window of x as a column: columns[b, (c,p,q), (i,j)] = x[b, c, i SY + p - TOP, j SX + q - LEFT], zero on the padding.
//
// Idea: then y[b] = F columns[b], F (O, C KH KW) being the filters as they lie: convolution is a batched product of matrices, and any sgemm will do. The flaw:
// each element of x is written KH KW times and read again as often. conv_forward.cu does the same without the memory.
//
// FLOPs: none. Bytes: 4 (B C H W + B C KH KW OH OW), and the product reads the latter again: with 3 x 3 windows, 4 (1 + 2 * 9) bytes per element of x
// against 4. Limited by memory. In the counters: stores of 4 sectors a request; loads the same, shifted by a pixel or two.
//
// Ends: LOAD_X(i) up to KH KW times an element. Source: K. Chellapilla et al., "High performance convolutional neural networks for document processing", 2006.
// Macros: B C H W KH KW OH OW, SY SX, TOP LEFT. Blocks of 256 threads, an element of columns a thread.

#ifndef LOAD_X
#define LOAD_X(i) x[i]
#endif
#ifndef ENDS_PARAMETERS
#define ENDS_PARAMETERS
#endif

extern "C" __global__ void __launch_bounds__(256) im2col(const float* __restrict__ x, float* __restrict__ columns ENDS_PARAMETERS)
{
    uint e = blockIdx.x * 256 + threadIdx.x;
    if (e >= B * C * KH * KW * OH * OW) return;
    uint tap = e / (OH * OW), plane = tap / (KH * KW);   // plane: image * C + channel
    int row = (int)(e / OW % OH) * SY + (int)(tap / KW % KH) - TOP, col = (int)(e % OW) * SX + (int)(tap % KW) - LEFT;
    bool outside = row < 0 || row >= H || col < 0 || col >= W;
    columns[e] = outside ? 0.0f : LOAD_X((int)plane * (H * W) + row * W + col);
}
