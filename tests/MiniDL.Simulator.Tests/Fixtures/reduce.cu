// The sum of each block's part: through shuffles in a warp, through shared memory between warps.
extern "C" __global__ void reduce(const float* x, float* sums, int n)
{
    __shared__ float partial[32];
    float sum = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += x[i];
    for (int offset = 16; offset > 0; offset >>= 1) sum += __shfl_xor_sync(0xffffffff, sum, offset);
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x >= 32) return;
    sum = threadIdx.x < (blockDim.x + 31) / 32 ? partial[threadIdx.x] : 0;
    for (int offset = 16; offset > 0; offset >>= 1) sum += __shfl_down_sync(0xffffffff, sum, offset);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// Votes and matches: a lane's neighbours of the same value; how many threads of the block are odd.
extern "C" __global__ void votes(const int* x, int* same, int* odd, int* least)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    same[i] = __popc(__match_any_sync(0xffffffff, x[i]));
    least[i] = __reduce_min_sync(0xffffffff, x[i]);
    int count = __syncthreads_count(x[i] & 1);
    if (threadIdx.x == 0) odd[blockIdx.x] = count;
    if (__any_sync(0xffffffff, x[i] == 1000)) least[i] = -1;
    if ((__ballot_sync(0xffffffff, x[i] > 5) >> (threadIdx.x & 31)) & 1) same[i] += 100;
}
