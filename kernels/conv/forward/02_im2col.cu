#include "prelude.cuh"
#include "conv/common.cuh"
// Convolution as a product of matrices. First launch: every window of x is written out as a column,
//
//     columns[b, (c,p,q), (i,j)] = x[b, c, i SY + p - TOP, j SX + q - LEFT],   zero on the padding.
//
// Idea: then y[b] = F columns[b], F (O, C KH KW) being the filters as they lie: a batched product, which is what GPUs are best at, and any sgemm will do. It is the second
// launch, by kernels/sgemm. What rung 1 lacks is there for nothing: a multiply-add takes its operands from registers. The flaw: each pixel is written KH KW times
// and read again as often, and the columns need KH KW times the memory of x.
//
// FLOPs: none here; 2 B O OH OW C KH KW in the product. Bytes: here 4 (B C H W + B C KH KW OH OW), and the product reads the latter again: with 3 x 3 windows,
// 4 (1 + 2 * 9) bytes for each element of x, against 4. Limited by memory here, by arithmetic there. In the counters: FMAs among the product's instructions;
// bytes written here, times the bytes of x.
//
// Source: K. Chellapilla et al., "High performance convolutional neural networks for document processing", 2006.
// Macros: B C and those of common.cuh. Blocks of 256 threads, an element of columns a thread: neighbouring lanes write neighbours. bias_relu.cu comes last.

extern "C" __global__ void __launch_bounds__(256) conv_forward_im2col(const float* __restrict__ x, float* __restrict__ columns)
{
    uint e = blockIdx.x * 256 + threadIdx.x;
    if (e >= B * C * KH * KW * OH * OW) return;
    uint tap = e / (OH * OW), plane = tap / (KH * KW);   // tap: (image, c, p, q); plane: (image, c)
    int row = (int)(e / OW % OH) * SY + (int)(tap / KW % KH) - TOP, col = (int)(e % OW) * SX + (int)(tap % KW) - LEFT;
    columns[e] = hasPixel(row, col) ? x[(int)plane * (H * W) + row * W + col] : 0.0f;
}
