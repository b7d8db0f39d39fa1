// The gradient of y = xhat * gamma + beta, xhat = (x - mean) * rstd, by rows; g is that of y. With h = g * gamma, and averages over a row's columns,
//
//     dx     = rstd * (h - average(h) - xhat * average(h * xhat))       (ROWS, COLUMNS)
//     dgamma = sum over rows of g * xhat                                (COLUMNS)
//     dbeta  = sum over rows of g                                       (COLUMNS)
//
// mean and rstd (ROWS) are what the forward pass left.
//
// Idea: the definition. Thread t writes row t of dx, and then column t of dgamma and dbeta. Along rows, neighbouring lanes read different rows, 32 sectors a request. Down
// columns they read neighbours, as they should; but there are no more threads than columns, and each goes through all rows.
//
// FLOPs: about 13 for each element. Bytes asked for: 28 ROWS COLUMNS: x and g three times, dx once. Limited by sectors, then by latency.
// In the counters: 32 sectors a request for rows, 4 for columns. Source of the formula: differentiate y; mean and rstd depend on every x of the row.
// Macros: ROWS COLUMNS. Blocks of 128 threads over the larger of ROWS and COLUMNS.

extern "C" __global__ void __launch_bounds__(128) layernorm_backward_naive(const float* __restrict__ g, const float* __restrict__ x, const float* __restrict__ gamma,
    const float* __restrict__ mean, const float* __restrict__ rstd, float* __restrict__ dx, float* __restrict__ dgamma, float* __restrict__ dbeta)
{
    int t = blockIdx.x * 128 + threadIdx.x;
    if (t < ROWS)
    {
        float m = mean[t], r = rstd[t], sumH = 0, sumHX = 0;
        for (int i = t * COLUMNS, column = 0; column < COLUMNS; i++, column++)
        {
            float h = g[i] * gamma[column];
            sumH += h;
            sumHX += h * ((x[i] - m) * r);
        }
        for (int i = t * COLUMNS, column = 0; column < COLUMNS; i++, column++)
            dx[i] = r * (g[i] * gamma[column] - sumH / COLUMNS - (x[i] - m) * r * (sumHX / COLUMNS));
    }
    if (t < COLUMNS)
    {
        float sumGX = 0, sumG = 0;
        for (int row = 0; row < ROWS; row++)
        {
            float gradient = g[row * COLUMNS + t];
            sumGX += gradient * ((x[row * COLUMNS + t] - mean[row]) * rstd[row]);
            sumG += gradient;
        }
        dgamma[t] = sumGX;
        dbeta[t] = sumG;
    }
}
