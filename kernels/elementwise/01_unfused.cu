#include "prelude.cuh"
// y = relu(ALPHA x + r) m, one launch for each operation.
//
// Idea: what a library of array operations does, which sees one operation at a time. The file is compiled four times; each launch reads its operands u (and v) and writes a
// result: s = ALPHA x to scratch memory, t = s + r, s = relu(t), y = s m. A thread has one element, neighbouring lanes neighbouring elements: each launch by itself is fine.
//
// FLOPs: 4 N. Bytes: 8 N + 12 N + 8 N + 12 N = 40 N, where 16 N are distinct. Limited by DRAM, four times, and by four launches if N is small.
// In the counters: launches; bytes moved over the least. Source: the flaw that loop fusion is the oldest remedy for; see T. Veldhuizen, "Expression templates", C++ Report, 1995.
// Macros: N, ALPHA (float), OPERATION (0 to 3). Blocks of 256 over N.

#if OPERATION == 0
#define RESULT ALPHA * u[i]
#elif OPERATION == 1
#define RESULT u[i] + v[i]
#elif OPERATION == 2
#define RESULT (u[i] > 0.0f || u[i] != u[i] ? u[i] : 0.0f)
#else
#define RESULT u[i] * v[i]
#endif

extern "C" __global__ void __launch_bounds__(256) elementwise_unfused(const float* __restrict__ u, const float* __restrict__ v, float* __restrict__ y)
{
    const uint i = blockIdx.x * 256 + threadIdx.x;
    if (i < N) y[i] = RESULT;
}
