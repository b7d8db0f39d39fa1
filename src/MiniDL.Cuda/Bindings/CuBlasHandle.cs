// A handle of cuBLAS that belongs to one stream, with its workspace, and the products it computes there.
//
// The one thing to understand: creating a handle and giving it memory are calls that a capturing stream forbids, and cuBLAS left to itself allocates a workspace inside every
// captured graph. So both happen here, once for each stream, before the first product; later calls are only the products themselves.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>cublasHandle_t, stream and workspace.</summary>
internal sealed unsafe class CuBlasHandle : DriverHandle
{
    private readonly DriverMemory _workspace;

    private CuBlasHandle(ContextHandle context, nint value, DriverMemory workspace) : base(context, value) => _workspace = workspace;

    /// <summary>Creates a handle for a stream. The context must be current.</summary>
    /// <param name="context">Where the stream and the workspace live.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="workspace">Memory for cuBLAS, which is freed with the handle.</param>
    /// <exception cref="MissingLibraryException">There is no cuBLAS; the message names <c>--gemm handwritten</c>.</exception>
    public static CuBlasHandle Create(ContextHandle context, nint stream, DriverMemory workspace)
    {
        NativeLibraries.CuBlas();
        nint value;
        Check(CuBlas.Create(&value), "cublasCreate_v2");
        var created = new CuBlasHandle(context, value, workspace);
        try
        {
            // Setting the stream sets the workspace back to cuBLAS' own, so the order matters.
            Check(CuBlas.SetStream(value, stream), "cublasSetStream_v2");
            Check(CuBlas.SetWorkspace(value, workspace.Address, (nuint)workspace.Bytes), "cublasSetWorkspace_v2");
            Check(CuBlas.SetMathMode(value, CuBlasMath.Default), "cublasSetMathMode");
            return created;
        }
        catch (GpuException)
        {
            created.Dispose();
            throw;
        }
    }

    /// <summary>The workspace that cuBLAS' documentation recommends (cublasSetWorkspace): 32 MiB from Hopper on, 4 MiB before.</summary>
    public static long WorkspaceBytes(int capabilityMajor) => capabilityMajor >= 9 ? 32L << 20 : 4L << 20;

    /// <summary>Gives a product to the stream. alpha and beta are read during the call.</summary>
    public void Gemm(in GemmCall call)
    {
        const CudaDataType F = CudaDataType.Float32;
        (float alpha, float beta) = (call.Alpha, call.Beta);
        CuBlasStatus status = (call.Compute, call.Batch) switch
        {
            (GemmCompute.Float32, 1) => CuBlas.Sgemm(Value, call.OperandA, call.OperandB, call.M, call.N, call.K, &alpha, call.A, call.LdA, call.B, call.LdB, &beta, call.C, call.LdC),
            (GemmCompute.Float32, _) => CuBlas.SgemmStridedBatched(Value, call.OperandA, call.OperandB, call.M, call.N, call.K,
                &alpha, call.A, call.LdA, call.StrideA, call.B, call.LdB, call.StrideB, &beta, call.C, call.LdC, call.StrideC, call.Batch),
            (_, 1) => CuBlas.GemmEx(Value, call.OperandA, call.OperandB, call.M, call.N, call.K,
                &alpha, call.A, F, call.LdA, call.B, F, call.LdB, &beta, call.C, F, call.LdC, Arithmetic(call.Compute), CuBlasAlgorithm.Default),
            _ => CuBlas.GemmStridedBatchedEx(Value, call.OperandA, call.OperandB, call.M, call.N, call.K,
                &alpha, call.A, F, call.LdA, call.StrideA, call.B, F, call.LdB, call.StrideB, &beta, call.C, F, call.LdC, call.StrideC, call.Batch, Arithmetic(call.Compute), CuBlasAlgorithm.Default),
        };
        if (status != CuBlasStatus.Success) throw Error(status, Describe(call));
    }

