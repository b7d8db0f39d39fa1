// The operands of a product C = alpha A B + beta C, for each of a batch: where a tile's elements lie, and what lies outside. Rungs 8 to 12 share it.
//
// A is M x K, B is K x N, any strides; C is M x N and row-major. A transposed operand is the same memory with its two strides exchanged, so NN, NT, TN and TT are one kernel:
// all that matters is which neighbours are neighbours in memory (ALONG_K), and whether four of them are always one aligned float4 (VECTOR). Beyond the last row, column and k
// nothing is read and nothing written: `has` asks. Sizes are constants, so where they are multiples of the tile's no such question is left in the machine code.
//
// Macros: BATCH M N K, ALPHA BETA (float), A_BATCH A_ROW A_COLUMN and B_... (strides in elements), A_ALONG_K B_ALONG_K (0 or 1), A_VECTOR B_VECTOR C_VECTOR (float or
// float4), and those of warp_tile.cuh. One block for each tile and product.

#define TILES_N ((N + BN - 1) / BN)
#define TILES_M ((M + BM - 1) / BM)

// The tile with a number: which product of the batch, and its first row and column.
struct Tile
{
    int batch, row, col;

    __device__ __forceinline__ explicit Tile(uint number) : batch(number / (TILES_M * TILES_N)), row(number / TILES_N % TILES_M * BM), col(number % TILES_N * BN) {}

    // Whether an element of the tile is one of C, and at which position of the row-major (BATCH, M, N).
    __device__ __forceinline__ bool has(int m, int n) const { return (M % BM == 0 || row + m < M) && (N % BN == 0 || col + n < N); }
    __device__ __forceinline__ int at(int m, int n) const { return (batch * M + row + m) * N + col + n; }
};

// An operand from the tile's corner on. A thread's place in a slab, m and k, is its own; how far from there it reads, dm and dk, is the same for all. Kept apart, the first becomes an
// address that is worked out once, the second a constant and a step from slab to slab.
struct OperandA
{
    const float* first;
    int row;

    __device__ __forceinline__ OperandA(const float* a, Tile tile) : first(a + tile.batch * A_BATCH + tile.row * A_ROW), row(tile.row) {}
    __device__ __forceinline__ bool has(int m, int k) const { return (M % BM == 0 || row + m < M) && (K % BK == 0 || k < K); }
    __device__ __forceinline__ const float* at(int m, int k, int dm, long long dk) const { return first + (m * A_ROW + k * A_COLUMN) + (dm * A_ROW + dk * A_COLUMN); }
};

struct OperandB
{
    const float* first;
    int col;

    __device__ __forceinline__ OperandB(const float* b, Tile tile) : first(b + tile.batch * B_BATCH + tile.col * B_COLUMN), col(tile.col) {}
    __device__ __forceinline__ bool has(int n, int k) const { return (N % BN == 0 || col + n < N) && (K % BK == 0 || k < K); }
    __device__ __forceinline__ const float* at(int n, int k, int dn, long long dk) const { return first + (n * B_COLUMN + k * B_ROW) + (dn * B_COLUMN + dk * B_ROW); }
};

template <class Part>
__device__ __forceinline__ A_VECTOR readFrom(const Part&, OperandA a, int index, int kStart)
{
    return a.has(Part::sideOf(index), kStart + Part::kOf(index)) ? *(const A_VECTOR*)a.at(Part::side(), Part::k(), Part::sideStep(index), kStart + Part::kStep(index)) : A_VECTOR();
}

template <class Part>
__device__ __forceinline__ B_VECTOR readFrom(const Part&, OperandB b, int index, int kStart)
{
    return b.has(Part::sideOf(index), kStart + Part::kOf(index)) ? *(const B_VECTOR*)b.at(Part::side(), Part::k(), Part::sideStep(index), kStart + Part::kStep(index)) : B_VECTOR();
}

// alpha * sum + beta * c. With a beta of 0, c is not read: it may hold NaN.
__device__ __forceinline__ float scaled(float sum, const float* c) { return BETA == 0 ? ALPHA * sum : ALPHA * sum + BETA * *c; }
__device__ __forceinline__ float4 scaled(float4 sums, const float* c)
{
    float4 old = BETA == 0 ? float4() : *(const float4*)c;
    return make_float4(scaled(sums.x, &old.x), scaled(sums.y, &old.y), scaled(sums.z, &old.z), scaled(sums.w, &old.w));
}

// Stores a tile by runs of four columns or element by element: the third argument's type says which.
template <class Store>
__device__ __forceinline__ void storeResults(Slab*, const float (&threadResults)[TM][TN], float4, Store store) { storeRuns(threadResults, store); }
template <class Store>
__device__ __forceinline__ void storeResults(Slab* slabs, const float (&threadResults)[TM][TN], float, Store store) { storeTile(slabs, threadResults, store); }
