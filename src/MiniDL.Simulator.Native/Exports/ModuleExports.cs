// Modules, their kernels and variables.
//
// The one thing to understand: the simulator runs PTX. Machine code for a real GPU (a cubin, or a fat binary) is refused as a driver refuses code for another architecture, with
// CUDA_ERROR_NO_BINARY_FOR_GPU, and a caller that has the PTX too then hands in that.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Native;

/// <summary>Exports: modules and functions.</summary>
internal static unsafe class ModuleExports
{
    // CU_JIT_...: options of the loader that hand in room for text.
    private const int InfoLogBuffer = 3, ErrorLogBuffer = 5, ErrorLogBufferSizeBytes = 6;

    // The first four bytes of an ELF file, of a fat binary, and of what nvcc puts around one.
    private const uint Elf = 0x464c457f, FatBinary = 0xba55ed50, FatBinaryWrapper = 0x466243b1;

    // CU_FUNC_ATTRIBUTE_...
    private const int MostThreadsPerBlock = 0, StaticSharedBytes = 1, PtxVersion = 5, BinaryVersion = 6, MostDynamicSharedBytes = 8, SharedCarveout = 9, LastAttribute = 15;

    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoadDataEx")]
    public static int LoadDataEx(nint* module, byte* image, uint count, int* options, void** values) => Boundary.Driver(() => *Out.To(module) = Load(image, count, options, values));

    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoadData")]
    public static int LoadData(nint* module, byte* image) => Boundary.Driver(() => *Out.To(module) = Load(image, 0, null, null));

    private static nint Load(byte* image, uint count, int* options, void** values)
    {
        Context context = Machine.Current();
        context.ThrowIfCapturing();
        if (image is null || (count > 0 && (options is null || values is null))) throw new CallFailed(DriverResult.InvalidValue);

        // What the compiler says goes where the caller wants it; both texts are empty until something goes wrong.
        Span<byte> log = default;
        for (uint i = 0; i < count; i++)
        {
            if (options[i] == InfoLogBuffer && values[i] is not null) *(byte*)values[i] = 0;
            if (options[i] == ErrorLogBuffer && values[i] is not null) log = new Span<byte>(values[i], LogBytes(count, options, values));
        }
        Write("", log);

        if (IsBinary(image)) throw new CallFailed(DriverResult.NoBinaryForGpu);
        try
        {
            return Handles.Add(new NativeModule(context, Compile(context, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(image))));
        }
        catch (GpuException failure) when (log.Length > 0)
        {
            Write(failure.Advice, log);
            throw new CallFailed(DriverResults.Numbered(failure.Code));
        }
    }

    /// <summary>A driver compiles all of a module when it is loaded, so what it cannot compile shows here and not when a kernel runs.</summary>
    private static IGpuModule Compile(Context context, ReadOnlySpan<byte> ptx)
    {
        IGpuModule module = context.Gpu.LoadModule(ptx, []);
        IReadOnlyList<string> faults = SimulatedGpu.Faults(module);
        if (faults.Count == 0) return module;
        module.Dispose();
        throw new GpuException("cuModuleLoadData", "CUDA_ERROR_INVALID_PTX", string.Join('\n', faults));
    }

    /// <summary>Reads no further than a text may reach that ends early.</summary>
    private static bool IsBinary(byte* image)
    {
        for (int i = 0; i < sizeof(uint); i++) if (image[i] == 0) return false;
        return BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(image, sizeof(uint))) is Elf or FatBinary or FatBinaryWrapper;
    }

    // The value is the number itself, in the place of a pointer.
    private static int LogBytes(uint count, int* options, void** values)
    {
        for (uint i = 0; i < count; i++) if (options[i] == ErrorLogBufferSizeBytes) return (int)Math.Min((ulong)values[i], int.MaxValue);
        return 0;
    }

    private static void Write(string text, Span<byte> log)
    {
        if (log.IsEmpty) return;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int count = Math.Min(bytes.Length, log.Length - 1);
        bytes.AsSpan(0, count).CopyTo(log);
        log[count] = 0;
    }

    [UnmanagedCallersOnly(EntryPoint = "cuModuleUnload")]
    public static int Unload(nint module) => Boundary.Driver(() =>
    {
        NativeModule its = Handles.Get<NativeModule>(module);
        its.Context.ThrowIfCapturing();
        Handles.Remove<NativeModule>(module);
        foreach (nint kernel in its.Kernels.Values) Handles.Remove<NativeKernel>(kernel);
        its.Code.Dispose();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuModuleGetFunction")]
    public static int GetFunction(nint* function, nint module, byte* name) => Boundary.Driver(() =>
    {
        NativeModule its = Handles.Get<NativeModule>(module);
        string text = Name(name);
        if (!its.Kernels.TryGetValue(text, out nint handle))
            its.Kernels[text] = handle = Handles.Add(new NativeKernel(its, (SimulatedKernel)its.Context.Gpu.GetKernel(its.Code, text)));
        *Out.To(function) = handle;
    });

    /// <summary>A caller may want only one of the two.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuModuleGetGlobal_v2")]
    public static int GetGlobal(ulong* address, nuint* bytes, nint module, byte* name) => Boundary.Driver(() =>
    {
        (ulong Address, long Bytes) found = SimulatedGpu.Variable(Handles.Get<NativeModule>(module).Code, Name(name)) ?? throw new CallFailed(DriverResult.NotFound);
        if (address is not null) *address = found.Address;
        if (bytes is not null) *bytes = (nuint)found.Bytes;
    });

    private static string Name(byte* name) => Marshal.PtrToStringUTF8((nint)Out.To(name))!;

    /// <summary>Registers and local memory are 0: ptxas alone knows them.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuFuncGetAttribute")]
    public static int GetAttribute(int* value, int attribute, nint function) => Boundary.Driver(() =>
    {
        NativeKernel its = Handles.Get<NativeKernel>(function);
        (int major, int minor) = its.Context.Gpu.Properties.Capability;
        if (attribute is < 0 or > LastAttribute) throw new CallFailed(DriverResult.InvalidValue);
        *Out.To(value) = attribute switch
        {
            MostThreadsPerBlock => its.Kernel.Code.MostThreads is > 0 and int bound ? bound : Multiprocessor.MostThreadsPerBlock,
            StaticSharedBytes => its.Kernel.Code.StaticSharedBytes,
            PtxVersion or BinaryVersion => 10 * major + minor,
            MostDynamicSharedBytes => its.MostDynamicSharedBytes,
            SharedCarveout => -1,
            _ => 0,
        };
    });

    [UnmanagedCallersOnly(EntryPoint = "cuFuncSetAttribute")]
    public static int SetAttribute(nint function, int attribute, int value) => Boundary.Driver(() =>
    {
        NativeKernel its = Handles.Get<NativeKernel>(function);
        if (attribute == SharedCarveout) return;   // a hint
        int most = its.Context.Gpu.Properties.SharedBytesPerBlock - its.Kernel.Code.StaticSharedBytes;
        if (attribute != MostDynamicSharedBytes || value < 0 || value > most) throw new CallFailed(DriverResult.InvalidValue);
        its.MostDynamicSharedBytes = value;
        its.Kernel.MostDynamicSharedBytes = value;
    });

    /// <summary>Which of cache and shared memory should be larger: a hint.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuFuncSetCacheConfig")]
    public static int SetCacheConfig(nint function, int config) => Boundary.Driver(() => Handles.Get<NativeKernel>(function));
}
