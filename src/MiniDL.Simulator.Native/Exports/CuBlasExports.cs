// cuBLAS: a handle with a stream and settings, and products of matrices of float32.
//
// The one thing to understand: these functions belong to another library, libcublas.so.12, but they work in streams and memory of libcuda.so.1, and a library made by NativeAOT has a runtime and
// memory of its own; two libraries would know nothing of each other. So both are this one: libcublas.so.12 is a symbolic link to libcuda.so.1. The system's loader sees that it is the same file
// and loads it once, whichever name is asked for.
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Native;

/// <summary>cublasHandle_t.</summary>
internal sealed class BlasHandle(Context context) : IInContext
{
    public Context Context => context;

    /// <summary>Where it works.</summary>
    public NativeStream Stream { get; set; } = context.DefaultStream;

    /// <summary>Its handle, so that it can be told again.</summary>
    public nint StreamHandle { get; set; }

    /// <summary>CUBLAS_..._MATH.</summary>
    public int MathMode { get; set; }
}

/// <summary>Exports: cuBLAS.</summary>
internal static unsafe class CuBlasExports
{
    // CUBLAS_TF32_TENSOR_OP_MATH, CUBLAS_POINTER_MODE_HOST, CUDA_R_32F, CUBLAS_COMPUTE_32F, _32F_PEDANTIC and _32F_FAST_TF32; TF32 is of sm_80.
    private const int TensorFloat32Math = 3, PointersToHost = 0, Float32 = 0, Compute32 = 68, Compute32Pedantic = 69, Compute32TensorFloat32 = 77, FirstCapabilityWithTensorFloat32 = 8;

    private const int Major = 12, Minor = 4, Patch = 0, WorkspaceAlignment = 256;

    [UnmanagedCallersOnly(EntryPoint = "cublasCreate_v2")]
    public static int Create(nint* handle) => Boundary.Blas(() =>
    {
        Out.To(handle);
        if (!Machine.IsStarted) throw new CallFailed(DriverResult.NotInitialized, "cublasCreate: cuInit was not called in this library; is libcublas.so.12 a copy of libcuda.so.1 and not a link to it?");
        Context context = Machine.Current();
        context.ThrowIfCapturing();
        *handle = Handles.Add(new BlasHandle(context));
    });

    [UnmanagedCallersOnly(EntryPoint = "cublasDestroy_v2")]
    public static int Destroy(nint handle) => Boundary.Blas(() => Handles.Remove<BlasHandle>(handle));

    [UnmanagedCallersOnly(EntryPoint = "cublasSetStream_v2")]
    public static int SetStream(nint handle, nint stream) => Boundary.Blas(() =>
    {
        BlasHandle its = Get(handle);
        NativeStream queue = StreamExports.Stream(stream);
        if (queue.Context != its.Context) throw new CallFailed(DriverResult.InvalidValue);
        (its.Stream, its.StreamHandle) = (queue, stream);
    });

    [UnmanagedCallersOnly(EntryPoint = "cublasGetStream_v2")]
    public static int GetStream(nint handle, nint* stream) => Boundary.Blas(() => *Out.To(stream) = Get(handle).StreamHandle);

    /// <summary>Checked as cuBLAS would, and not needed.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cublasSetWorkspace_v2")]
    public static int SetWorkspace(nint handle, ulong workspace, nuint bytes) => Boundary.Blas(() =>
    {
        BlasHandle its = Get(handle);
        if (workspace % WorkspaceAlignment != 0 || bytes > long.MaxValue) throw new CallFailed(DriverResult.InvalidValue);
        if (bytes > 0) its.Context.CheckRange("cublasSetWorkspace", workspace, (long)bytes);
    });

    [UnmanagedCallersOnly(EntryPoint = "cublasSetMathMode")]
    public static int SetMathMode(nint handle, int mode) => Boundary.Blas(() => Get(handle).MathMode = mode);

    [UnmanagedCallersOnly(EntryPoint = "cublasGetMathMode")]
    public static int GetMathMode(nint handle, int* mode) => Boundary.Blas(() => *Out.To(mode) = Get(handle).MathMode);

    [UnmanagedCallersOnly(EntryPoint = "cublasSetPointerMode_v2")]
    public static int SetPointerMode(nint handle, int mode) => Boundary.Blas(() =>
    {
        Get(handle);
        if (mode != PointersToHost) throw new CallFailed(DriverResult.NotSupported, "cublasSetPointerMode: alpha and beta must be the host's");
    });

    [UnmanagedCallersOnly(EntryPoint = "cublasGetPointerMode_v2")]
    public static int GetPointerMode(nint handle, int* mode) => Boundary.Blas(() =>
    {
        Get(handle);
        *Out.To(mode) = PointersToHost;
    });

    [UnmanagedCallersOnly(EntryPoint = "cublasGetVersion_v2")]
    public static int GetVersion(nint handle, int* version) => Boundary.Blas(() => *Out.To(version) = 10_000 * Major + 100 * Minor + Patch);

