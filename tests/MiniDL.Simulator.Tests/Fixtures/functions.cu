// The mathematical functions as NVRTC compiles them; sinf reduces large arguments with a table in global memory and an array in local memory.
extern "C" __global__ void functions(const float* x, float* y, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float v = x[i];
    y[i] = sinf(v);
    y[n + i] = cosf(v);
    y[2 * n + i] = expf(v);
    y[3 * n + i] = logf(v);
    y[4 * n + i] = tanhf(v);
    y[5 * n + i] = 1.0f / v;
    y[6 * n + i] = sqrtf(v);
    y[7 * n + i] = rsqrtf(v);
    y[8 * n + i] = powf(v, 1.5f);
    y[9 * n + i] = erff(v);
    y[10 * n + i] = log1pf(v);
    y[11 * n + i] = fmodf(v, 0.7f);
    y[12 * n + i] = (float)exp((double)v);
    y[13 * n + i] = floorf(v) + roundf(v) + truncf(v);
}
