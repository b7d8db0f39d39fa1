// y = softmax of each row of x, x and y (ROWS, COLUMNS): the row in registers, as float4s, of as many lanes as it is worth.
//
// Idea: 05_warp asks for 4 bytes a lane and request, so a row of 1,024 takes 32 loads and 32 stores of each lane, with addresses and comparisons for each. A float4 is 16 bytes: a
// quarter of the instructions for the same bytes. And a warp is the wrong size for most rows: ten classes leave 22 lanes idle, 4,096 columns do not fit. So a row gets one
// lane for each element or float4 up to a warp, several rows sharing one, and above 512 columns a block, up to 4,096 columns in registers. row.cuh has all that, for every
// kernel of this folder; what is left here is what is done with a row: its maximum, its exponentials, their sum, the quotients.
//
// FLOPs: about 5 and one exp for each element. Bytes: 8 ROWS COLUMNS; 12 above 4,096 columns. Limited by bandwidth; few short rows: by latency.
// In the counters: 16 sectors a request where a lane takes a float4, as many sectors as 05_warp in a quarter of the requests, and fewer instructions. Rows of 10 share requests
// and pay 1.2 times their bytes, the worst (17) 1.4.
// Source: Milakov and Gimelshein 2018, algorithm 3, for rows of several pieces. Macros: row.cuh's.
//
// MiniDL's programs generate such a kernel out of exp, max and sum.
#include "prelude.cuh"
#include "softmax/row.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) softmax_float4(const float* __restrict__ x, float* __restrict__ y)
{
    Place place = place_of_thread();
    float v[PER_LANE], largest = -INFINITY, sum = 0;

    // The row's maximum, and its sum of exponentials relative to that.
    for (int piece = 0; piece < PIECES; piece++)
    {
        load_piece(x, place, piece, -INFINITY, v);
        float before = largest;
        largest = max_nan(largest, combine_piece(v, Max()));
        float shift = largest == -INFINITY ? 0 : largest;   // nothing but minus infinity so far has no share in the sum
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) v[k] = expf(v[k] - shift);
        sum = (piece > 0 ? sum * expf(before - shift) : 0) + combine_piece(v, Sum());
    }
    if (largest == -INFINITY) sum = NAN;      // 0 / 0

    // The result: from registers, or from the row read again.
    for (int piece = 0; piece < PIECES; piece++)
    {
        if (PIECES > 1)
        {
            load_piece(x, place, piece, -INFINITY, v);
#pragma unroll
            for (int k = 0; k < PER_LANE; k++) v[k] = expf(v[k] - largest);
        }
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) v[k] /= sum;
        store_piece(y, place, piece, v);
    }
}
