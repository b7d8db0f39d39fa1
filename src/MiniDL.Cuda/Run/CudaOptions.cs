// What a user may choose about a CUDA device besides the GPU itself.
namespace MiniDL.Cuda;

/// <summary>Choices that hold for all functions of a device.</summary>
/// <example><code>using Device device = CudaDevice.Open(new CudaOptions { Gemm = GemmChoice.Handwritten });</code></example>
public sealed record CudaOptions
{
    /// <summary>Who computes products of matrices.</summary>
    public GemmChoice Gemm { get; init; } = GemmChoice.CuBlas;

    /// <summary>Lets cuBLAS round the operands of products to TF32 (10 bits of fraction), for tensor cores; sm_80 and up.</summary>
    public bool TensorFloat32 { get; init; }

    /// <summary>A folder that every kernel's source and PTX, and all launches, are written to; null: none.</summary>
    public string? DumpFolder { get; init; }

    /// <summary>Which GPU of the machine, counted from 0 as the driver does.</summary>
    public int Ordinal { get; init; }
}
