// A row in registers: how the kernels of softmax and layernorm read, combine and write rows of COLUMNS elements.
//
// LANES threads share a row; each has PER_LANE of its elements in registers, so the row is read once however often it is gone through. Rows above 4096
// elements do not fit; they are taken in PIECES, and read again for each time they are gone through. All loops over v[] are unrolled, so v[] is registers.
//
// The one thing to understand: which elements a thread takes. If 4 divides COLUMNS, every row starts at 16 bytes and threads take float4s, side by side. If
// not, they take elements side by side, and where a warp or more shares a row it starts at the multiple of 32 bytes before it (SKEW), so that
// each request is 4 sectors; a row that starts anywhere would cost 5.
//
// Launch: BLOCK threads, (ROWS * LANES + BLOCK - 1) / BLOCK blocks. Arrays start at multiples of 32 bytes; if they do not, ALIGNED must be 0.
// Macros: ROWS COLUMNS BLOCK; LANES: a power of two up to 32, or BLOCK. Best: one lane for each element or float4, up to 32, and BLOCK where a lane would have more than
// 32 elements of a row, or 96 of all rows it holds together, which makes registers scarce (RowShare.cs chooses so). For kernels whose threads do several rows one after the other: STRIP, how
// many, so that there are fewer blocks; and MOST_SKEW 0 lets every row begin where it begins, so that a thread has the same columns of each.
// Source of the row sums: Harris 2007 with shuffles (Luitjens 2014, "Faster Parallel Reductions on Kepler").

#ifndef ALIGNED
#define ALIGNED 1
#endif
#ifndef STRIP
#define STRIP 1
#endif
#define VECTOR (ALIGNED && COLUMNS % 4 == 0)
#ifndef MOST_SKEW
#define MOST_SKEW (VECTOR || LANES < 32 ? 0 : 7)
#endif
#define ALL_PER_LANE (VECTOR ? (COLUMNS / 4 + LANES - 1) / LANES * 4 : (COLUMNS + MOST_SKEW + LANES - 1) / LANES)
#define PER_LANE (COLUMNS > 4096 ? 16 : ALL_PER_LANE)
#define PIECE (PER_LANE * LANES)
#define PIECES ((COLUMNS + MOST_SKEW + PIECE - 1) / PIECE)

// This thread's row (ROWS or more beyond the last one) and place in it.
struct Place
{
    int row, lane, skew;
};

__device__ __forceinline__ Place place_of_thread()
{
    Place place;
    place.row = blockIdx.x * (BLOCK / LANES) + threadIdx.x / LANES;
    place.lane = threadIdx.x % LANES;
    place.skew = MOST_SKEW == 0 ? 0 : place.row * COLUMNS & 7;
    return place;
}

// The column of element k of this thread in a piece: in 0 ... COLUMNS - 1, or there is no such element.
__device__ __forceinline__ int column_of(Place place, int piece, int k)
{
    return VECTOR ? piece * PIECE + (k / 4 * LANES + place.lane) * 4 + k % 4 : piece * PIECE + k * LANES + place.lane - place.skew;
}

__device__ __forceinline__ bool exists(Place place, int column) { return (ROWS % (BLOCK / LANES * STRIP) == 0 || place.row < ROWS) && (uint)column < COLUMNS; }

// Reads this thread's elements of a piece; those that do not exist become `other`.
__device__ __forceinline__ void load_piece(const float* __restrict__ x, Place place, int piece, float other, float (&v)[PER_LANE])
{
#pragma unroll
    for (int k = 0; k < PER_LANE; k += VECTOR ? 4 : 1)
    {
        int column = column_of(place, piece, k);
#if VECTOR
        float4 four = make_float4(other, other, other, other);
        if (exists(place, column)) four = *(const float4*)(x + place.row * COLUMNS + column);
        v[k] = four.x, v[k + 1] = four.y, v[k + 2] = four.z, v[k + 3] = four.w;
#else
        v[k] = exists(place, column) ? x[place.row * COLUMNS + column] : other;
#endif
    }
}

// Writes them.
__device__ __forceinline__ void store_piece(float* __restrict__ y, Place place, int piece, const float (&v)[PER_LANE])
{
#pragma unroll
    for (int k = 0; k < PER_LANE; k += VECTOR ? 4 : 1)
    {
        int column = column_of(place, piece, k);
        if (!exists(place, column)) continue;
#if VECTOR
        *(float4*)(y + place.row * COLUMNS + column) = make_float4(v[k], v[k + 1], v[k + 2], v[k + 3]);
#else
        y[place.row * COLUMNS + column] = v[k];
#endif
    }
}

// The sum and the maximum of two.
struct Sum
{
    __device__ __forceinline__ float operator()(float a, float b) const { return a + b; }
};
struct Max
{
    __device__ __forceinline__ float operator()(float a, float b) const { return max_nan(a, b); }
};

// Combines one number of each of the row's threads; all of them get the result, in the same order of combination every time.
template <class Combine> __device__ __forceinline__ float combine_row(float mine, Combine combine)
{
#pragma unroll
    for (int step = (LANES < 32 ? LANES : 32) / 2; step > 0; step /= 2) mine = combine(mine, __shfl_xor_sync(0xffffffff, mine, step));
#if LANES > 32
    __shared__ float of_warp[LANES / 32];
    if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = mine;
    __syncthreads();
    mine = of_warp[0];
#pragma unroll
    for (int warp = 1; warp < LANES / 32; warp++) mine = combine(mine, of_warp[warp]);
    __syncthreads();   // or the next call overwrites what a slow warp still reads
#endif
    return mine;
}

// The same over all elements of a piece.
template <class Combine> __device__ __forceinline__ float combine_piece(const float (&v)[PER_LANE], Combine combine)
{
    float mine = v[0];
#pragma unroll
    for (int k = 1; k < PER_LANE; k++) mine = combine(mine, v[k]);
    return combine_row(mine, combine);
}
