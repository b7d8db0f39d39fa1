// Small kernels for tests of the compiler.
namespace MiniDL.Cuda.Tests;

internal static class Kernels
{
    /// <summary>x[i] *= 2.</summary>
    public static KernelSource Twice { get; } = new("twice", """
        extern "C" __global__ void twice(float* x)
        {
            int i = blockIdx.x * blockDim.x + threadIdx.x;
            x[i] *= 2;
        }
        """);

    /// <summary>Adds a number of its own; kernels of different numbers are different.</summary>
    public static KernelSource Numbered(int number) => new($"add_{number}", $$"""
        extern "C" __global__ void add_{{number}}(float* x)
        {
            x[blockIdx.x * blockDim.x + threadIdx.x] += {{number}};
        }
        """);

    /// <summary>Reverses the blocks through 1,024 bytes of shared memory.</summary>
    public static KernelSource Reverse { get; } = new("reverse", """
        extern "C" __global__ void reverse(float* x)
        {
            __shared__ float s[256];
            int start = blockIdx.x * 256;
            s[threadIdx.x] = x[start + threadIdx.x];
            __syncthreads();
            x[start + threadIdx.x] = s[255 - threadIdx.x];
        }
        """);

    /// <summary>Keeps 64 numbers where its launch bounds leave 32 registers, so that some are spilled.</summary>
    public static KernelSource Spilling { get; } = new("spilling", """
        extern "C" __global__ void __launch_bounds__(1024, 2) spilling(float* x)
        {
            float a[64];
            for (int j = 0; j < 64; j++) a[j] = x[j];
            __syncthreads();
            for (int j = 0; j < 64; j++) x[j] = a[63 - j] * a[j];
        }
        """);
}
