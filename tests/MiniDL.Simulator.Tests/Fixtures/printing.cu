// printf and assert.
extern "C" __global__ void printing(const float* x)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i % 3 == 0) printf("%d: x = %.2f %s|%5d|%-4u|%x|%c|%lld|%e|%g%%\n", i, x[i], i == 0 ? "zero" : "more", -i, i, 255, 'a' + i, 1LL << 40, x[i], x[i]);
}

extern "C" __global__ void asserting(const float* x)
{
    assert(x[threadIdx.x] >= 0);
}
