// A real NVIDIA GPU over ManagedCuda, continued: launches, products, streams, events, and graphs.
//
// The one thing to understand: ManagedCuda's CudaKernel boxes its arguments and Run waits for the kernel, so launches go to the native layer with a packed block, as DriverGpu's do.
using ManagedCuda;
using ManagedCuda.BasicTypes;
using ManagedCuda.CudaBlas;
using MiniDL.Gpu;
using Native = ManagedCuda.DriverAPINativeMethods;
using NativeBlas = ManagedCuda.CudaBlas.CudaBlasNativeMethods;

namespace MiniDL.Cuda.ManagedCuda;

public sealed unsafe partial class ManagedCudaGpu
{
    private readonly nint[] _extra = new nint[5];   // written anew for each launch

    /// <inheritdoc/>
    public void Launch(IGpuKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, IGpuStream stream)
    {
        CUstream own = Enter<ManagedStream>(stream).Stream.Stream;
        if (kernel is not ManagedKernel function || function.Module.Gpu != this) throw Foreign(kernel);
        ObjectDisposedException.ThrowIf(function.Module.IsDisposed, function.Module);
        CUResult result;
        nuint size = (nuint)arguments.Length;
        fixed (byte* block = arguments)
        {
            (_extra[0], _extra[1], _extra[2], _extra[3], _extra[4]) = (DriverFlags.LaunchParamBufferPointer, (nint)block, DriverFlags.LaunchParamBufferSize, (nint)(&size), DriverFlags.LaunchParamEnd);
            result = Native.Launch.cuLaunchKernel(function.Function, (uint)shape.Grid.X, (uint)shape.Grid.Y, (uint)shape.Grid.Z, (uint)shape.Block.X, (uint)shape.Block.Y, (uint)shape.Block.Z,
                (uint)shape.DynamicSharedBytes, own, null, size == 0 ? null : _extra);
        }
        if (result != CUResult.Success)
            throw DriverError.Of($"cuLaunchKernel({kernel.Name}, grid {shape.Grid}, block {shape.Block}, {shape.DynamicSharedBytes:N0} bytes of dynamic shared memory, {arguments.Length} bytes of arguments)", (int)result);
    }

    /// <summary>Makes cuBLAS ready for a stream, as the first product in it does; for callers whose first product would be in a capture.</summary>
    /// <exception cref="MissingLibraryException">There is no cuBLAS; the message names <c>--gemm handwritten</c>.</exception>
    public void EnsureGemm(IGpuStream stream) => BlasOf(Enter<ManagedStream>(stream));

    /// <inheritdoc/>
    /// <exception cref="MissingLibraryException">There is no cuBLAS; the message names <c>--gemm handwritten</c>.</exception>
    public void Gemm(in GemmCall call, IGpuStream stream)
    {
        CudaBlasHandle handle = BlasOf(Enter<ManagedStream>(stream)).CublasHandle;
        (Operation a, Operation b) = ((Operation)call.OperandA, (Operation)call.OperandB);
        (float alpha, float beta) = (call.Alpha, call.Beta);
        const cudaDataType F = cudaDataType.CUDA_R_32F;
        const ComputeType TF32 = ComputeType.Compute32FFastTF32;

        // GemmStridedBatchedEx declares its arithmetic as a data type; on the wire both are the same 32-bit number.
        CublasStatus status = (call.Compute, call.Batch) switch
        {
            (GemmCompute.Float32, 1) => NativeBlas.cublasSgemm_v2(handle, a, b, call.M, call.N, call.K, ref alpha, At(call.A), call.LdA, At(call.B), call.LdB, ref beta, At(call.C), call.LdC),
            (GemmCompute.Float32, _) => NativeBlas.cublasSgemmStridedBatched(handle, a, b, call.M, call.N, call.K,
                ref alpha, At(call.A), call.LdA, call.StrideA, At(call.B), call.LdB, call.StrideB, ref beta, At(call.C), call.LdC, call.StrideC, call.Batch),
            (_, 1) => NativeBlas.cublasGemmEx(handle, a, b, call.M, call.N, call.K,
                (nint)(&alpha), At(call.A), F, call.LdA, At(call.B), F, call.LdB, (nint)(&beta), At(call.C), F, call.LdC, TF32, GemmAlgo.Default),
            _ => NativeBlas.cublasGemmStridedBatchedEx(handle, a, b, call.M, call.N, call.K,
                (nint)(&alpha), At(call.A), F, call.LdA, call.StrideA, At(call.B), F, call.LdB, call.StrideB, (nint)(&beta), At(call.C), F, call.LdC, call.StrideC, call.Batch, (cudaDataType)TF32, GemmAlgo.Default),
        };
        if (status != CublasStatus.Success) throw CuBlasHandle.Error((CuBlasStatus)status, CuBlasHandle.Describe(call));
    }

