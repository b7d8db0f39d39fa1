// A real NVIDIA GPU behind the seam, over the CUDA driver API and cuBLAS. This file: opening it, memory, copies, modules and kernels.
//
// Last station of the pipeline (run): CudaDevice plans and compiles, and hands the results to an IGpu; this is the one that has hardware under it. The one thing to
// understand: nearly every method is one call of the driver, checked; what the call needs is in handles and on the stack, so that a launch allocates nothing.
using System.Runtime.CompilerServices;
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>A GPU of this machine. One thread at a time, not always the same.</summary>
/// <example><code>
/// using DriverGpu gpu = DriverGpu.Open();
/// Console.WriteLine(gpu.Properties.Name);
/// </code></example>
public sealed unsafe partial class DriverGpu : IGpu
{
    private const int LogBytes = 16 << 10;   // for what the driver's compiler says of PTX it refuses

    private readonly ContextHandle _context;

    private DriverGpu(ContextHandle context, GpuProperties properties) => (_context, Properties) = (context, properties);

    /// <inheritdoc/>
    public GpuProperties Properties { get; }

    /// <summary>Opens a GPU by its number. cuBLAS is not looked for yet; see <see cref="EnsureGemm"/>.</summary>
    /// <param name="device">The number, from 0, in the driver's order (<c>CUDA_VISIBLE_DEVICES</c> changes it).</param>
    /// <exception cref="MissingLibraryException">There is no driver.</exception>
    /// <exception cref="GpuException">There is no such GPU, or the driver does not start.</exception>
    public static DriverGpu Open(int device = 0)
    {
        int count = DeviceCount(), handle;
        if (device < 0 || device >= count)
            throw new GpuException($"cuDeviceGet({device})", "CUDA_ERROR_INVALID_DEVICE", count == 1 ? "This machine has one GPU, number 0" : $"This machine's {count} GPUs have the numbers 0 to {count - 1}");
        DriverError.Check(Driver.DeviceGet(&handle, device), "cuDeviceGet");
        GpuProperties properties = DeviceQuery.Read(handle);
        return new DriverGpu(new ContextHandle(handle), properties);
    }

    /// <summary>How many GPUs the driver sees; at least 1.</summary>
    /// <exception cref="MissingLibraryException">There is no driver.</exception>
    /// <exception cref="GpuException">It sees none, or does not start.</exception>
    public static int DeviceCount()
    {
        NativeLibraries.Driver();
        int count;
        DriverError.Check(Driver.Init(0), "cuInit");
        DriverError.Check(Driver.DeviceGetCount(&count), "cuDeviceGetCount");
        return count > 0 ? count : throw DriverError.Of("cuDeviceGetCount", (int)DriverResult.NoDevice);
    }

    /// <summary>The newest CUDA version that the driver knows, such as (12, 4).</summary>
    /// <exception cref="MissingLibraryException">There is no driver.</exception>
    public static (int Major, int Minor) DriverVersion()
    {
        NativeLibraries.Driver();
        int version;
        DriverError.Check(Driver.DriverGetVersion(&version), "cuDriverGetVersion");
        return (version / 1000, version % 1000 / 10);
    }

    /// <inheritdoc/>
    public IGpuMemory Allocate(long bytes) => AllocateDevice(bytes);

    private DriverMemory AllocateDevice(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        _context.MakeCurrent();

        // The driver refuses 0 bytes. It aligns to 512 bytes or more, the seam promises 256.
        ulong address;
        int result = Driver.MemAlloc(&address, (nuint)Math.Max(bytes, 1));
        return result == 0 ? new DriverMemory(_context, address, bytes) : throw DriverError.Of($"cuMemAlloc_v2({bytes:N0} bytes)", result, FreeMemory());
    }

    /// <inheritdoc/>
    public IPinnedMemory AllocatePinned(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        _context.MakeCurrent();
        nint address;
        int result = Driver.MemAllocHost(&address, (nuint)Math.Max(bytes, 1));
        return result == 0 ? new DriverPinnedMemory(_context, address, bytes) : throw DriverError.Of($"cuMemAllocHost_v2({bytes:N0} bytes)", result);
    }

    private static string FreeMemory()
    {
        nuint free, total;
        return Driver.MemGetInfo(&free, &total) == 0 ? $"{free:N0} of the device's {total:N0} bytes are free; " : "";
    }

    /// <inheritdoc/>
    public void Upload(ulong destination, nint source, long bytes, IGpuStream stream)
    {
        DriverStream own = Enter<DriverStream>(stream);
        if (bytes > 0) DriverError.Check(Driver.MemcpyHtoDAsync(destination, source, (nuint)bytes, own.Value), "cuMemcpyHtoDAsync_v2");
    }

