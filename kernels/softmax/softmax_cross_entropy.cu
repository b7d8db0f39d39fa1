// Softmax with cross-entropy, both directions at once: for logits x and targets t, both (ROWS, COLUMNS),
//     loss[row] = -sum_j t_j log p_j         log p = log_softmax(x)
//     dx        = SCALE * (p * sum_j t_j - t)   the gradient of SCALE * sum of the losses; SCALE is 1 / ROWS for their mean
//
// The idea: the gradient needs just what the loss has computed, and both need x and t once. Three kernels (softmax, loss, gradient) would move 28 bytes for each
// element, and take log 0 for a hopeless guess; one kernel moves 12 and works with log p throughout.
//
// Bytes: 4 ROWS (3 COLUMNS + 1), and 8 ROWS COLUMNS more above 4096 columns. FLOPs: about 10 and two exps for each element. Limit: bandwidth; few
// short rows: latency. Counters: as 06_float4.cu; the loss is written by one lane of a row, a sector for the 32 / LANES rows of a warp.
// Source: Milakov and Gimelshein 2018 for the passes; the gradient: Bishop, "Pattern Recognition and Machine Learning", 4.3.4.
//
// Macros: row.cuh's, and SCALE (a float).
#include "prelude.cuh"
#include "softmax/row.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) softmax_cross_entropy(
    const float* __restrict__ x, const float* __restrict__ t, float* __restrict__ loss, float* __restrict__ dx)
{
    Place place = place_of_thread();
    float v[PER_LANE], target[PER_LANE], largest = -INFINITY, sum = 0, targets = 0;

    // The row's maximum, its sum of exponentials relative to that, and the sum of its targets.
    for (int piece = 0; piece < PIECES; piece++)
    {
        load_piece(x, place, piece, -INFINITY, v);
        load_piece(t, place, piece, 0, target);
        targets += combine_piece(target, Sum());
        float before = largest;
        largest = max_nan(largest, combine_piece(v, Max()));
        float shift = largest == -INFINITY ? 0 : largest;   // nothing but minus infinity so far has no share in the sum
        float mine = 0;
#pragma unroll
        for (int k = 0; k < PER_LANE; k++) mine += expf(v[k] - shift);
        sum = (piece > 0 ? sum * expf(before - shift) : 0) + combine_row(mine, Sum());
    }
    float log_sum = logf(sum), mine = 0;

    // Loss and gradient: from registers, or from the rows read again.
    for (int piece = 0; piece < PIECES; piece++)
    {
        if (PIECES > 1)
        {
            load_piece(x, place, piece, -INFINITY, v);
            load_piece(t, place, piece, 0, target);
        }
#pragma unroll
        for (int k = 0; k < PER_LANE; k++)
        {
            float log_p = v[k] - largest - log_sum;
            if (exists(place, column_of(place, piece, k))) mine -= target[k] * log_p;
            v[k] = SCALE * (expf(log_p) * targets - target[k]);
        }
        store_piece(dx, place, piece, v);
    }
    float total = combine_row(mine, Sum());
    if (place.lane == 0 && place.row < ROWS) loss[place.row] = total;
}
