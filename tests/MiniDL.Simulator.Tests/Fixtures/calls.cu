// Functions that are called, also by themselves.
__device__ __noinline__ int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

struct Pair { int quotient, remainder; };

__device__ __noinline__ Pair divide(int a, int b)
{
    Pair p = { a / b, a % b };
    return p;
}

__device__ __noinline__ float horner(const float* c, int n, float x)
{
    float y = c[n - 1];
    for (int i = n - 2; i >= 0; i--) y = y * x + c[i];
    return y;
}

__device__ __noinline__ void twice(double* x) { *x += *x; }

extern "C" __global__ void calls(int* fib, int* quotients, int* remainders, float* polynomials, double* doubles)
{
    int i = threadIdx.x;
    fib[i] = i & 1 ? fibonacci(i % 12) : -1;
    Pair p = divide(1000 + 7 * i, i + 1);
    quotients[i] = p.quotient;
    remainders[i] = p.remainder;
    float c[5];
    for (int k = 0; k < 5; k++) c[k] = i + k;
    polynomials[i] = horner(c, 2 + i % 4, 0.5f);
    double d = i;
    twice(&d);
    if (i > 8) twice(&d);
    doubles[i] = d;
}
