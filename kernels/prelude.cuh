// NVRTC compiles without any header; this is all that the kernels of MiniDL need of one.
#ifndef MINIDL_PRELUDE
#define MINIDL_PRELUDE
typedef unsigned int uint;
typedef unsigned long long uint64;
#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fc00000)
#define INT_MIN (-2147483647 - 1)
#define INT_MAX 2147483647

// The larger and the smaller of two. Of equal ones the first, and NaN if either is: fmaxf and fminf would drop it.
__device__ __forceinline__ float max_nan(float a, float b) { return a > b || a != a ? a : b; }
__device__ __forceinline__ float min_nan(float a, float b) { return a < b || a != a ? a : b; }
#endif
