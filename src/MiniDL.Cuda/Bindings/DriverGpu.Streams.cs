// A real NVIDIA GPU behind the seam, continued: launches, products, streams, events, and graphs.
//
// The one thing to understand: a stream that captures takes the same calls as ever and does nothing but note them. The notes become a graph, the driver checks and arranges it
// once (instantiates it), and from then on one call starts all of it.
using System.Diagnostics.CodeAnalysis;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

public sealed unsafe partial class DriverGpu
{
    /// <inheritdoc/>
    public void Launch(IGpuKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, IGpuStream stream)
    {
        DriverStream own = Enter<DriverStream>(stream);
        if (kernel is not DriverKernel function || function.Module.Context != _context) throw Foreign(kernel);
        ObjectDisposedException.ThrowIf(function.Module.IsClosed, function.Module);

        // The parameter block as it is: address and size in a list of marked pointers, instead of one pointer for each parameter.
        int result;
        nuint size = (nuint)arguments.Length;
        fixed (byte* block = arguments)
        {
            void** extra = stackalloc void*[] { (void*)DriverFlags.LaunchParamBufferPointer, block, (void*)DriverFlags.LaunchParamBufferSize, &size, (void*)DriverFlags.LaunchParamEnd };
            result = Driver.LaunchKernel(function.Function, (uint)shape.Grid.X, (uint)shape.Grid.Y, (uint)shape.Grid.Z, (uint)shape.Block.X, (uint)shape.Block.Y, (uint)shape.Block.Z,
                (uint)shape.DynamicSharedBytes, own.Value, null, size == 0 ? null : extra);
        }
        if (result != 0) ThrowLaunch(function, shape, arguments.Length, result);
    }

    [DoesNotReturn]
    private static void ThrowLaunch(DriverKernel kernel, in LaunchShape shape, int argumentBytes, int result) => throw DriverError.Of(
        $"cuLaunchKernel({kernel.Name}, grid {shape.Grid}, block {shape.Block}, {shape.DynamicSharedBytes:N0} bytes of dynamic shared memory, {argumentBytes} bytes of arguments)", result);

    /// <summary>Makes cuBLAS ready for a stream: loads it, creates its handle, allocates its workspace. The first product in a stream does the same; this is for callers who
    /// want to know early whether cuBLAS is there, or whose first product is in a capture, where it would be too late.</summary>
    /// <exception cref="MissingLibraryException">There is no cuBLAS; the message names <c>--gemm handwritten</c>.</exception>
    /// <exception cref="GpuException">cuBLAS does not start, or the stream captures.</exception>
    public void EnsureGemm(IGpuStream stream) => GemmOf(Enter<DriverStream>(stream));

    /// <inheritdoc/>
    /// <exception cref="MissingLibraryException">There is no cuBLAS; the message names <c>--gemm handwritten</c>.</exception>
    public void Gemm(in GemmCall call, IGpuStream stream)
    {
        DriverStream own = Enter<DriverStream>(stream);
        ObjectDisposedException.ThrowIf(own.IsClosed, own);
        GemmOf(own).Gemm(call);
    }

    private CuBlasHandle GemmOf(DriverStream stream)
    {
        if (stream.CuBlas is { } ready) return ready;
        if (stream.IsCapturing) throw CuBlasHandle.TooLate();
        NativeLibraries.CuBlas();
        DriverMemory workspace = AllocateDevice(CuBlasHandle.WorkspaceBytes(Properties.Capability.Major));
        try
        {
            return stream.CuBlas = CuBlasHandle.Create(_context, stream.Value, workspace);
        }
        catch (GpuException)
        {
            workspace.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IGpuStream CreateStream()
    {
        _context.MakeCurrent();
        nint stream;
        DriverError.Check(Driver.StreamCreate(&stream, DriverFlags.StreamNonBlocking), "cuStreamCreate");
        return new DriverStream(_context, stream);
    }

    /// <inheritdoc/>
    public void Synchronize(IGpuStream stream) => DriverError.Check(Driver.StreamSynchronize(Enter<DriverStream>(stream).Value), "cuStreamSynchronize");

    /// <inheritdoc/>
    public IGpuEvent CreateEvent()
    {
        _context.MakeCurrent();
        nint mark;
        DriverError.Check(Driver.EventCreate(&mark, DriverFlags.EventDefault), "cuEventCreate");
        return new DriverEvent(_context, mark);
    }

    /// <inheritdoc/>
    public void Record(IGpuEvent mark, IGpuStream stream) => DriverError.Check(Driver.EventRecord(Enter<DriverEvent>(mark).Value, Enter<DriverStream>(stream).Value), "cuEventRecord");

    /// <inheritdoc/>
    public void Wait(IGpuEvent mark) => DriverError.Check(Driver.EventSynchronize(Enter<DriverEvent>(mark).Value), "cuEventSynchronize");

    /// <inheritdoc/>
    public double Milliseconds(IGpuEvent from, IGpuEvent to)
    {
        float milliseconds;
        DriverError.Check(Driver.EventElapsedTime(&milliseconds, Enter<DriverEvent>(from).Value, Enter<DriverEvent>(to).Value), "cuEventElapsedTime");
        return milliseconds;
    }

    /// <inheritdoc/>
    public void BeginCapture(IGpuStream stream)
    {
        DriverStream own = Enter<DriverStream>(stream);
        DriverError.Check(Driver.StreamBeginCapture(own.Value, DriverFlags.CaptureThreadLocal), "cuStreamBeginCapture_v2");
        own.IsCapturing = true;
    }

    /// <inheritdoc/>
    public IGpuGraph EndCapture(IGpuStream stream)
    {
        DriverStream own = Enter<DriverStream>(stream);
        own.IsCapturing = false;
        nint graph, executable;
        DriverError.Check(Driver.StreamEndCapture(own.Value, &graph), "cuStreamEndCapture");

        // What was noted is needed only until it has been made ready.
        int result = Driver.GraphInstantiateWithFlags(&executable, graph, 0);
        int destroyed = Driver.GraphDestroy(graph);
        DriverError.Check(result, "cuGraphInstantiateWithFlags");
        var ready = new DriverGraph(_context, executable);
        if (destroyed == 0) return ready;
        ready.Dispose();
        throw DriverError.Of("cuGraphDestroy", destroyed);
    }

    /// <inheritdoc/>
    public void Launch(IGpuGraph graph, IGpuStream stream) => DriverError.Check(Driver.GraphLaunch(Enter<DriverGraph>(graph).Value, Enter<DriverStream>(stream).Value), "cuGraphLaunch");
}
