// cuBLAS as C# sees it: the nine functions that MiniDL uses, spelled as the library exports them.
//
// Beside Driver, below CuBlasHandle. The one thing to understand: cuBLAS is older than streams and contexts; a handle carries the stream, the workspace and the settings, and cublas_v2.h
// renames functions to their _v2, as cuda.h does. Source: NVIDIA, cuBLAS library documentation. Every result is a cublasStatus_t (0 is success).
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Functions of libcublas.so or cublas64.dll.</summary>
internal static unsafe partial class CuBlas
{
    private const string Library = NativeLibraries.CuBlasName;

    /// <summary>Every function below, by its exported name.</summary>
    public static readonly string[] EntryPoints =
    [
        "cublasCreate_v2", "cublasDestroy_v2", "cublasSetStream_v2", "cublasSetWorkspace_v2", "cublasSetMathMode",
        "cublasSgemm_v2", "cublasSgemmStridedBatched", "cublasGemmEx", "cublasGemmStridedBatchedEx",
    ];

    [LibraryImport(Library, EntryPoint = "cublasCreate_v2")]
    public static partial CuBlasStatus Create(nint* handle);

    [LibraryImport(Library, EntryPoint = "cublasDestroy_v2")]
    public static partial CuBlasStatus Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "cublasSetStream_v2")]
    public static partial CuBlasStatus SetStream(nint handle, nint stream);

    [LibraryImport(Library, EntryPoint = "cublasSetWorkspace_v2")]
    public static partial CuBlasStatus SetWorkspace(nint handle, ulong workspace, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cublasSetMathMode")]
    public static partial CuBlasStatus SetMathMode(nint handle, CuBlasMath mode);

    [LibraryImport(Library, EntryPoint = "cublasSgemm_v2")]
    public static partial CuBlasStatus Sgemm(nint handle, GemmOperand operandA, GemmOperand operandB, int m, int n, int k,
        float* alpha, ulong a, int ldA, ulong b, int ldB, float* beta, ulong c, int ldC);

    [LibraryImport(Library, EntryPoint = "cublasSgemmStridedBatched")]
    public static partial CuBlasStatus SgemmStridedBatched(nint handle, GemmOperand operandA, GemmOperand operandB, int m, int n, int k,
        float* alpha, ulong a, int ldA, long strideA, ulong b, int ldB, long strideB, float* beta, ulong c, int ldC, long strideC, int batch);

    [LibraryImport(Library, EntryPoint = "cublasGemmEx")]
    public static partial CuBlasStatus GemmEx(nint handle, GemmOperand operandA, GemmOperand operandB, int m, int n, int k,
        float* alpha, ulong a, CudaDataType typeA, int ldA, ulong b, CudaDataType typeB, int ldB,
        float* beta, ulong c, CudaDataType typeC, int ldC, CuBlasCompute compute, CuBlasAlgorithm algorithm);

    [LibraryImport(Library, EntryPoint = "cublasGemmStridedBatchedEx")]
    public static partial CuBlasStatus GemmStridedBatchedEx(nint handle, GemmOperand operandA, GemmOperand operandB, int m, int n, int k,
        float* alpha, ulong a, CudaDataType typeA, int ldA, long strideA, ulong b, CudaDataType typeB, int ldB, long strideB,
        float* beta, ulong c, CudaDataType typeC, int ldC, long strideC, int batch, CuBlasCompute compute, CuBlasAlgorithm algorithm);
}

/// <summary>CUBLAS_STATUS_...</summary>
internal enum CuBlasStatus
{
    Success = 0,
    NotInitialized = 1,
    AllocFailed = 3,
    InvalidValue = 7,
    ArchMismatch = 8,
    MappingError = 11,
    ExecutionFailed = 13,
    InternalError = 14,
    NotSupported = 15,
    LicenseError = 16,
}

/// <summary>CUBLAS_..._MATH.</summary>
internal enum CuBlasMath
{
    /// <summary>float32 products stay float32.</summary>
    Default = 0,
}

/// <summary>CUBLAS_COMPUTE_...: the arithmetic of GemmEx.</summary>
internal enum CuBlasCompute
{
    /// <summary>CUBLAS_COMPUTE_32F.</summary>
    Float32 = 68,

    /// <summary>CUBLAS_COMPUTE_32F_FAST_TF32.</summary>
    Float32FastTensorFloat32 = 77,
}

/// <summary>CUDA_R_...: what lies in memory.</summary>
internal enum CudaDataType
{
    /// <summary>CUDA_R_32F.</summary>
    Float32 = 0,
}

/// <summary>CUBLAS_GEMM_...</summary>
internal enum CuBlasAlgorithm
{
    /// <summary>CUBLAS_GEMM_DEFAULT: cuBLAS chooses.</summary>
    Default = -1,
}
