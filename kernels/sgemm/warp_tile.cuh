// One tile of C, cut up for the warps and threads of a block: what a thread brings, multiplies and stores. Rungs 8 to 12 and the implicit-GEMM convolutions share it.
//
//                     BN             A block computes BM x BN elements of C. It walks along K in slabs of BK: a slab of A and one of B go to shared
//                  +------+          memory, where every element of A is used BN times and every element of B BM times. A thread computes TM x TN
//               BK |  Bs  |          elements in registers (threadResults), so what it reads from shared memory is used TN or TM times again.
//           BK     +------+
//         +----+   +------+          For each k a thread needs TM elements of a column of A and TN of a row of B. A lies transposed in shared memory,
//      BM | As |   |  C   |          As[k][m], so both are runs of 4: one float4 load each. 32 lanes stand as LANES_Y x LANES_X over the warp's part of
//         +----+   +------+          the tile, each taking 4 rows and 4 columns of every LANES_Y * 4 rows and LANES_X * 4 columns (pieces).
//
//      lanes   0  1  4  5            They stand in zigzag, the bits of a lane's number going to x and y by turns. So lane and lane ^ 1 are in one row and load the same
//              2  3  6  7            of A, lane and lane ^ 2 in one column and load the same of B: a float4 load is then made in 2 wavefronts instead of 4 (the simulator's
//              8  9 12 13            SharedAccess.cs has the rule and where it is published; CUTLASS calls the order RowMajorInterleaved<2>).
//             10 11 14 15
//              ...
//
// What it leaves open is the order of things: when a slab is asked for, when it is put into shared memory and when it is multiplied. That is what rungs 8, 9 and 10 differ in.
//
// Where A and B come from is the including file's matter: it passes functions readA(m, k) and readB(n, k), or operands of operands.cuh, m and n counted from the tile's corner,
// which give zero beyond K (both: NaN times zero is NaN), and beyond M and N whatever they like, since that is never stored.
//
// Macros: BM BN BK TM TN (BK a multiple of 8, TM and TN of 4, BM BK and BN BK of 4 THREADS); A_ALONG_K B_ALONG_K, A_VECTOR B_VECTOR as Carried explains.
// Sources of the ideas: S. Boehm, "How to optimize a CUDA matmul kernel", 2022; NVIDIA, "CUTLASS: fast linear algebra in CUDA C++", 2017.

#define THREADS ((BM / TM) * (BN / TN))
#define MIN_BLOCKS (TM * TN == 64 ? (THREADS == 128 ? 3 : 256 / THREADS) : THREADS == 32 ? 12 : 512 / THREADS)   // resident on a multiprocessor: 255, 168 or 128 registers a thread at most
#define LANES_X (TN == 8 || BN / TN < 8 ? 4 : 8)
#define LANES_Y (32 / LANES_X)
#define WARP_M (LANES_Y * TM)   // a warp's part of the tile
#define WARP_N (LANES_X * TN)
#define WARP_ROW (int)(threadIdx.x / 32 / (BN / WARP_N) * WARP_M)
#define WARP_COL (int)(threadIdx.x / 32 % (BN / WARP_N) * WARP_N)
#define LANE_X (int)(threadIdx.x & 1 | threadIdx.x >> 1 & 2 | (LANES_X == 8 ? threadIdx.x >> 2 & 4 : 0))   // bits 0, 2 and perhaps 4
#define LANE_Y (int)(threadIdx.x >> 1 & 1 | threadIdx.x >> 2 & 2 | (LANES_Y == 8 ? threadIdx.x >> 2 & 4 : 0))   // bits 1, 3 and perhaps 4
#define FIRST_ROW (WARP_ROW + LANE_Y * 4)   // a thread's first row and column
#define FIRST_COL (WARP_COL + LANE_X * 4)

// Elements from one k to the next in shared memory. A slab whose neighbours in memory are neighbours in k is stored down the columns: 8 rows of k by 4 columns
// at once, or with float4 2 times 16 for each of the four. With 4 more columns than needed these are 32 different banks; without, 4 or 16.
#ifndef PITCH
#define PITCH(SIDE, ALONG_K) ((SIDE) + (ALONG_K ? 4 : 0))
#endif
#define PITCH_A PITCH(BM, A_ALONG_K)
#define PITCH_B PITCH(BN, B_ALONG_K)

struct Slab
{
    float As[BK][PITCH_A], Bs[BK][PITCH_B];
};

// Reads a vector of a thread's Part (Carried) of an operand, of the slab that begins at kStart. For operands that lie in memory as matrices operands.cuh has an overload.
template <class Part, class Read>
__device__ __forceinline__ auto readFrom(const Part&, Read read, int index, int kStart) { return read(Part::sideOf(index), kStart + Part::kOf(index)); }

// The part of an operand's slab (SIDE x BK) that one thread carries from global to shared memory. Vector: float, or float4 where alignment allows.
// ALONG_K: elements with neighbouring k are neighbours in memory; otherwise those with neighbouring m (or n) are.
// Neighbouring threads carry neighbours in memory: runs of a whole row of the slab, or along k of 8 elements, a full 32-byte sector.
template <int SIDE, bool ALONG_K, class Vector>
struct Carried
{
    static const int WIDTH = sizeof(Vector) / 4, RUN = (ALONG_K ? 8 : SIDE) / WIDTH, RUNS = THREADS / RUN, COUNT = SIDE * BK / WIDTH / THREADS;
    static_assert(COUNT * THREADS * WIDTH == SIDE * BK && RUNS * RUN == THREADS, "the threads must carry equal parts of the slab");
    Vector vectors[COUNT];

