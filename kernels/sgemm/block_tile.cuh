#include "sgemm/warp_tile.cuh"
// A tile's way along K with two slabs in shared memory: rung 9's idea, which rung 11 and the implicit-GEMM convolutions use too.
//
//     registers         load 1           load 2           load 3                  of the slab after the one that is multiplied
//     shared memory   0 multiply 0     1 multiply 1     0 multiply 2   ...        which lies in the one buffer, while
//                       put 1 in 1  |    put 2 in 0  |    put 3 in 1   ...        the next is put into the other
//                                barrier          barrier
//
// A load is asked for before the products of a slab and needed after them, BK TM TN multiply-adds later: its latency passes unseen. And since nobody reads the buffer that is
// being filled, one barrier a slab is enough, where one buffer takes two.
//
// What limits it: with TM = TN = 8, 64 FMAs for 4 shared loads, so float32 arithmetic. Look for FMAs among all instructions, and for shared memory
// wavefronts equal to the ideal. Macros, and what readA and readB are: see warp_tile.cuh.

// threadResults += A B for k from kStart up to kEnd, kStart a multiple of BK. LAST: of so many k the last slab's loop is unrolled. It runs once, and where elements of the
// old C are loaded behind it, one long stretch with those would be scheduled into spills; where nothing is, as in a convolution, all of it may stand in a row.
template <int LAST = 4, class ReadA, class ReadB>
__device__ __forceinline__ void multiplyTile(Slab (&slabs)[2], int kStart, int kEnd, ReadA readA, ReadB readB, float (&threadResults)[TM][TN])
{
    Carried<BM, A_ALONG_K, A_VECTOR> a;
    Carried<BN, B_ALONG_K, B_VECTOR> b;
    if (kStart >= kEnd) return;
    a.fetch(kStart, readA);
    b.fetch(kStart, readB);
    a.put(a.placeIn(slabs[0].As));
    b.put(b.placeIn(slabs[0].Bs));
    __syncthreads();   // a slab can be read when all threads have put their parts

    // Where this thread reads the slab that is full, where it puts the next, and how far it is to the other buffer.
    const float* As = &slabs[0].As[0][FIRST_ROW], * Bs = &slabs[0].Bs[0][FIRST_COL];
    float* nextA = a.placeIn(slabs[1].As), * nextB = b.placeIn(slabs[1].Bs);
    long long other = sizeof(Slab) / sizeof(float);
#pragma unroll 1
    for (int k = kStart + BK; k < kEnd; k += BK)
    {
        a.fetch(k, readA);   // what is loaded here is waited for where it is put, after the products
        b.fetch(k, readB);
        multiplySlab(As, Bs, threadResults);
        a.put(nextA);        // nobody reads this buffer: all have passed the barrier after its products
        b.put(nextB);
        __syncthreads();
        As += other;
        Bs += other;
        nextA -= other;
        nextB -= other;
        other = -other;
    }
    multiplySlab<LAST>(As, Bs, threadResults);
}
