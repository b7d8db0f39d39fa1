// What planning may depend on besides the program itself.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Who computes products of matrices.</summary>
public enum GemmChoice
{
    /// <summary>cuBLAS.</summary>
    CuBlas,

    /// <summary>MiniDL's own kernel, kernels/sgemm.</summary>
    Handwritten,
}

/// <summary>Choices that plans depend on.</summary>
/// <param name="Gpu">The device the plans are for.</param>
/// <param name="Gemm">Who computes products.</param>
internal sealed record PlanOptions(GpuProperties Gpu, GemmChoice Gemm = GemmChoice.CuBlas)
{
    /// <summary>True to let cuBLAS round operands to TF32.</summary>
    public bool TensorFloat32 { get; init; }
}
