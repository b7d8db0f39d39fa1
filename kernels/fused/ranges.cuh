// Which of several arrays a block works on, when blocks are dealt to arrays in order: a tree of comparisons with constants, which the compiler writes.
//
//     firstBlock   0   3   4   5   9            block < 5 ?
//     array          0   1   2   3           yes /        \ no          A block whose array stands d comparisons below the root makes d of them.
//                                        block < 3 ?      array 3       All threads of a block go the same way.
//                                     yes /        \ no
//                                      ...          ...
//
// It is what generated updates and the ladder update/ share. Ranges is a struct of two constant tables: firstBlock[], the first block of each array and at the end their number, and
// count[], the elements of each array.
#ifndef MINIDL_RANGES
#define MINIDL_RANGES
#include "prelude.cuh"

// Which array t, FROM < t < TO, is the next that a block is compared with: block < firstBlock[t] means one from FROM up to t, else one from t up to TO.
#ifndef MIDDLE
#define MIDDLE(FROM, TO) halfway<Ranges, FROM, TO>()
#endif

// The pointers of several arrays, or sets of arrays. Passed by value they travel with the launch and lie in constant memory, of which parameters have 4,096 bytes.
template <class Item, int COUNT>
struct List
{
    Item items[COUNT];
};

// What a block has to know: which array, the block's number among those of this array, and the array's elements.
struct Share
{
    uint index, block, count;
};

// The array in front of which most nearly half of the blocks of the arrays from FROM up to TO lie: so arrays with many blocks stand near the root.
template <class Ranges, int FROM, int TO>
__device__ constexpr int halfway()
{
    int best = FROM + 1, half = (int)(Ranges::firstBlock[FROM] + Ranges::firstBlock[TO]) / 2;
    for (int t = best + 1; t < TO; t++)
    {
        int distance = (int)Ranges::firstBlock[t] - half, least = (int)Ranges::firstBlock[best] - half;
        if ((distance < 0 ? -distance : distance) < (least < 0 ? -least : least)) best = t;
    }
    return best;
}

template <class Ranges, int FROM = 0, int TO = sizeof(Ranges::count) / sizeof(uint)>
__device__ __forceinline__ Share shareOf(uint block)
{
    if constexpr (TO - FROM == 1) return { FROM, block - Ranges::firstBlock[FROM], Ranges::count[FROM] };
    else
    {
        constexpr int t = MIDDLE(FROM, TO);
        if (block < Ranges::firstBlock[t]) return shareOf<Ranges, FROM, t>(block);
        return shareOf<Ranges, t, TO>(block);
    }
}
#endif
