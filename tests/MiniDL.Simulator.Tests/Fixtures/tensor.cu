// Tensor cores and asynchronous copies, through inline assembly: NVRTC has no header for them.
typedef unsigned int uint;
typedef unsigned short ushort;

__device__ __forceinline__ uint shared_address(const void* p) { return (uint)__cvta_generic_to_shared(p); }

// C[16,8] = A[16,8] B[8,8] + C, tf32: A row-major, B given as B[k][n].
extern "C" __global__ void mma_tf32(const float* A, const float* B, float* C)
{
    int g = threadIdx.x / 4, t = threadIdx.x % 4;
    uint a[4], b[2];
    float x[4] = { A[g * 8 + t], A[(g + 8) * 8 + t], A[g * 8 + t + 4], A[(g + 8) * 8 + t + 4] }, y[2] = { B[t * 8 + g], B[(t + 4) * 8 + g] };
    for (int i = 0; i < 4; i++) asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(a[i]) : "f"(x[i]));
    for (int i = 0; i < 2; i++) asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(b[i]) : "f"(y[i]));
    float c[4] = { C[g * 8 + 2 * t], C[g * 8 + 2 * t + 1], C[(g + 8) * 8 + 2 * t], C[(g + 8) * 8 + 2 * t + 1] };
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    C[g * 8 + 2 * t] = c[0]; C[g * 8 + 2 * t + 1] = c[1]; C[(g + 8) * 8 + 2 * t] = c[2]; C[(g + 8) * 8 + 2 * t + 1] = c[3];
}

// C[16,8] = A[16,16] B[16,8], both of 16-bit floats in row-major order, through ldmatrix; B needs .trans.
extern "C" __global__ void mma_f16(const ushort* A, const ushort* B, float* C)
{
    __shared__ __align__(16) ushort a[16][24];
    __shared__ __align__(16) ushort b[16][8];
    int lane = threadIdx.x, g = lane / 4, t = lane % 4;
    for (int i = lane; i < 256; i += 32) a[i / 16][i % 16] = A[i];
    for (int i = lane; i < 128; i += 32) b[i / 8][i % 8] = B[i];
    __syncwarp();
    uint x[4], y[2];
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3]) : "r"(shared_address(&a[lane % 16][lane / 16 * 8])));
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];" : "=r"(y[0]), "=r"(y[1]) : "r"(shared_address(&b[lane % 16][0])));
    float c[4] = {};
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
    C[g * 8 + 2 * t] = c[0]; C[g * 8 + 2 * t + 1] = c[1]; C[(g + 8) * 8 + 2 * t] = c[2]; C[(g + 8) * 8 + 2 * t + 1] = c[3];
}

// Four tiles through two buffers: tile k + 1 is on its way while tile k is summed. The last tile has n elements only; the rest of it is filled with zeros.
extern "C" __global__ void pipeline(const float* x, float* y, int n)
{
    __shared__ __align__(16) float tile[2][128];
    int t = threadIdx.x;
    float sum = 0;
    for (int k = 0; k < 5; k++)
    {
        if (k < 4)
        {
            int bytes = k < 3 ? 16 : max(0, min(16, 4 * (n - 4 * t)));
            asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :: "r"(shared_address(&tile[k % 2][4 * t])), "l"(x + 128 * k + (bytes > 0 ? 4 * t : 0)), "r"(bytes));
        }
        asm volatile("cp.async.commit_group;");
        if (k == 0) continue;
        asm volatile("cp.async.wait_group 1;");
        __syncwarp();
        for (int i = 0; i < 4; i++) sum += tile[(k - 1) % 2][(4 * t + 4 * k + i) % 128];
        __syncwarp();
    }
    y[t] = sum;
}

// What has not been waited for is not there yet.
extern "C" __global__ void impatient(const float* x, float* y)
{
    __shared__ __align__(16) float tile[128];
    int t = threadIdx.x;
    tile[t] = -1;
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" :: "r"(shared_address(&tile[t])), "l"(x + t));
    y[t] = ((volatile float*)tile)[t];
    asm volatile("cp.async.wait_all;");
    y[32 + t] = ((volatile float*)tile)[t];
}

// Copies that arrive at a barrier in shared memory, which the other warp waits for.
extern "C" __global__ void barrier_object(const float* x, float* y)
{
    __shared__ __align__(16) float tile[128];
    __shared__ unsigned long long barrier;
    int t = threadIdx.x;
    uint b = shared_address(&barrier);
    if (t == 0) asm volatile("mbarrier.init.shared.b64 [%0], 32;" :: "r"(b));
    __syncthreads();
    if (t < 32)
    {
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" :: "r"(shared_address(&tile[4 * t])), "l"(x + 4 * t));
        asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" :: "r"(b));
    }
    asm volatile("{ .reg .pred p; WAIT: mbarrier.test_wait.parity.shared.b64 p, [%0], 0; @!p bra WAIT; }" :: "r"(b));
    y[t] = tile[t] + tile[127 - t];
}
