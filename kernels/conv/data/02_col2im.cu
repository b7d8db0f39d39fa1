#include "prelude.cuh"
// The gradient of a convolution for its input, as a product of matrices. Forward was y[b] = F columns[b], so the gradient of the columns is
//
//     columns[b, (c,p,q), (i,j)] = sum over o of f[o, (c,p,q)] dy[b, o, (i,j)],   F' dy[b]: a batched product, the first launch, by kernels/sgemm.
//
// Second launch, this file: what im2col wrote KH KW times comes back KH KW times, and is added up:
//
//     dx[b,c,h,w] = sum over p,q of columns[b, (c,p,q), ((h + TOP - p) / SY, (w + LEFT - q) / SX)],   where both divisions leave no remainder and fall on dy.
//
// Idea: the arithmetic is in the product. col2im in the usual form is a scatter, with atomics or a loop that one thread runs; gathered, each pixel asks the KH KW columns it
// was in, in the same order each time. The flaw: columns are KH KW times as large as dx, written and read once more than anything needs.
//
// FLOPs: 2 B O OH OW C KH KW in the product, B C KH KW OH OW here. Bytes: here 4 (B C H W + B C KH KW OH OW), the latter written by the product before. Limited
// by arithmetic there, by memory here. In the counters: FMAs among the product's instructions; bytes read here, times the bytes of dx.
//
// Source: Y. Jia et al., "Caffe: convolutional architecture for fast feature embedding", 2014, there with a scatter.
// Macros: B C H W KH KW OH OW, SY SX (strides), TOP LEFT (padding). Blocks of 256 threads, an element of dx a thread.

extern "C" __global__ void __launch_bounds__(256) conv_data_col2im(const float* __restrict__ columns, float* __restrict__ dx)
{
    uint e = blockIdx.x * 256 + threadIdx.x;
    if (e >= B * C * H * W) return;
    int w = e % W, h = e / W % H, plane = e / (H * W);   // plane: (image, c)
    float sum = 0;
    for (int p = 0; p < KH; p++)
        for (int q = 0; q < KW; q++)
        {
            int down = h + TOP - p, right = w + LEFT - q, i = down / SY, j = right / SX;
            bool isInWindow = down >= 0 && right >= 0 && i < OH && j < OW && down % SY == 0 && right % SX == 0;
            if (isInWindow) sum += columns[((plane * KH + p) * KW + q) * (OH * OW) + i * OW + j];
        }
    dx[e] = sum;
}
