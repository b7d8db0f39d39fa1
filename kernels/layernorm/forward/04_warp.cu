// y = (x - mean) * rstd * gamma + beta by rows of x, as 01_naive: one warp for each row, and the row in its registers.
//
// Idea: 03_welford went to some length to read the row once less. A row of 1,024 elements fits in the registers of a warp, 32 for each lane, where a second pass costs nothing: so
// it is the plain two passes again, the mean, then the distances from it, and the row is read once. No shared memory, no barriers. Longer rows are taken in pieces of 1,024,
// each with moments of its own, which combine as in 03_welford; they are read again for the result.
//
// FLOPs: about 8 for each element. Bytes: 16 ROWS COLUMNS, of which 8 are gamma and beta, from a cache; 20 above 1,024 columns. Limited by bandwidth.
// In the counters: x is read once; no barriers; a third of the instructions of 03_welford. Source: the two-pass algorithm, as in Chan, Golub and LeVeque 1979.
// Macros: ROWS COLUMNS, EPSILON (float). Blocks of 4 warps over the rows.
#include "layernorm/moments.cuh"

#define EACH (COLUMNS > 1024 ? 32 : (COLUMNS + 31) / 32)   // elements of a lane
#define PIECE (EACH * 32)
#define PIECES ((COLUMNS + PIECE - 1) / PIECE)

extern "C" __global__ void __launch_bounds__(128) layernorm_forward_warp(const float* __restrict__ x, const float* __restrict__ gamma, const float* __restrict__ beta,
    float* __restrict__ y, float* __restrict__ mean, float* __restrict__ rstd)
{
    int lane = threadIdx.x % 32, row = blockIdx.x * 4 + threadIdx.x / 32;
    if (row >= ROWS) return;   // the whole warp: nobody is missing in a shuffle
    x += row * COLUMNS;
    y += row * COLUMNS;
    float v[EACH];
    Moments moments = { 0, 0, 0 };

    // Mean and squared distances: of each piece, then of all.
    for (int piece = 0; piece < PIECES; piece++)
    {
        float count = piece < PIECES - 1 ? PIECE : COLUMNS - (PIECES - 1) * PIECE, sum = 0, squares = 0;
#pragma unroll
        for (int k = 0; k < EACH; k++)
        {
            int column = piece * PIECE + k * 32 + lane;
            v[k] = column < COLUMNS ? x[column] : 0;
        }
#pragma unroll
        for (int k = 0; k < EACH; k++) sum += v[k];
#pragma unroll
        for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffff, sum, step);
        float m = sum / count;
#pragma unroll
        for (int k = 0; k < EACH; k++)
        {
            float distance = piece * PIECE + k * 32 + lane < COLUMNS ? v[k] - m : 0;
            squares += distance * distance;
        }
#pragma unroll
        for (int step = 16; step > 0; step /= 2) squares += __shfl_xor_sync(0xffffffff, squares, step);
        moments = combine(moments, { count, m, squares });
    }
    float m = moments.mean, r = rsqrtf(moments.squares / COLUMNS + EPSILON);

    // The result: from registers, or from the row read again.
    for (int piece = 0; piece < PIECES; piece++)
    {
#pragma unroll
        for (int k = 0; k < EACH; k++)
        {
            int column = piece * PIECE + k * 32 + lane;
            if (column >= COLUMNS) continue;
            if (PIECES > 1) v[k] = x[column];
            y[column] = (v[k] - m) * r * gamma[column] + beta[column];
        }
    }
    if (lane == 0) mean[row] = m, rstd[row] = r;
}
