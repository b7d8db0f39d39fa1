// Mistakes, one a kernel, each marked in its line. With -DFIXED the same kernels without them.
#ifdef FIXED
#define IF_FIXED(x, otherwise) x
#else
#define IF_FIXED(x, otherwise) otherwise
#endif

extern "C" __global__ void read_out_of_bounds(const float* x, float* y, int n)
{
    int i = threadIdx.x;
    y[i] = x[IF_FIXED(min(i + 1, n - 1), i + 1)];          // FAULT: the last thread reads x[n]
}

extern "C" __global__ void write_out_of_bounds(float* y, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (IF_FIXED(i < n, true)) y[i] = i;                   // FAULT: there are more threads than elements
}

extern "C" __global__ void misaligned_float4(const float* x, float4* y)
{
    y[threadIdx.x] = *(const float4*)(x + IF_FIXED(4, 1) * threadIdx.x);   // FAULT: x + 1 is no multiple of 16 bytes
}

extern "C" __global__ void uninitialised_shared(const float* x, float* y)
{
    __shared__ float s[64];
    if (IF_FIXED(true, threadIdx.x < 60)) s[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = s[63 - threadIdx.x];                  // FAULT: s[60] to s[63] were never written
}

extern "C" __global__ void missing_syncthreads(const float* x, float* y)
{
    __shared__ float s[64];
    s[threadIdx.x] = x[threadIdx.x];
    IF_FIXED(__syncthreads(), (void)0);
    y[threadIdx.x] = s[63 - threadIdx.x];                  // FAULT: who says that it is there?
}

extern "C" __global__ void missing_second_syncthreads(const float* x, float* y)
{
    __shared__ float s[64];
    float sum = 0;
    for (int k = 0; k < 4; k++)
    {
        s[threadIdx.x] = x[64 * k + threadIdx.x];          // FAULT: others may still read the last tile
        __syncthreads();
        sum += s[63 - threadIdx.x];
        IF_FIXED(__syncthreads(), (void)0);
    }
    y[threadIdx.x] = sum;
}

extern "C" __global__ void missing_syncwarp(const float* x, float* y)
{
    volatile __shared__ float unused;
    __shared__ float s[32];
    s[threadIdx.x] = x[threadIdx.x];
    IF_FIXED(__syncwarp(), (void)0);
    y[threadIdx.x] = s[31 - threadIdx.x];                  // FAULT: lanes do not run in step by promise
    if (y == 0) unused = 0;
}

extern "C" __global__ void divergent_barrier(float* y)
{
    __shared__ float s[64];
    s[threadIdx.x] = threadIdx.x;
    if (IF_FIXED(true, threadIdx.x < 40)) __syncthreads(); // FAULT: lanes 8 to 31 of the second warp wait for all of theirs
    else s[0] += __shfl_sync(0xffffffff, s[1], 0);
    y[threadIdx.x] = s[63 - threadIdx.x];
}

extern "C" __global__ void global_write_write(float* y)
{
    if (threadIdx.x == 0) y[IF_FIXED(blockIdx.x, 0)] = blockIdx.x;        // FAULT: which block is the last?
}

extern "C" __global__ void last_block(const float* x, volatile float* partial, float* y, unsigned int* count)
{
    __shared__ bool is_last;
    if (threadIdx.x == 0)
    {
        ((float*)partial)[blockIdx.x] = x[blockIdx.x];
        IF_FIXED(__threadfence(), (void)0);
        is_last = atomicInc(count, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (is_last && threadIdx.x < gridDim.x)
        y[threadIdx.x] = 2 * ((float*)partial)[threadIdx.x];          // FAULT: the sums may not have arrived when the count has
}

extern "C" __global__ void absent_lane(const int* x, int* y)
{
    int v = x[threadIdx.x];
    if (IF_FIXED(true, threadIdx.x < 16))
        v += __shfl_down_sync(IF_FIXED(0xffffffff, 0x0000ffff), v, 8);    // FAULT: lane 15 reads lane 23, which is not here
    y[threadIdx.x] = v;
}

extern "C" __global__ void spin_lock(int* lock, int* total)
{
    bool done = false;
    while (!done)
    {
        if (atomicCAS(lock, 0, 1) == 0)
        {
            IF_FIXED(__threadfence(), (void)0);
            *total += 1;                                   // FAULT: without fences the lock protects nothing
            IF_FIXED(__threadfence(), (void)0);
            atomicExch(lock, 0);
            done = true;
        }
    }
}

extern "C" __global__ void endless(volatile int* x)
{
    while (IF_FIXED(x[1], x[0]) == 0) { }                  // FAULT: nobody ever writes x[0]
    x[2] = 1;
}
