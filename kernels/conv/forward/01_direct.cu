#include "prelude.cuh"
#include "conv/common.cuh"
// Convolution by its definition:   y[b,o,i,j] = sum over c,p,q of f[o,c,p,q] x[b, c, i SY + p - TOP, j SX + q - LEFT].
//
// Idea: one thread for each y, and the sum as a loop. Neighbouring lanes are neighbouring columns j, so their pixels are neighbours, too, and all read the same tap of
// the filter: loads are as good as they get. The flaw: each multiply-add waits for two loads. A pixel is read again for every one of its KH KW windows and every one of
// the O channels, each time by another thread, and nothing keeps it but the caches.
//
// FLOPs: 2 B O OH OW C KH KW. Bytes asked for: 4 for each operand of each multiply-add; at best 4 (B C H W + O C KH KW + B O OH OW).
// Limited by the caches, which serve two loads for each multiply-add. In the counters: a quarter of the instructions are multiply-adds, half are loads; the bytes of all
// loads' sectors are hundreds of times those of x.
//
// Source: the formula, as S. Chetlur et al., "cuDNN: efficient primitives for deep learning", 2014, write it.
// Macros: B C O and those of common.cuh. Blocks of 256 threads, an element of y a thread. bias_relu.cu follows.

extern "C" __global__ void __launch_bounds__(256) conv_forward_direct(const float* __restrict__ x, const float* __restrict__ f, float* __restrict__ y)
{
    uint e = blockIdx.x * 256 + threadIdx.x;
    if (e >= B * O * OH * OW) return;
    int j = e % OW, i = e / OW % OH, o = e / (OH * OW) % O, image = e / (O * OH * OW);
    float sum = 0;
    for (int c = 0; c < C; c++)
        for (int p = 0; p < KH; p++)
            for (int q = 0; q < KW; q++)
            {
                int row = i * SY + p - TOP, col = j * SX + q - LEFT;
                if (hasPixel(row, col)) sum += f[((o * C + c) * KH + p) * KW + q] * x[((image * C + c) * H + row) * W + col];
            }
    y[e] = sum;
}
