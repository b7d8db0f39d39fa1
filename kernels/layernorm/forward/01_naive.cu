// y = (x - mean) / sqrt(variance + EPSILON) * gamma + beta by rows of x, x and y (ROWS, COLUMNS), gamma and beta (COLUMNS): one thread for each row, in three passes.
// mean and rstd (ROWS), the reciprocal of the standard deviation, are written too: the backward pass wants them.
//
// Idea: the definition, as it would be written on a CPU: the mean; the mean squared distance from it; the result. The 32 lanes of a warp stand in 32 rows, COLUMNS elements apart,
// so each request for x touches 32 sectors of 32 bytes and uses 4 bytes of each. gamma and beta are the same for all lanes: one sector.
//
// FLOPs: about 8 for each element. Bytes asked for: 16 ROWS COLUMNS, x three times and y once. Limited by sectors, and by too few threads where rows are few.
// In the counters: 32 sectors a request for x and y. Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016.
// Macros: ROWS COLUMNS, EPSILON (float). Blocks of 128 threads over the rows.

extern "C" __global__ void __launch_bounds__(128) layernorm_forward_naive(const float* __restrict__ x, const float* __restrict__ gamma, const float* __restrict__ beta,
    float* __restrict__ y, float* __restrict__ mean, float* __restrict__ rstd)
{
    int row = blockIdx.x * 128 + threadIdx.x;
    if (row >= ROWS) return;
    x += row * COLUMNS;
    y += row * COLUMNS;

    // The mean.
    float sum = 0;
    for (int column = 0; column < COLUMNS; column++) sum += x[column];
    float m = sum / COLUMNS;

    // The mean squared distance from it.
    float squares = 0;
    for (int column = 0; column < COLUMNS; column++) squares += (x[column] - m) * (x[column] - m);
    float r = rsqrtf(squares / COLUMNS + EPSILON);

    // The result.
    for (int column = 0; column < COLUMNS; column++) y[column] = (x[column] - m) * r * gamma[column] + beta[column];
    mean[row] = m;
    rstd[row] = r;
}
