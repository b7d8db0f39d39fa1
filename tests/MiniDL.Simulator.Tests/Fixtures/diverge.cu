// Loops that every lane leaves at another time, and branches inside of them.
extern "C" __global__ void collatz(const int* x, int* steps, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    int count = 0;
    for (int v = x[i]; v != 1; count++)
    {
        if (v & 1) v = 3 * v + 1;
        else v >>= 1;
        if (count > 1000) break;
    }
    steps[i] = count;
}

extern "C" __global__ void cases(const int* x, float* y, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float v = i;
    switch (x[i])
    {
        case 0: v += 1; break;
        case 1: v *= 2;
        case 2: v -= 3; break;
        case 3: for (int k = 0; k < i % 5; k++) v += k; break;
        case 7: v = -v; break;
        case 9: return;
        default: v = 100; break;
    }
    y[i] = v;
}

// A warp in which lanes leave early and the rest goes on to a barrier.
extern "C" __global__ void early_return(const float* x, float* y, int n)
{
    __shared__ float row[64];
    int t = threadIdx.x;
    if (t >= n) return;
    row[t] = x[t];
    __syncthreads();
    y[t] = row[n - 1 - t];
}
