// Which tensor a block belongs to, by halving: a tree of comparisons with constants, in which large tensors stand near the root.

__constant__ constexpr uint firstBlock[TENSORS + 1] = { FIRST_BLOCKS };

// Of the tensors from FROM up to, not including, TO: the one in front of which most nearly half of their blocks lie. Not the first.
template <int FROM, int TO>
__device__ constexpr int middle()
{
    int best = FROM + 1, half = (int)(firstBlock[FROM] + firstBlock[TO]) / 2;
    for (int t = best + 1; t < TO; t++)
    {
        int distance = (int)firstBlock[t] - half, least = (int)firstBlock[best] - half;
        if ((distance < 0 ? -distance : distance) < (least < 0 ? -least : least)) best = t;
    }
    return best;
}

// The tensor, one of FROM up to TO, that a block belongs to.
template <int FROM, int TO>
__device__ __forceinline__ uint tensorOf(uint block)
{
    if constexpr (TO - FROM == 1) return FROM;
    else
    {
        constexpr int MIDDLE = middle<FROM, TO>();
        if (block < firstBlock[MIDDLE]) return tensorOf<FROM, MIDDLE>(block);
        return tensorOf<MIDDLE, TO>(block);
    }
}
