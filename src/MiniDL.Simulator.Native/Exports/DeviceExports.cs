// cuInit, errors, and what the device is.
//
// The one thing to understand: the numbers of attributes are part of the interface. Those below are what programs ask before they choose a launch; any other answers 0, "it has none of that".
// Source: NVIDIA, CUDA Driver API reference, CUdevice_attribute.
using System.Runtime.InteropServices;
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Native;

/// <summary>Exports: initialisation, errors, devices.</summary>
internal static unsafe class DeviceExports
{
    /// <summary>CUDA 12.4, as 1000 * major + 10 * minor.</summary>
    private const int Version = 12_040;

    private const int MostAttributes = 200;

    [UnmanagedCallersOnly(EntryPoint = "cuInit")]
    public static int Init(uint flags) => Boundary.Driver(() =>
    {
        if (flags != 0) throw new CallFailed(DriverResult.InvalidValue);
        Machine.Start();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDriverGetVersion")]
    public static int DriverGetVersion(int* version) => Boundary.Driver(() => *Out.To(version) = Version);

    [UnmanagedCallersOnly(EntryPoint = "cuGetErrorName")]
    public static int GetErrorName(int error, byte** name) => Boundary.Driver(() =>
    {
        *Out.To(name) = DriverResults.NameOf(error);
        if (*name is null) throw new CallFailed(DriverResult.InvalidValue);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGetErrorString")]
    public static int GetErrorString(int error, byte** text) => Boundary.Driver(() =>
    {
        *Out.To(text) = DriverResults.WordsOf(error);
        if (*text is null) throw new CallFailed(DriverResult.InvalidValue);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetCount")]
    public static int DeviceGetCount(int* count) => Boundary.Driver(() =>
    {
        _ = Machine.Properties;
        *Out.To(count) = 1;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGet")]
    public static int DeviceGet(int* device, int ordinal) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(ordinal);
        *Out.To(device) = ordinal;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetName")]
    public static int DeviceGetName(byte* name, int length, int device) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(device);
        if (length < 1) throw new CallFailed(DriverResult.InvalidValue);

        // Cut short where there is no room, and ended by a zero always.
        var room = new Span<byte>(Out.To(name), length);
        byte[] text = Encoding.UTF8.GetBytes($"NVIDIA {Machine.Properties.Name} (simulated)");
        int count = Math.Min(text.Length, length - 1);
        text.AsSpan(0, count).CopyTo(room);
        room[count] = 0;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceTotalMem_v2")]
    public static int DeviceTotalMem(nuint* bytes, int device) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(device);
        *Out.To(bytes) = (nuint)Machine.Properties.MemoryBytes;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceComputeCapability")]
    public static int DeviceComputeCapability(int* major, int* minor, int device) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(device);
        (*Out.To(major), *Out.To(minor)) = Machine.Properties.Capability;
    });

    /// <summary>16 bytes that name the device.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetUuid_v2")]
    public static int DeviceGetUuid(byte* uuid, int device) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(device);
        "MiniDL simulated"u8.CopyTo(new Span<byte>(Out.To(uuid), 16));
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetAttribute")]
    public static int DeviceGetAttribute(int* value, int attribute, int device) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(device);
        if (attribute is < 1 or > MostAttributes) throw new CallFailed(DriverResult.InvalidValue);
        *Out.To(value) = Attribute(attribute, Machine.Properties);
    });

    private static int Attribute(int attribute, GpuProperties gpu) => attribute switch
    {
        1 or 2 or 3 => 1024,                                // threads of a block; in x; in y
        4 => 64,                                            // in z
        5 => int.MaxValue,                                  // blocks of a grid in x
        6 or 7 => 65_535,                                   // in y, in z
        8 => 48 << 10,                                      // shared memory of a block, without asking for more
        9 => 64 << 10,                                      // constant memory
        10 => Multiprocessor.WarpSize,
        11 => int.MaxValue,                                 // bytes between rows of a copy
        12 or 82 => gpu.RegistersPerMultiprocessor,         // of a block; of a multiprocessor
        13 => gpu.ClockMHz * 1000,                          // kHz
        14 => 512,                                          // alignment of textures
        15 or 31 or 40 or 41 => 1,                          // copies beside kernels; kernels beside kernels; copy engines; one address space
        16 => gpu.Multiprocessors,
        36 => (int)(gpu.MemoryGBPerSecond * 1e6 / (2 * BusBits / 8)),
        37 => BusBits,
        38 => gpu.L2Bytes,
        39 => gpu.ThreadsPerMultiprocessor,
        75 => gpu.Capability.Major,
        76 => gpu.Capability.Minor,
        81 => gpu.SharedBytesPerMultiprocessor,
        97 => gpu.SharedBytesPerBlock,                      // of a block whose kernel asks for more
        106 => gpu.BlocksPerMultiprocessor,
        111 => Multiprocessor.Of(gpu).ReservedSharedBytes,  // of each block, kept by the system
        _ => 0,
    };

    // What is known of a device is its bandwidth. A driver tells it in factors, 2 transfers * clock * bits of the bus; the bus is made up and the clock follows.
    private const int BusBits = 1024;
}

/// <summary>Pointers that a caller gives for results.</summary>
internal static unsafe class Out
{
    /// <summary>The pointer, unless it is null.</summary>
    public static TValue* To<TValue>(TValue* pointer) where TValue : unmanaged => pointer is null ? throw new CallFailed(DriverResult.InvalidValue) : pointer;

    /// <summary>The same for pointers to strings.</summary>
    public static byte** To(byte** pointer) => pointer is null ? throw new CallFailed(DriverResult.InvalidValue) : pointer;
}
