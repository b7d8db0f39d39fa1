#include "prelude.cuh"
// Implicit GEMM with bias and relu at its end:   y[b,o,i,j] = relu(bias[o] + sum over c,p,q of f[o,c,p,q] x[b, c, i SY + p - TOP, j SX + q - LEFT]).
//
// Idea: rung 3 hands each finished sum to STORE_Y(i, v), which by default writes it. Here it says what else to do first, while v is still in a register: two FLOPs. A launch
// is saved, and y's way from memory and back to it. This is what MiniDL's compiler does with whatever follows a convolution (src/MiniDL.Cuda/Generate/Ends.cs): it
// generates a STORE_Y like this one, and the file behind it stays as it is.
//
// FLOPs: those of rung 3, and 2 B O OH OW. Bytes: 8 B O OH OW fewer than with bias_relu.cu behind it. In the counters: one launch; the global loads of rung 3 and one
// of bias for each y, 32 lanes mostly the same one. Macros, launch shape: those of rung 3.

#define ENDS_PARAMETERS , const float* __restrict__ bias
#define STORE_Y(i, v) y[i] = max_nan(v + bias[(i) / (OH * OW) % O], 0.0f)
#define conv_forward_implicit_gemm conv_forward_fused_end   // the function below is this rung's
#include "conv/forward/03_implicit_gemm.cu"
