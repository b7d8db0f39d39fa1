// Arrays of a thread, indexed at run time: local memory.
extern "C" __global__ void local_arrays(const int* order, float* y, unsigned char* bytes)
{
    int i = threadIdx.x;
    float values[16];
    unsigned char small[16];
    long long wide[4];
    for (int k = 0; k < 16; k++) { values[k] = i * k; small[k] = (unsigned char)(i + 17 * k); }
    for (int k = 0; k < 4; k++) wide[k] = (long long)i << (10 * k);
    float sum = 0;
    for (int k = 0; k < 4; k++) sum += values[order[(i + k) & 15]] + (float)wide[order[k] & 3];
    y[i] = sum;
    bytes[i] = small[order[i & 15]];
}