    /// <summary>A first product inside a capture.</summary>
    public static GpuException TooLate() => new("cublasCreate_v2", "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
        "cuBLAS allocates when it starts, which a capturing stream forbids. Call EnsureGemm, or do one product in the stream, before BeginCapture");

    /// <summary>The arithmetic as GemmEx takes it.</summary>
    public static CuBlasCompute Arithmetic(GemmCompute compute) => compute == GemmCompute.TensorFloat32 ? CuBlasCompute.Float32FastTensorFloat32 : CuBlasCompute.Float32;

    /// <summary>The name of a status, as cublas_api.h has it.</summary>
    public static string NameOf(CuBlasStatus status) => status switch
    {
        CuBlasStatus.Success => "CUBLAS_STATUS_SUCCESS",
        CuBlasStatus.NotInitialized => "CUBLAS_STATUS_NOT_INITIALIZED",
        CuBlasStatus.AllocFailed => "CUBLAS_STATUS_ALLOC_FAILED",
        CuBlasStatus.InvalidValue => "CUBLAS_STATUS_INVALID_VALUE",
        CuBlasStatus.ArchMismatch => "CUBLAS_STATUS_ARCH_MISMATCH",
        CuBlasStatus.MappingError => "CUBLAS_STATUS_MAPPING_ERROR",
        CuBlasStatus.ExecutionFailed => "CUBLAS_STATUS_EXECUTION_FAILED",
        CuBlasStatus.InternalError => "CUBLAS_STATUS_INTERNAL_ERROR",
        CuBlasStatus.NotSupported => "CUBLAS_STATUS_NOT_SUPPORTED",
        CuBlasStatus.LicenseError => "CUBLAS_STATUS_LICENSE_ERROR",
        _ => $"cublasStatus_t {(int)status}",
    };

    /// <summary>The error of a call.</summary>
    public static GpuException Error(CuBlasStatus status, string call) => new(call, NameOf(status), status switch
    {
        CuBlasStatus.NotInitialized => "cuBLAS could not start: often the device's memory is full, or the driver is older than cuBLAS needs (nvidia-smi shows the CUDA version it knows). --gemm handwritten does without cuBLAS",
        CuBlasStatus.AllocFailed => "The device has no memory left for cuBLAS. Choose a smaller batch; --gemm handwritten needs no memory of its own",
        CuBlasStatus.InvalidValue => "cuBLAS refuses a size, a leading dim or a stride of the call",
        CuBlasStatus.ArchMismatch or CuBlasStatus.NotSupported => "This cuBLAS does not know this GPU, or not this arithmetic (TF32 needs sm_80); install a matching cuBLAS or use --gemm handwritten",
        CuBlasStatus.ExecutionFailed => "A kernel failed, perhaps one that was asked for before this call. To find it: --device sim checks every access; on this GPU, compute-sanitizer in front of the command does",
        _ => "cuBLAS' documentation describes the call; --gemm handwritten does without cuBLAS",
    });

    protected override int Free() => (int)CuBlas.Destroy(handle);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _workspace.Dispose();
    }

    private static void Check(CuBlasStatus status, string call)
    {
        if (status != CuBlasStatus.Success) throw Error(status, call);
    }

    /// <summary>A call in words: the function and its sizes.</summary>
    public static string Describe(in GemmCall call)
    {
        string name = (call.Compute, call.Batch) switch
        {
            (GemmCompute.Float32, 1) => "cublasSgemm_v2",
            (GemmCompute.Float32, _) => "cublasSgemmStridedBatched",
            (_, 1) => "cublasGemmEx",
            _ => "cublasGemmStridedBatchedEx",
        };
        char a = call.OperandA == GemmOperand.AsIs ? 'N' : 'T', b = call.OperandB == GemmOperand.AsIs ? 'N' : 'T';
        return $"{name}({a}{b}, m {call.M}, n {call.N}, k {call.K}, ld {call.LdA} {call.LdB} {call.LdC}, batch {call.Batch})";
    }
}