    // Where a thread's first vector lies, and how far behind it the others do: constants, so that one address register serves all.
    static __device__ __forceinline__ int side() { return ALONG_K ? (int)(threadIdx.x / RUN % SIDE) : (int)(threadIdx.x % RUN * WIDTH); }
    static __device__ __forceinline__ int k() { return ALONG_K ? (int)(threadIdx.x % RUN * WIDTH + threadIdx.x / RUN / SIDE * 8) : (int)(threadIdx.x / RUN); }
    static __device__ constexpr int sideStep(int index) { return ALONG_K ? index * RUNS % SIDE : 0; }
    static __device__ constexpr int kStep(int index) { return ALONG_K ? index * RUNS / SIDE * 8 : index * RUNS; }
    static __device__ __forceinline__ int sideOf(int index) { return side() + sideStep(index); }
    static __device__ __forceinline__ int kOf(int index) { return k() + kStep(index); }

    template <class Read>
    __device__ __forceinline__ void fetch(int kStart, Read read)
    {
#pragma unroll
        for (int index = 0; index < COUNT; index++) vectors[index] = readFrom(*this, read, index, kStart);
    }

    // Where in a slab the thread's first vector goes.
    static __device__ __forceinline__ float* placeIn(float (*slab)[PITCH(SIDE, ALONG_K)]) { return &slab[k()][side()]; }

    __device__ __forceinline__ void put(float* first) const
    {
#pragma unroll
        for (int index = 0; index < COUNT; index++)
        {
            float* place = first + kStep(index) * PITCH(SIDE, ALONG_K) + sideStep(index);
            if (!ALONG_K) *(Vector*)place = vectors[index];
#pragma unroll
            for (int i = 0; ALONG_K && i < WIDTH; i++) place[i * PITCH(SIDE, ALONG_K)] = ((const float*)&vectors[index])[i];
        }
    }
};

// threadResults += the products of one slab, of which As and Bs are this thread's first row and column. UNROLL: of so many k the loop is unrolled.
template <int UNROLL = BK>
__device__ __forceinline__ void multiplySlab(const float* As, const float* Bs, float (&threadResults)[TM][TN])
{
#pragma unroll UNROLL
    for (int k = 0; k < BK; k++)
    {
        __align__(16) float regM[TM], regN[4];
#pragma unroll
        for (int m = 0; m < TM; m += 4) *(float4*)&regM[m] = *(const float4*)&As[k * PITCH_A + m * LANES_Y];
#pragma unroll
        for (int n = 0; n < TN; n += 4)
        {
            *(float4*)regN = *(const float4*)&Bs[k * PITCH_B + n * LANES_X];
#pragma unroll
            for (int m = 0; m < TM; m++)
#pragma unroll
                for (int i = 0; i < 4; i++) threadResults[m][n + i] += regM[m] * regN[i];
        }
    }
}

// Calls store(row, column, values) for each run of 4 columns that the thread holds: four lanes, or eight, write 64 or 128 neighbouring bytes, whole sectors.
template <class Store>
__device__ __forceinline__ void storeRuns(const float (&threadResults)[TM][TN], Store store)
{
#pragma unroll
    for (int m = 0; m < TM; m++)
#pragma unroll
        for (int n = 0; n < TN; n += 4)
            store(FIRST_ROW + m / 4 * (LANES_Y * 4) + m % 4, FIRST_COL + n * LANES_X, make_float4(threadResults[m][n], threadResults[m][n + 1], threadResults[m][n + 2], threadResults[m][n + 3]));
}

// Calls store(row, column, value) for each element of the tile, neighbouring lanes with neighbouring columns, for where rows are no float4s and for what fusion hangs on
// an element. To write the four columns of a run one by one would touch each 32-byte sector in four separate instructions. So a warp passes one row of each thread at a
// time through shared memory, which holds no slab any more. Rows lie 16 banks apart (STEP), so that the float4 stores of 8 lanes, four each of two rows, miss each other's.
template <class Store>
__device__ __forceinline__ void storeTile(Slab* slabs, const float (&threadResults)[TM][TN], Store store)
{
    const int STEP = WARP_N % 32 == 16 ? WARP_N : WARP_N + 16;
    float* rows = (float*)slabs + threadIdx.x / 32 * (LANES_Y * STEP);
    __syncthreads();   // all have multiplied the last slab
#pragma unroll
    for (int m = 0; m < TM; m++)
    {
        __syncwarp();   // the other lanes have read the row before
#pragma unroll
        for (int n = 0; n < TN; n += 4)
            *(float4*)&rows[LANE_Y * STEP + LANE_X * 4 + n * LANES_X] =
                make_float4(threadResults[m][n], threadResults[m][n + 1], threadResults[m][n + 2], threadResults[m][n + 3]);
        __syncwarp();   // and written this one
#pragma unroll 1
        for (int e = threadIdx.x % 32; e < LANES_Y * WARP_N; e += 32)
        {
            int row = e / WARP_N, col = e % WARP_N;
            store(WARP_ROW + row * 4 + m / 4 * (LANES_Y * 4) + m % 4, WARP_COL + col, rows[row * STEP + col]);
        }
    }
}
