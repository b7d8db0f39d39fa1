#include "prelude.cuh"
#include "sgemm/warp_tile.cuh"
#include "sgemm/operands.cuh"
// C = alpha A B + beta C: slabs are copied to shared memory by cp.async, STAGES - 1 of them under way at a time.
//
// Idea: in rung 9 the next slab travels through registers, which must be free for it, and by instructions of its own to put it down. From sm_80 on a copy from global to shared memory
// is one instruction that the hardware finishes in the background. So more than one slab can be under way: the wait for memory may be as long as STAGES - 2 slabs' products.
//
//     stage of slab k     k    is multiplied                a group of copies is closed (commit) for each slab; "wait until all but the newest STAGES - 2 groups
//                         k+1  is there or under way        are done" means that slab k is there. One barrier a slab: it tells that everybody's copies are there,
//                         k+2  is asked for                 and that everybody is done with the slab whose stage is filled next.
//
// An element of A that lies along K is copied alone, 4 bytes: it is transposed on the way. Runs along M or N go as 16 bytes. What lies outside is not read: 0 bytes are copied, zeros written.
//
// FLOPs and bytes: those of rung 9. Limited by float32 arithmetic. In the counters: no stores to shared memory among the instructions (their wavefronts are still counted), fewer
// registers. Dynamic shared memory: STAGES slabs are more than the 48 KB that may be declared. Needs sm_80.
// Source: CUDA C++ Programming Guide, "Asynchronous Data Copies"; CUTLASS, MmaMultistage. Macros: STAGES (3 or more), and those of operands.cuh. One block per tile and product.

// Copies BYTES (4 or 16) in the background, or writes as many zeros.
template <int BYTES>
__device__ __forceinline__ void copyAsync(float* to, const float* from, bool exists)
{
    uint place = (uint)__cvta_generic_to_shared(to);
    if (BYTES == 16) asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :: "r"(place), "l"(from), "r"(exists ? 16 : 0) : "memory");
    else asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" :: "r"(place), "l"(from), "r"(exists ? 4 : 0) : "memory");
}

__device__ __forceinline__ void closeGroup() { asm volatile("cp.async.commit_group;" ::: "memory"); }
__device__ __forceinline__ void waitForAllBut() { asm volatile("cp.async.wait_group %0;" :: "n"(STAGES - 2) : "memory"); }

// This thread's part of an operand's slab.
template <int SIDE, bool ALONG_K, class Vector, class Operand>
__device__ __forceinline__ void copySlab(float (*slab)[PITCH(SIDE, ALONG_K)], int kStart, Operand operand)
{
    typedef Carried<SIDE, ALONG_K, Vector> Part;
    float* first = Part::placeIn(slab);
#pragma unroll
    for (int index = 0; index < Part::COUNT; index++)
    {
        int dSide = Part::sideStep(index), dK = kStart + Part::kStep(index);
        bool exists = operand.has(Part::sideOf(index), kStart + Part::kOf(index));
        copyAsync<sizeof(Vector)>(first + Part::kStep(index) * PITCH(SIDE, ALONG_K) + dSide, exists ? operand.at(Part::side(), Part::k(), dSide, dK) : operand.first, exists);
    }
}

template <bool ALONG_K, class Vector> struct Copied { typedef Vector Type; };
template <class Vector> struct Copied<true, Vector> { typedef float Type; };

__device__ __forceinline__ void copySlabs(Slab* slab, int k, OperandA a, OperandB b)
{
    if (k < K)
    {
        copySlab<BM, A_ALONG_K, Copied<A_ALONG_K, A_VECTOR>::Type>(slab->As, k, a);
        copySlab<BN, B_ALONG_K, Copied<B_ALONG_K, B_VECTOR>::Type>(slab->Bs, k, b);
    }
    closeGroup();   // an empty group too counts
}

extern "C" __global__ void __launch_bounds__(THREADS, MIN_BLOCKS) sgemm_async_copy(const float* __restrict__ a, const float* __restrict__ b, float* c)
{
    extern __shared__ __align__(16) float dynamic[];
    Slab* slabs = (Slab*)dynamic;
    Tile tile(blockIdx.x);
    OperandA ofA(a, tile);
    OperandB ofB(b, tile);
    float threadResults[TM][TN] = {};
#pragma unroll
    for (int stage = 0; stage < STAGES - 1; stage++) copySlabs(&slabs[stage], stage * BK, ofA, ofB);
    Slab* full = slabs, * next = slabs + STAGES - 1;
#pragma unroll 1
    for (int k = 0; k < K; k += BK)
    {
        waitForAllBut();
        __syncthreads();   // everybody's copies of this slab are there, and everybody has multiplied the one before: its place is free
        copySlabs(next, k + (STAGES - 1) * BK, ofA, ofB);
        multiplySlab(&full->As[0][FIRST_ROW], &full->Bs[0][FIRST_COL], threadResults);
        full = full == slabs + STAGES - 1 ? slabs : full + 1;
        next = next == slabs + STAGES - 1 ? slabs : next + 1;
    }
    storeResults(slabs, threadResults, C_VECTOR(), [&](int row, int col, C_VECTOR sums) {
        if (tile.has(row, col)) *(C_VECTOR*)(c + tile.at(row, col)) = scaled(sums, c + tile.at(row, col));
    });
}
