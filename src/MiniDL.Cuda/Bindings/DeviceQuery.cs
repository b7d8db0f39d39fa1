// Asks the driver what a device is and has.
//
// The one thing to understand: everything is an integer attribute; rates are in kHz, and memory moves data twice in each cycle of its clock.
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Reads the properties of a device.</summary>
internal static unsafe class DeviceQuery
{
    private const int NameBytes = 256;

    /// <summary>The properties of a device by its handle.</summary>
    public static GpuProperties Read(int device)
    {
        int Ask(DeviceAttribute attribute)
        {
            int value;
            int result = Driver.DeviceGetAttribute(&value, attribute, device);
            return result == 0 ? value : throw DriverError.Of($"cuDeviceGetAttribute({attribute})", result);
        }

        nuint bytes;
        DriverError.Check(Driver.DeviceTotalMem(&bytes, device), "cuDeviceTotalMem_v2");
        return new GpuProperties
        {
            Name = Name(device),
            Capability = (Ask(DeviceAttribute.ComputeCapabilityMajor), Ask(DeviceAttribute.ComputeCapabilityMinor)),
            Multiprocessors = Ask(DeviceAttribute.MultiprocessorCount),
            MemoryBytes = (long)bytes,
            ThreadsPerMultiprocessor = Ask(DeviceAttribute.MaxThreadsPerMultiprocessor),
            BlocksPerMultiprocessor = Ask(DeviceAttribute.MaxBlocksPerMultiprocessor),
            RegistersPerMultiprocessor = Ask(DeviceAttribute.MaxRegistersPerMultiprocessor),
            SharedBytesPerMultiprocessor = Ask(DeviceAttribute.MaxSharedMemoryPerMultiprocessor),
            SharedBytesPerBlock = Ask(DeviceAttribute.MaxSharedMemoryPerBlockOptin),
            L2Bytes = Ask(DeviceAttribute.L2CacheSize),
            ClockMHz = Ask(DeviceAttribute.ClockRate) / 1000,
            MemoryGBPerSecond = Bandwidth(Ask(DeviceAttribute.MemoryClockRate), Ask(DeviceAttribute.GlobalMemoryBusWidth)),
        };
    }

    /// <summary>GB/s = 2 transfers * clock * bytes of the bus. An A100: 2 * 1,215,000 kHz * 5,120 bits / 8 = 1,555 GB/s.</summary>
    internal static double Bandwidth(int clockKHz, int busBits) => 2.0 * clockKHz * 1e3 * (busBits / 8.0) / 1e9;

    private static string Name(int device)
    {
        byte* name = stackalloc byte[NameBytes];
        DriverError.Check(Driver.DeviceGetName(name, NameBytes, device), "cuDeviceGetName");
        var bytes = new ReadOnlySpan<byte>(name, NameBytes);
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
