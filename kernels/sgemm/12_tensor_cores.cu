#include "prelude.cuh"
#define PITCH(SIDE, ALONG_K) ((SIDE) + 4)
#include "sgemm/warp_tile.cuh"
#include "sgemm/operands.cuh"
// C = alpha A B + beta C on the tensor cores, with A and B rounded to TF32: 8 bits of exponent as float32 has, 10 bits of fraction instead of 23.
//
// Idea: one instruction of a warp, mma.sync, multiplies a 16 x 8 piece of A by an 8 x 8 piece of B and adds it to a 16 x 8 piece of C: 1,024 multiply-adds, where 32 lanes' FMA is 32.
// The pieces are spread over the warp's registers. With g = lane / 4 and t = lane % 4 a lane holds
//
//     of A  (g, t) (g + 8, t) (g, t + 4) (g + 8, t + 4)          of B  (t, g) (t + 4, g)          of C  (g, 2t) (g, 2t + 1) (g + 8, 2t) (g + 8, 2t + 1)
//
// A sum does not mind the order of its terms if A and B agree on it. So k = 2t and 2t + 1 take the places of t and t + 4: with rows of a slab 4 banks apart (PITCH), the 32 lanes'
// words of As[k0 + 2t][g] lie in banks 8t + g, all different. Numbers are rounded once, on their way into shared memory; the slabs are double-buffered as in rung 9.
// A warp computes 64 x 64 elements with 128 sums a lane (TM TN = 128): of each number read from shared memory it makes more products than rung 9's 64 x 32.
//
// FLOPs: 2 M N K. Bytes: those of rung 9. Limited by the tensor cores. In the counters: 1 instruction of 32 where rung 9 has an FMA each; wavefronts of shared memory come next.
// Needs sm_80. The result is not float32's: whole numbers up to 2,048 are exact, others are off by up to 2^-11 before they are multiplied. How a tensor core rounds its
// sums is not published. Sources: PTX ISA, "Matrix Fragments for mma.m16n8k8"; NVIDIA, A100 white paper, 2020. Macros: see operands.cuh, with TM 16 and TN 8.

#define WARP 64   // a warp's rows and columns of the tile

// float32 to the nearest TF32, ties away from zero, the lower 13 bits zero.
__device__ __forceinline__ float toTensorFloat(float value)
{
    uint bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return __uint_as_float(bits);
}

template <class Part>
__device__ __forceinline__ void roundAll(Part& part)
{
#pragma unroll
    for (int i = 0; i < Part::COUNT * Part::WIDTH; i++) ((float*)part.vectors)[i] = toTensorFloat(((float*)part.vectors)[i]);
}

// sums += a b, one instruction.
__device__ __forceinline__ void multiplyPieces(float (&sums)[4], const float (&a)[4], const float (&b)[2])
{
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])), "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
}

// This warp's products of one slab, of which As and Bs are the lane's first elements.
__device__ __forceinline__ void multiplySlab(const float* As, const float* Bs, float (&sums)[WARP / 16][WARP / 8][4])
{
#pragma unroll
    for (int k = 0; k < BK; k += 8)
    {
        float regM[WARP / 16][4];
#pragma unroll
        for (int m = 0; m < WARP / 16; m++)
#pragma unroll
            for (int i = 0; i < 4; i++) regM[m][i] = As[(k + i / 2) * PITCH_A + m * 16 + i % 2 * 8];
#pragma unroll
        for (int n = 0; n < WARP / 8; n++)
        {
            float regN[2] = { Bs[k * PITCH_B + n * 8], Bs[(k + 1) * PITCH_B + n * 8] };
#pragma unroll
            for (int m = 0; m < WARP / 16; m++) multiplyPieces(sums[m][n], regM[m], regN);
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, 2) sgemm_tensor_cores(const float* __restrict__ a, const float* __restrict__ b, float* c)
{
    __shared__ __align__(16) Slab slabs[2];
    Tile tile(blockIdx.x);
    OperandA readA(a, tile);
    OperandB readB(b, tile);
    Carried<BM, A_ALONG_K, A_VECTOR> ofA;
    Carried<BN, B_ALONG_K, B_VECTOR> ofB;
    int warp = threadIdx.x / 32, g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    int firstRow = warp / (BN / WARP) * WARP + g, firstCol = warp % (BN / WARP) * WARP;
    float sums[WARP / 16][WARP / 8][4] = {};
    Slab* full = &slabs[0], * next = &slabs[1];

    // Slabs from the one before the first, of which nothing is multiplied, to the last, after which nothing is fetched.
#pragma unroll 1
    for (int k = -BK; k < K; k += BK)
    {
        bool more = k + BK < K;
        if (more)
        {
            ofA.fetch(k + BK, readA);
            ofB.fetch(k + BK, readB);
        }
        if (k >= 0) multiplySlab(&full->As[2 * t][firstRow], &full->Bs[2 * t][firstCol + g], sums);
        if (more)
        {
            roundAll(ofA);
            roundAll(ofB);
            ofA.put(ofA.placeIn(next->As));
            ofB.put(ofB.placeIn(next->Bs));
        }
        __syncthreads();
        Slab* other = full;
        full = next;
        next = other;
    }

    // A lane has two neighbouring columns of a row: four lanes write a whole sector.
#pragma unroll
    for (int m = 0; m < WARP / 8; m++)
#pragma unroll
        for (int n = 0; n < WARP / 8; n++)
        {
            int row = firstRow + m * 8, col = firstCol + n * 8 + 2 * t;
            float* place = c + tile.at(row, col);
            const float* pair = &sums[m / 2][n][m % 2 * 2];
            if (sizeof(C_VECTOR) == 16 && tile.has(row, col)) *(float2*)place = make_float2(scaled(pair[0], place), scaled(pair[1], place + 1));
            if (sizeof(C_VECTOR) == 4 && tile.has(row, col)) place[0] = scaled(pair[0], place);
            if (sizeof(C_VECTOR) == 4 && tile.has(row, col + 1)) place[1] = scaled(pair[1], place + 1);
        }
}
