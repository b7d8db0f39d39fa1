// Rows in registers for layernorm: what softmax/row.cuh lacks. Macros: row.cuh's.
#include "prelude.cuh"
#include "softmax/row.cuh"
#include "layernorm/moments.cuh"

// The same columns of an array that has a single row: gamma, beta.
__device__ __forceinline__ Place place_in_columns(Place place)
{
    place.row = 0;
    return place;
}

// Mean and squared distances of a piece of a row: of each thread's elements, which all stay in registers, so that two passes cost no more than one. What does not exist was loaded
// as 0, which does not change a sum, but has a distance.
__device__ __forceinline__ Moments moments_of_piece(const float (&v)[PER_LANE], Place place, int piece)
{
    int begin = max(piece * PIECE - place.skew, 0), end = min((piece + 1) * PIECE - place.skew, COLUMNS);
    float count = PIECES == 1 ? COLUMNS : end - begin, mean = combine_piece(v, Sum()) / count, mine = 0;
#pragma unroll
    for (int k = 0; k < PER_LANE; k++)
    {
        float distance = exists(place, column_of(place, piece, k)) ? v[k] - mean : 0;
        mine += distance * distance;
    }
    return { count, mean, combine_row(mine, Sum()) };
}