    /// <summary>cuBLAS in a stream, with its workspace. As in DriverGpu, it must be made before the stream captures.</summary>
    private CudaBlas BlasOf(ManagedStream stream)
    {
        if (stream.Blas is { } ready) return ready.Handle;
        if (stream.IsCapturing) throw CuBlasHandle.TooLate();
        NativeLibraries.CuBlas();
        CudaDeviceVariable<byte> workspace = AllocateDevice(CuBlasHandle.WorkspaceBytes(Properties.Capability.Major));
        try
        {
            var handle = new CudaBlas(stream.Stream.Stream);
            stream.Blas = (handle, workspace);
            handle.SetWorkspace(workspace);
            return handle;
        }
        catch (CudaBlasException failure)
        {
            stream.Blas?.Handle.Dispose();
            stream.Blas = null;
            workspace.Dispose();
            throw CuBlasHandle.Error((CuBlasStatus)failure.CudaBlasError, "CudaBlas");
        }
    }

    /// <inheritdoc/>
    public IGpuStream CreateStream()
    {
        MakeCurrent();
        return new ManagedStream(this, Try("CudaStream", () => new CudaStream(CUStreamFlags.NonBlocking)));
    }

    /// <inheritdoc/>
    public void Synchronize(IGpuStream stream) => Check(Native.Streams.cuStreamSynchronize(Enter<ManagedStream>(stream).Stream.Stream), "cuStreamSynchronize");

    /// <inheritdoc/>
    public IGpuEvent CreateEvent()
    {
        MakeCurrent();
        return new ManagedEvent(this, Try("CudaEvent", () => new CudaEvent(CUEventFlags.Default)));
    }

    /// <inheritdoc/>
    public void Record(IGpuEvent mark, IGpuStream stream) => Check(Native.Events.cuEventRecord(Enter<ManagedEvent>(mark).Event.Event, Enter<ManagedStream>(stream).Stream.Stream), "cuEventRecord");

    /// <inheritdoc/>
    public void Wait(IGpuEvent mark) => Check(Native.Events.cuEventSynchronize(Enter<ManagedEvent>(mark).Event.Event), "cuEventSynchronize");

    /// <inheritdoc/>
    public double Milliseconds(IGpuEvent from, IGpuEvent to)
    {
        // CudaEvent.ElapsedTime calls a second version that only drivers of CUDA 12.8 and later have.
        float milliseconds = 0;
        Check(Native.Events.cuEventElapsedTime(ref milliseconds, Enter<ManagedEvent>(from).Event.Event, Enter<ManagedEvent>(to).Event.Event), "cuEventElapsedTime");
        return milliseconds;
    }

    /// <inheritdoc/>
    public void BeginCapture(IGpuStream stream)
    {
        ManagedStream own = Enter<ManagedStream>(stream);
        Check(Native.Streams.cuStreamBeginCapture(own.Stream.Stream, CUstreamCaptureMode.Local), "cuStreamBeginCapture_v2");
        own.IsCapturing = true;
    }

    /// <inheritdoc/>
    public IGpuGraph EndCapture(IGpuStream stream)
    {
        ManagedStream own = Enter<ManagedStream>(stream);
        own.IsCapturing = false;
        var graph = new CUgraph();
        Check(Native.Streams.cuStreamEndCapture(own.Stream.Stream, ref graph), "cuStreamEndCapture");
        var executable = new CUgraphExec();
        CUResult result = Native.GraphManagment.cuGraphInstantiate(ref executable, graph, CUgraphInstantiate_flags.None);
        CUResult destroyed = Native.GraphManagment.cuGraphDestroy(graph);
        Check(result, "cuGraphInstantiateWithFlags");
        var ready = new ManagedGraph(this, executable);
        if (destroyed == CUResult.Success) return ready;
        ready.Dispose();
        throw DriverError.Of("cuGraphDestroy", (int)destroyed);
    }

    /// <inheritdoc/>
    public void Launch(IGpuGraph graph, IGpuStream stream) => Check(Native.GraphManagment.cuGraphLaunch(Enter<ManagedGraph>(graph).Executable, Enter<ManagedStream>(stream).Stream.Stream), "cuGraphLaunch");
}