    /// <inheritdoc/>
    public void Download(nint destination, ulong source, long bytes, IGpuStream stream)
    {
        DriverStream own = Enter<DriverStream>(stream);
        if (bytes > 0) DriverError.Check(Driver.MemcpyDtoHAsync(destination, source, (nuint)bytes, own.Value), "cuMemcpyDtoHAsync_v2");
    }

    /// <inheritdoc/>
    public void Copy(ulong destination, ulong source, long bytes, IGpuStream stream)
    {
        DriverStream own = Enter<DriverStream>(stream);
        if (bytes > 0) DriverError.Check(Driver.MemcpyDtoDAsync(destination, source, (nuint)bytes, own.Value), "cuMemcpyDtoDAsync_v2");
    }

    /// <inheritdoc/>
    public void Fill(ulong destination, byte value, long bytes, IGpuStream stream)
    {
        DriverStream own = Enter<DriverStream>(stream);
        if (bytes > 0) DriverError.Check(Driver.MemsetD8Async(destination, value, (nuint)bytes, own.Value), "cuMemsetD8Async");
    }

    /// <inheritdoc/>
    public IGpuModule LoadModule(ReadOnlySpan<byte> ptx, ReadOnlySpan<byte> cubin)
    {
        _context.MakeCurrent();

        // A cubin is for one architecture. Whatever has another, a card that is not the one that was compiled for or the simulated driver, which runs PTX, says so and takes the PTX.
        byte[] log = new byte[LogBytes];
        ReadOnlySpan<byte> code = cubin.IsEmpty ? ptx : cubin;
        int result = LoadImage(code, log, out nint module);
        if (result == (int)DriverResult.NoBinaryForGpu && !cubin.IsEmpty && !ptx.IsEmpty)
        {
            code = ptx;
            result = LoadImage(code, log, out module);
        }
        if (result == 0) return new DriverModule(_context, module);
        string said = Encoding.UTF8.GetString(log.AsSpan(0, log.AsSpan().IndexOf((byte)0))).Trim();
        throw DriverError.Of($"cuModuleLoadDataEx({(code == ptx ? "PTX" : "cubin")} of {code.Length:N0} bytes, {Properties.Architecture})", result, said.Length > 0 ? said + "\n" : "");
    }

    private static int LoadImage(ReadOnlySpan<byte> code, byte[] log, out nint module)
    {
        // PTX is text and ends with a zero; a cubin knows its own size, and the extra byte does no harm.
        byte[] image = new byte[code.Length + 1];
        code.CopyTo(image);

        // The value of an option is a pointer, or a number that is put where a pointer would be.
        JitOption* options = stackalloc JitOption[] { JitOption.ErrorLogBuffer, JitOption.ErrorLogBufferSizeBytes };
        fixed (byte* imageStart = image, logStart = log)
        {
            void** values = stackalloc void*[] { logStart, (void*)LogBytes };
            nint loaded = 0;
            int result = Driver.ModuleLoadDataEx(&loaded, imageStart, 2, options, values);
            module = loaded;
            return result;
        }
    }

    /// <inheritdoc/>
    public IGpuKernel GetKernel(IGpuModule module, string name, int dynamicSharedBytes = 0)
    {
        ArgumentNullException.ThrowIfNull(name);
        DriverModule own = Enter<DriverModule>(module);
        nint function;
        int result;
        fixed (byte* start = Encoding.UTF8.GetBytes(name + '\0')) result = Driver.ModuleGetFunction(&function, own.Value, start);
        if (result != 0) throw DriverError.NoKernel(name, result);

        // What a launch may ask for without this is 48 KB less what the kernel declares. It is only ever raised: another holder of the kernel may want more.
        int most;
        DriverError.Check(Driver.FuncGetAttribute(&most, FunctionAttribute.MaxDynamicSharedSizeBytes, function), "cuFuncGetAttribute");
        if (dynamicSharedBytes > most)
        {
            result = Driver.FuncSetAttribute(function, FunctionAttribute.MaxDynamicSharedSizeBytes, dynamicSharedBytes);
            if (result != 0) throw DriverError.Of($"cuFuncSetAttribute({name}, {dynamicSharedBytes:N0} bytes of dynamic shared memory)", result, $"A block of this device has at most {Properties.SharedBytesPerBlock:N0}; ");
        }
        return new DriverKernel(own, function, name);
    }

    /// <summary>Lets go of the context, which lives on until the last handle that this GPU gave out is disposed of.</summary>
    public void Dispose() => _context.Dispose();

    /// <summary>Makes this GPU the calling thread's, and what the caller handed in this binding's own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private THandle Enter<THandle>(object handle) where THandle : DriverHandle
    {
        if (handle is not THandle own || own.Context != _context) throw Foreign(handle);
        _context.MakeCurrent();
        return own;
    }

    private static ArgumentException Foreign(object? handle) => new($"{(handle is null ? "null" : $"this {handle.GetType().Name}")} was not made by this GPU; each GPU takes only what it handed out itself");
}
