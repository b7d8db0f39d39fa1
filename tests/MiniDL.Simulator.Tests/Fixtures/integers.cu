// Integer arithmetic that NVRTC turns into wide and high products, shifts and bit fields.
extern "C" __global__ void integers(const int* a, const int* b, int* y, long long* z, int n)
{
    int i = threadIdx.x;
    int p = a[i], q = b[i];
    y[i] = p / 7 + p % 10;
    y[n + i] = q != 0 ? p / q : 0;
    y[2 * n + i] = abs(p) + max(p, q) - min(p, q);
    y[3 * n + i] = __popc(p) + __clz(q) + __ffs(p) + __brev(p);
    y[4 * n + i] = __mulhi(p, q) ^ __umulhi(p, q);
    y[5 * n + i] = __byte_perm(p, q, 0x5410) + __funnelshift_l(p, q, 7);
    y[6 * n + i] = (p << (q & 31)) ^ (p >> (q & 31)) ^ (int)((unsigned)p >> (q & 31));
    z[i] = (long long)p * q;
    z[n + i] = q != 0 ? ((long long)p << 20) / q : 0;
    z[2 * n + i] = ((unsigned long long)p * 0x9E3779B97F4A7C15ull) >> 17;
}
