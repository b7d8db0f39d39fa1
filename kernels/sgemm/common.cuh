// What the first seven rungs need to be right for every shape, so that none of them has to speak of it.
//
// A tile at the edge of C sticks out of the matrices. Loads beyond the edge give zero, which adds nothing to a sum; stores beyond it do not happen. Zero must be given
// beyond K, for A and B alike: NaN times zero is NaN. No thread may leave early, though it has nothing to compute: the others wait for it at the barrier.
//
// Sizes are constants, so each question is asked only where it can be answered with no: if M is a multiple of BM, `M % BM != 0 && ...` is false when the kernel is compiled,
// and a product of round sizes pays nothing. The same holds for beta: if it is 0, C is not read (and may hold NaN: BLAS asks for that).
//
// Vector is float, or float4 where each row begins at a multiple of 16 bytes; then rows have a multiple of 4 elements, so that a vector lies inside or outside, never across.
// Macros: M N K, ALPHA BETA (float); BM BN, the part of C that a block computes; BK, how many k it goes at a time.
#ifndef BK
#define BK 1
#endif

// A[row][k] and what follows it in its row; B[k][col] likewise.
template <class Vector = float>
__device__ __forceinline__ Vector loadA(const float* a, int row, int k)
{
    if ((M % BM != 0 && row >= M) || (K % BK != 0 && k >= K)) return Vector();
    return *(const Vector*)(a + row * K + k);
}

template <class Vector = float>
__device__ __forceinline__ Vector loadB(const float* b, int k, int col)
{
    if ((N % BN != 0 && col >= N) || (K % BK != 0 && k >= K)) return Vector();
    return *(const Vector*)(b + k * N + col);
}

// C[row][col] and what follows it in its row, from sums[0], sums[1], ...
template <class Vector = float>
__device__ __forceinline__ void storeC(float* c, int row, int col, const float* sums)
{
    if ((M % BM != 0 && row >= M) || (N % BN != 0 && col >= N)) return;
    Vector* place = (Vector*)(c + row * N + col), values = BETA == 0 ? Vector() : *place;
#pragma unroll
    for (int i = 0; i < sizeof(Vector) / 4; i++)
    {
        float& value = ((float*)&values)[i];
        value = BETA == 0 ? ALPHA * sums[i] : ALPHA * sums[i] + BETA * value;
    }
    *place = values;
}
