// A real NVIDIA GPU behind the seam, over the packages ManagedCuda-12 and ManagedCuda-CUBLAS. This file: opening it, memory, copies, modules and kernels.
//
// The twin of DriverGpu, method by method, for comparing a ready-made wrapper with a hand-written one. The one thing to understand: ManagedCuda has two layers. Where its objects
// (PrimaryContext, CudaDeviceVariable, CudaStream, CudaEvent) have what is wanted they are used; what only its native layer has is called there: kernels with a
// packed parameter block, stream capture, GemmEx.
using System.Text;
using ManagedCuda;
using ManagedCuda.BasicTypes;
using MiniDL.Gpu;
using Native = ManagedCuda.DriverAPINativeMethods;

namespace MiniDL.Cuda.ManagedCuda;

/// <summary>A GPU of this machine through ManagedCuda. One thread at a time, not always the same. What it hands out must be disposed of before it.</summary>
/// <example><code>using IGpu gpu = ManagedCudaGpu.Open();</code></example>
public sealed unsafe partial class ManagedCudaGpu : IGpu
{
    private const int LogBytes = 16 << 10;

    private readonly PrimaryContext _context;
    private bool _isDisposed;

    private ManagedCudaGpu(PrimaryContext context)
    {
        _context = context;
        Properties = ReadProperties(context.Device);
    }

    /// <inheritdoc/>
    public GpuProperties Properties { get; }

    /// <summary>Opens a GPU by its number.</summary>
    /// <param name="device">The number, from 0, in the driver's order.</param>
    /// <exception cref="MissingLibraryException">There is no driver.</exception>
    /// <exception cref="GpuException">There is no such GPU, or the driver does not start.</exception>
    public static ManagedCudaGpu Open(int device = 0)
    {
        NativeLibraries.Driver();
        VersionedLibraries.Answer();
        return new ManagedCudaGpu(Try($"PrimaryContext({device})", () => new PrimaryContext(device)));
    }

    /// <inheritdoc/>
    public IGpuMemory Allocate(long bytes) => new ManagedMemory(this, AllocateDevice(bytes), bytes);

    private CudaDeviceVariable<byte> AllocateDevice(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        MakeCurrent();
        return Try($"CudaDeviceVariable({bytes:N0} bytes)", () => new CudaDeviceVariable<byte>(Math.Max(bytes, 1)), FreeMemory);
    }

    private static string FreeMemory()
    {
        (var free, var total) = (new SizeT(), new SizeT());
        return Native.MemoryManagement.cuMemGetInfo_v2(ref free, ref total) == CUResult.Success ? $"{(ulong)free:N0} of the device's {(ulong)total:N0} bytes are free; " : "";
    }

    /// <inheritdoc/>
    public IPinnedMemory AllocatePinned(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        MakeCurrent();
        return new ManagedPinnedMemory(this, Try($"CudaPageLockedHostMemory({bytes:N0} bytes)", () => new CudaPageLockedHostMemory<byte>(Math.Max(bytes, 1))), bytes);
    }

    /// <inheritdoc/>
    public void Upload(ulong destination, nint source, long bytes, IGpuStream stream)
    {
        CUstream own = Enter<ManagedStream>(stream).Stream.Stream;
        if (bytes > 0) Check(Native.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(At(destination), source, bytes, own), "cuMemcpyHtoDAsync_v2");
    }

    /// <inheritdoc/>
    public void Download(nint destination, ulong source, long bytes, IGpuStream stream)
    {
        CUstream own = Enter<ManagedStream>(stream).Stream.Stream;
        if (bytes > 0) Check(Native.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(destination, At(source), bytes, own), "cuMemcpyDtoHAsync_v2");
    }

    /// <inheritdoc/>
    public void Copy(ulong destination, ulong source, long bytes, IGpuStream stream)
    {
        CUstream own = Enter<ManagedStream>(stream).Stream.Stream;
        if (bytes > 0) Check(Native.AsynchronousMemcpy_v2.cuMemcpyDtoDAsync_v2(At(destination), At(source), bytes, own), "cuMemcpyDtoDAsync_v2");
    }

    /// <inheritdoc/>
    public void Fill(ulong destination, byte value, long bytes, IGpuStream stream)
    {
        CUstream own = Enter<ManagedStream>(stream).Stream.Stream;
        if (bytes > 0) Check(Native.MemsetAsync.cuMemsetD8Async(At(destination), value, bytes, own), "cuMemsetD8Async");
    }

    /// <inheritdoc/>
    public IGpuModule LoadModule(ReadOnlySpan<byte> ptx, ReadOnlySpan<byte> cubin)
    {
        MakeCurrent();
        if (cubin.IsEmpty) return Load(ptx, "PTX");
        try
        {
            return Load(cubin, "cubin");
        }
        catch (GpuException other) when (other.Code == "CUDA_ERROR_NO_BINARY_FOR_GPU" && !ptx.IsEmpty)
        {
            // A cubin is for one architecture; see DriverGpu.
            return Load(ptx, "PTX");
        }
    }

