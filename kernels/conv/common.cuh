// What the convolutions share: which windows stay inside the image, so that every shape is right.
//
// Window (i, j) of an image begins at pixel (i SY - TOP, j SX - LEFT) and has KH x KW taps. On the padding it has no pixels: there it reads zero, and no memory. Where a
// convolution has no padding no window leaves the image, and since sizes are constants the compiler then drops the question: half of the tests, or all.
//
// Macros: H W, KH KW, OH OW, SY SX (strides), TOP LEFT (padding; what is below and to the right follows from OH and OW).
#define IN_ROWS (TOP == 0 && (OH - 1) * SY + KH <= H)    // no window leaves the image above or below
#define IN_COLS (LEFT == 0 && (OW - 1) * SX + KW <= W)   // nor to the left or right

// True if the image has such a pixel.
__device__ __forceinline__ bool hasPixel(int row, int col)
{
    return (IN_ROWS || (row >= 0 && row < H)) && (IN_COLS || (col >= 0 && col < W));
}
