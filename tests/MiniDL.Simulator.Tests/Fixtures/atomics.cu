// Atomics whose results are used, and some whose results are not; a lock; the last block.
__device__ unsigned int finished = 0;
__device__ int lock = 0;

extern "C" __global__ void atomics(const int* x, int* histogram, int* most, unsigned int* ticket, float* sum, int* order)
{
    __shared__ int local[8];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (threadIdx.x < 8) local[threadIdx.x] = 0;
    __syncthreads();
    atomicAdd(&local[x[i] & 7], 1);
    atomicMax(most, x[i]);
    order[i] = atomicInc(ticket, 1000000);
    atomicAdd(sum, 0.5f);
    __syncthreads();
    if (threadIdx.x < 8) atomicAdd(&histogram[threadIdx.x], local[threadIdx.x]);
}

extern "C" __global__ void locked(int* counter)
{
    bool done = false;
    while (!done)
    {
        if (atomicCAS(&lock, 0, 1) == 0)
        {
            *(volatile int*)counter += 1;
            __threadfence();
            atomicExch(&lock, 0);
            done = true;
        }
    }
}

extern "C" __global__ void last_block(const int* x, int* partial, int* total)
{
    __shared__ bool last;
    if (threadIdx.x == 0)
    {
        partial[blockIdx.x] = x[blockIdx.x];
        __threadfence();
        last = atomicAdd(&finished, 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && threadIdx.x == 0)
    {
        int sum = 0;
        for (int b = 0; b < gridDim.x; b++) sum += ((volatile int*)partial)[b];
        *total = sum;
    }
}

// Every block waits for the one behind it: blocks must take turns.
extern "C" __global__ void backwards(int* flags)
{
    if (threadIdx.x != 0) return;
    if (blockIdx.x + 1 < gridDim.x) while (((volatile int*)flags)[blockIdx.x + 1] == 0) { }
    flags[blockIdx.x] = flags[blockIdx.x + 1] + 1;
}
