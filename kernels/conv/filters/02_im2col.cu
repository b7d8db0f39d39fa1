#include "prelude.cuh"
#include "conv/common.cuh"
// The gradient of a convolution for its filters as a product of matrices. First launch: every window of x is written out, as a row this time,
//
//     rows[b, (i,j), (c,p,q)] = x[b, c, i SY + p - TOP, j SX + q - LEFT],   zero on the padding.
//
// Idea: then df = sum over b of dy[b] rows[b], with dy[b] (O, OH OW) as it lies. One product for each image, all in one launch by kernels/sgemm, each into a part of
// its own: K, the sum over images and positions, is split by images. sgemm/sum_splits.cu adds the parts in the third launch, in the same order each time.
// In conv/forward/02_im2col.cu windows are columns, for there a product sums over taps; here it sums over positions, and reads float4s along the taps.
// The flaws: rows are KH KW times as large as x, written and read once; each image has a part of its own, however small its sum is.
//
// FLOPs: 2 B O OH OW C KH KW in the product. Bytes: here 4 (B C H W + B C KH KW OH OW), the product reads the latter again; 8 B O C KH KW for the parts. Limited by
// memory here, by arithmetic in the product. In the counters: 4 sectors a store request, but some 14 a load: 32 lanes are 11 runs of KW pixels. L1 has the rest.
//
// Source: as conv/forward/02_im2col.cu. Macros: B C and those of common.cuh. Blocks of 256 threads, an element of rows a thread: neighbouring lanes write neighbours.

extern "C" __global__ void __launch_bounds__(256) conv_filters_im2col(const float* __restrict__ x, float* __restrict__ rows)
{
    uint e = blockIdx.x * 256 + threadIdx.x;
    if (e >= B * OH * OW * C * KH * KW) return;
    uint window = e / (C * KH * KW), image = window / (OH * OW), c = e / (KH * KW) % C;
    int row = (int)(window / OW % OH) * SY + (int)(e / KW % KH) - TOP, col = (int)(window % OW) * SX + (int)(e % KW) - LEFT;
    rows[e] = hasPixel(row, col) ? x[(int)(image * C + c) * (H * W) + row * W + col] : 0.0f;
}