    private ManagedModule Load(ReadOnlySpan<byte> image, string what)
    {
        byte[] code = image.ToArray(), log = new byte[LogBytes];
        try
        {
            // Despite its name this is cuModuleLoadDataEx, which takes both.
            CUmodule module = _context.LoadModulePTX(code, [CUJITOption.ErrorLogBuffer, CUJITOption.ErrorLogBufferSizeBytes], [log, (uint)log.Length]);
            return new ManagedModule(this, _context, module);
        }
        catch (CudaException failure)
        {
            string said = Encoding.UTF8.GetString(log.AsSpan(0, log.AsSpan().IndexOf((byte)0))).Trim();
            throw DriverError.Of($"cuModuleLoadDataEx({what} of {code.Length:N0} bytes, {Properties.Architecture})", (int)failure.CudaError, said.Length > 0 ? said + "\n" : "");
        }
    }

    /// <inheritdoc/>
    public IGpuKernel GetKernel(IGpuModule module, string name, int dynamicSharedBytes = 0)
    {
        ManagedModule own = Enter<ManagedModule>(module);
        var function = new CUfunction();
        CUResult found = Native.ModuleManagement.cuModuleGetFunction(ref function, own.Module, name);
        if (found != CUResult.Success) throw DriverError.NoKernel(name, (int)found);

        // Raised where it must be, never lowered; see DriverGpu.
        int most = 0;
        Check(Native.FunctionManagement.cuFuncGetAttribute(ref most, CUFunctionAttribute.MaxDynamicSharedSizeBytes, function), "cuFuncGetAttribute", name);
        if (dynamicSharedBytes > most)
            Check(Native.FunctionManagement.cuFuncSetAttribute(function, CUFunctionAttribute.MaxDynamicSharedSizeBytes, dynamicSharedBytes), "cuFuncSetAttribute", $"{name}, {dynamicSharedBytes:N0} bytes of dynamic shared memory");
        return new ManagedKernel(own, function, name);
    }

    /// <summary>Lets go of the context. What was not disposed of before is lost with it.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _context.Dispose();
    }

    /// <summary>Throws unless a call of the native layer succeeded.</summary>
    internal static void Check(CUResult result, string call, string arguments = "")
    {
        if (result != CUResult.Success) throw DriverError.Of(arguments.Length > 0 ? $"{call}({arguments})" : call, (int)result);
    }

    /// <summary>Makes the context current for freeing; false if it is gone, and with it everything in it.</summary>
    internal bool MakeCurrentToFree() => !_isDisposed && Native.ContextManagement.cuCtxSetCurrent(_context.Context) == CUResult.Success;

    private void MakeCurrent()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        Check(Native.ContextManagement.cuCtxSetCurrent(_context.Context), "cuCtxSetCurrent");
    }

    private TResource Enter<TResource>(object resource) where TResource : ManagedResource
    {
        if (resource is not TResource own || own.Gpu != this) throw Foreign(resource);
        ObjectDisposedException.ThrowIf(own.IsDisposed, own);
        MakeCurrent();
        return own;
    }

    private static ArgumentException Foreign(object? resource) => new($"{(resource is null ? "null" : $"this {resource.GetType().Name}")} was not made by this GPU; each GPU takes only what it handed out itself");

    private static CUdeviceptr At(ulong address) => new((SizeT)address);

    /// <summary>A call of ManagedCuda's objects, which throw its own exception.</summary>
    private static TResult Try<TResult>(string call, Func<TResult> make, Func<string>? more = null)
    {
        try
        {
            return make();
        }
        catch (CudaException failure)
        {
            throw DriverError.Of(call, (int)failure.CudaError, more?.Invoke() ?? "");
        }
    }

    private static GpuProperties ReadProperties(CUdevice device)
    {
        int Ask(CUDeviceAttribute attribute)
        {
            int value = 0;
            Check(Native.DeviceManagement.cuDeviceGetAttribute(ref value, attribute, device), "cuDeviceGetAttribute", attribute.ToString());
            return value;
        }

        byte[] name = new byte[256];
        var bytes = new SizeT();
        Check(Native.DeviceManagement.cuDeviceGetName(name, name.Length, device), "cuDeviceGetName");
        Check(Native.DeviceManagement.cuDeviceTotalMem_v2(ref bytes, device), "cuDeviceTotalMem_v2");
        return new GpuProperties
        {
            Name = Encoding.UTF8.GetString(name).TrimEnd('\0'),
            Capability = (Ask(CUDeviceAttribute.ComputeCapabilityMajor), Ask(CUDeviceAttribute.ComputeCapabilityMinor)),
            Multiprocessors = Ask(CUDeviceAttribute.MultiProcessorCount),
            MemoryBytes = bytes,
            ThreadsPerMultiprocessor = Ask(CUDeviceAttribute.MaxThreadsPerMultiProcessor),
            BlocksPerMultiprocessor = Ask(CUDeviceAttribute.MaxBlocksPerMultiProcessor),
            RegistersPerMultiprocessor = Ask(CUDeviceAttribute.MaxRegistersPerMultiprocessor),
            SharedBytesPerMultiprocessor = Ask(CUDeviceAttribute.MaxSharedMemoryPerMultiprocessor),
            SharedBytesPerBlock = Ask(CUDeviceAttribute.MaxSharedMemoryPerBlockOptin),
            L2Bytes = Ask(CUDeviceAttribute.L2CacheSize),
            ClockMHz = Ask(CUDeviceAttribute.ClockRate) / 1000,
            MemoryGBPerSecond = DeviceQuery.Bandwidth(Ask(CUDeviceAttribute.MemoryClockRate), Ask(CUDeviceAttribute.GlobalMemoryBusWidth)),
        };
    }
}
