// Argmax along an axis that is not the last: y[o, i] = the position k of the largest x[o, k, i], x being (OUTER, LENGTH, INNER).
//
// The idea: a thread per result. Neighbouring threads have neighbouring i, so each step of the loop reads INNER neighbouring elements, and no thread
// needs to know what another found. Positions rise, so a tie keeps the earlier one by itself.
//
// Bytes: 4 (OUTER LENGTH INNER + OUTER INNER). FLOPs: a comparison for each element. Limit: bandwidth for INNER of 32 and more; a
// smaller INNER makes a warp's request span several rows of INNER, and sectors per request rise from 4 towards 32.
//
// Macros: OUTER LENGTH INNER; VALUE LOWEST (argmax.cuh); BLOCK.
#include "prelude.cuh"
#include "argmax/argmax.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) argmax_columns(const VALUE* __restrict__ x, int* __restrict__ y)
{
    uint result = blockIdx.x * BLOCK + threadIdx.x;
    if (result >= OUTER * INNER) return;
    const VALUE* column = x + result / INNER * (LENGTH * INNER) + result % INNER;
    VALUE best = LOWEST;
    int at = INT_MAX;
#pragma unroll 4
    for (int k = 0; k < LENGTH; k++)
    {
        VALUE v = column[k * INNER];
        if (beats(v, k, best, at))
        {
            best = v;
            at = k;
        }
    }
    y[result] = at;
}
