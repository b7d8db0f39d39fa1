// dgamma = sum over rows of g * xhat and dbeta = sum over rows of g, xhat = (x - mean) * rstd: the column sums of layer norm's gradient, a thread for each column. The second
// launch of 02_rows; that file says what is wrong with it. Macros: ROWS COLUMNS. Blocks of 128 threads over the columns.

extern "C" __global__ void __launch_bounds__(128) columns(const float* __restrict__ g, const float* __restrict__ x, const float* __restrict__ mean, const float* __restrict__ rstd,
    float* __restrict__ dgamma, float* __restrict__ dbeta)
{
    int column = blockIdx.x * 128 + threadIdx.x;
    if (column >= COLUMNS) return;
    float sumGX = 0, sumG = 0;
    for (int row = 0; row < ROWS; row++)
    {
        float gradient = g[row * COLUMNS + column];
        sumGX += gradient * ((x[row * COLUMNS + column] - mean[row]) * rstd[row]);
        sumG += gradient;
    }
    dgamma[column] = sumGX;
    dbeta[column] = sumG;
}
