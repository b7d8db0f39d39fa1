// Dynamic shared memory behind static, and a table of constants.
__constant__ int permutation[4] = { 2, 0, 3, 1 };

extern "C" __global__ void shared_transpose(const int* x, int* y)
{
    __shared__ int first[32];
    extern __shared__ int tile[];
    int t = threadIdx.y * blockDim.x + threadIdx.x;
    if (t < 32) first[t] = t;
    tile[threadIdx.x * (blockDim.y + 1) + threadIdx.y] = x[t];
    __syncthreads();
    int row = t / blockDim.y, column = t % blockDim.y;
    y[t] = 10 * tile[row * (blockDim.y + 1) + column] + permutation[first[t & 31] & 3];
}
