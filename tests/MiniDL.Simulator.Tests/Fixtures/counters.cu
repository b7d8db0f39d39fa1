// One access pattern each, for counters that are worked out by hand. Sizes are powers of two, so that no thread is out of bounds.
extern "C" __global__ void strided(const float* x, float* y, int stride, int offset)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[i] = x[i * stride + offset];
}

extern "C" __global__ void vectors(const float4* x, float4* y)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[i] = x[i];
}

extern "C" __global__ void banks(float* y, int stride)
{
    __shared__ float s[32 * 33];
    s[threadIdx.x * stride] = threadIdx.x;
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x * stride];
}

extern "C" __global__ void wide_banks(float4* y)
{
    __shared__ float4 s[32];
    s[threadIdx.x] = make_float4(1, 2, 3, 4);
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x ^ 1];
}

extern "C" __global__ void arithmetic(float* y, int turns)
{
    float a = threadIdx.x, b = 2;
    for (int i = 0; i < turns; i++) a = a * b + 1.0f;
    if (threadIdx.x & 1) a = a + 3.0f;
    y[threadIdx.x] = a * b;
}