    [UnmanagedCallersOnly(EntryPoint = "cublasGetProperty")]
    public static int GetProperty(int property, int* value) => Boundary.Blas(() =>
        *Out.To(value) = property switch { 0 => Major, 1 => Minor, 2 => Patch, _ => throw new CallFailed(DriverResult.InvalidValue) });

    [UnmanagedCallersOnly(EntryPoint = "cublasSgemm_v2")]
    public static int Sgemm(nint handle, int operandA, int operandB, int m, int n, int k, float* alpha, ulong a, int ldA, ulong b, int ldB, float* beta, ulong c, int ldC) =>
        Boundary.Blas(() => Multiply(Get(handle), (Get(handle).MathMode & 15) == TensorFloat32Math,
            new GemmCall(Operand(operandA), Operand(operandB), m, n, k, *Out.To(alpha), a, ldA, 0, b, ldB, 0, *Out.To(beta), c, ldC, 0)));

    [UnmanagedCallersOnly(EntryPoint = "cublasSgemmStridedBatched")]
    public static int SgemmStridedBatched(nint handle, int operandA, int operandB, int m, int n, int k,
        float* alpha, ulong a, int ldA, long strideA, ulong b, int ldB, long strideB, float* beta, ulong c, int ldC, long strideC, int batch) =>
        Boundary.Blas(() => Multiply(Get(handle), (Get(handle).MathMode & 15) == TensorFloat32Math,
            new GemmCall(Operand(operandA), Operand(operandB), m, n, k, *Out.To(alpha), a, ldA, strideA, b, ldB, strideB, *Out.To(beta), c, ldC, strideC, batch)));

    [UnmanagedCallersOnly(EntryPoint = "cublasGemmEx")]
    public static int GemmEx(nint handle, int operandA, int operandB, int m, int n, int k,
        float* alpha, ulong a, int typeA, int ldA, ulong b, int typeB, int ldB, float* beta, ulong c, int typeC, int ldC, int compute, int algorithm) =>
        Boundary.Blas(() => Multiply(Get(handle), IsTensorFloat32("cublasGemmEx", compute, typeA, typeB, typeC),
            new GemmCall(Operand(operandA), Operand(operandB), m, n, k, *Out.To(alpha), a, ldA, 0, b, ldB, 0, *Out.To(beta), c, ldC, 0)));

    [UnmanagedCallersOnly(EntryPoint = "cublasGemmStridedBatchedEx")]
    public static int GemmStridedBatchedEx(nint handle, int operandA, int operandB, int m, int n, int k, float* alpha, ulong a, int typeA, int ldA, long strideA,
        ulong b, int typeB, int ldB, long strideB, float* beta, ulong c, int typeC, int ldC, long strideC, int batch, int compute, int algorithm) =>
        Boundary.Blas(() => Multiply(Get(handle), IsTensorFloat32("cublasGemmStridedBatchedEx", compute, typeA, typeB, typeC),
            new GemmCall(Operand(operandA), Operand(operandB), m, n, k, *Out.To(alpha), a, ldA, strideA, b, ldB, strideB, *Out.To(beta), c, ldC, strideC, batch)));

    private static void Multiply(BlasHandle handle, bool tensorFloat32, GemmCall call)
    {
        NativeStream stream = handle.Stream.ForWork();
        bool has = handle.Context.Gpu.Properties.Capability.Major >= FirstCapabilityWithTensorFloat32;
        handle.Context.Gpu.Gemm(call with { Compute = tensorFloat32 && has ? GemmCompute.TensorFloat32 : GemmCompute.Float32 }, stream.Queue);
    }

    /// <summary>CUBLAS_OP_N, _T, and _C, which for real numbers is _T.</summary>
    private static GemmOperand Operand(int operand) => operand switch
    {
        0 => GemmOperand.AsIs,
        1 or 2 => GemmOperand.Transposed,
        _ => throw new CallFailed(DriverResult.InvalidValue),
    };

    private static bool IsTensorFloat32(string call, int compute, params ReadOnlySpan<int> types)
    {
        foreach (int type in types)
            if (type != Float32) throw new CallFailed(DriverResult.NotSupported, $"{call}: data type {type}; the simulated cuBLAS has float32 (CUDA_R_32F = 0) only");
        return compute switch
        {
            Compute32 or Compute32Pedantic => false,
            Compute32TensorFloat32 => true,
            _ => throw new CallFailed(DriverResult.NotSupported, $"{call}: arithmetic {compute}; the simulated cuBLAS has CUBLAS_COMPUTE_32F, _32F_PEDANTIC and _32F_FAST_TF32 (68, 69, 77)"),
        };
    }

    private static BlasHandle Get(nint handle)
    {
        BlasHandle found = Handles.Get<BlasHandle>(handle);
        found.Context.ThrowIfUnusable();
        return found;
    }
}
