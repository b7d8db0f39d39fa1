// Memory of the device and of the host, and copies.
//
// The one thing to understand: addresses of the device are checked when the call is made; addresses of the host cannot be, and one that is wrong ends the program as it would anywhere.
using System.Runtime.InteropServices;

namespace MiniDL.Simulator.Native;

/// <summary>Exports: memory.</summary>
internal static unsafe class MemoryExports
{
    [UnmanagedCallersOnly(EntryPoint = "cuMemGetInfo_v2")]
    public static int GetInfo(nuint* free, nuint* total) => Boundary.Driver(() =>
    {
        Context context = Machine.Current();
        long all = Machine.Properties.MemoryBytes;
        (*Out.To(free), *Out.To(total)) = ((nuint)(all - context.Used), (nuint)all);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemAlloc_v2")]
    public static int Alloc(ulong* address, nuint bytes) => Boundary.Driver(() => *Out.To(address) = Unless(bytes == 0).Allocate(Size(bytes)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemFree_v2")]
    public static int Free(ulong address) => Boundary.Driver(() => Unless(address == 0).Free(address));

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocHost_v2")]
    public static int AllocHost(nint* address, nuint bytes) => Boundary.Driver(() => *Out.To(address) = Unless(bytes == 0).AllocatePinned(Size(bytes)));

    /// <summary>The flags say who sees it and whether it is cached, none of which matters here.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuMemHostAlloc")]
    public static int HostAlloc(nint* address, nuint bytes, uint flags) => Boundary.Driver(() => *Out.To(address) = Unless(bytes == 0).AllocatePinned(Size(bytes)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemFreeHost")]
    public static int FreeHost(nint address) => Boundary.Driver(() => Unless(address == 0).FreePinned(address));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyHtoDAsync_v2")]
    public static int UploadAsync(ulong destination, nint source, nuint bytes, nint stream) => Boundary.Driver(() => Upload(destination, source, bytes, Stream(stream)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyHtoD_v2")]
    public static int UploadNow(ulong destination, nint source, nuint bytes) => Boundary.Driver(() => Upload(destination, source, bytes, Waiting()));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoHAsync_v2")]
    public static int DownloadAsync(nint destination, ulong source, nuint bytes, nint stream) => Boundary.Driver(() => Download(destination, source, bytes, Stream(stream)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoH_v2")]
    public static int DownloadNow(nint destination, ulong source, nuint bytes) => Boundary.Driver(() => Download(destination, source, bytes, Waiting()));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoDAsync_v2")]
    public static int CopyAsync(ulong destination, ulong source, nuint bytes, nint stream) => Boundary.Driver(() => Copy(destination, source, bytes, Stream(stream)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoD_v2")]
    public static int CopyNow(ulong destination, ulong source, nuint bytes) => Boundary.Driver(() => Copy(destination, source, bytes, Waiting()));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD8Async")]
    public static int FillBytesAsync(ulong destination, byte value, nuint count, nint stream) => Boundary.Driver(() => Fill(destination, value, count, Stream(stream)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD8_v2")]
    public static int FillBytes(ulong destination, byte value, nuint count) => Boundary.Driver(() => Fill(destination, value, count, Stream(0)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD16Async")]
    public static int FillShortsAsync(ulong destination, ushort value, nuint count, nint stream) => Boundary.Driver(() => Fill(destination, value, count, Stream(stream)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD16_v2")]
    public static int FillShorts(ulong destination, ushort value, nuint count) => Boundary.Driver(() => Fill(destination, value, count, Stream(0)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD32Async")]
    public static int FillWordsAsync(ulong destination, uint value, nuint count, nint stream) => Boundary.Driver(() => Fill(destination, value, count, Stream(stream)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD32_v2")]
    public static int FillWords(ulong destination, uint value, nuint count) => Boundary.Driver(() => Fill(destination, value, count, Stream(0)));

    /// <summary>The current context for allocating and freeing, which no capture allows; refuses what cannot be.</summary>
    private static Context Unless(bool cannotBe)
    {
        Context context = Machine.Current();
        context.ThrowIfCapturing();
        return cannotBe ? throw new CallFailed(DriverResult.InvalidValue) : context;
    }

    private static NativeStream Stream(nint stream) => StreamExports.Stream(stream).ForWork();

    /// <summary>The default stream for a copy that the host waits for, which no capture allows.</summary>
    private static NativeStream Waiting()
    {
        NativeStream stream = Stream(0);
        stream.Context.ThrowIfCapturing();
        return stream;
    }

    private static long Size(nuint bytes) => bytes <= long.MaxValue / 8 ? (long)bytes : throw new CallFailed(DriverResult.InvalidValue);

    private static void Upload(ulong destination, nint source, nuint bytes, NativeStream stream)
    {
        if (Begin("cuMemcpyHtoD", bytes, stream, source != 0, (destination, 1))) stream.Context.Gpu.Upload(destination, source, (long)bytes, stream.Queue);
    }

    private static void Download(nint destination, ulong source, nuint bytes, NativeStream stream)
    {
        if (Begin("cuMemcpyDtoH", bytes, stream, destination != 0, (source, 1))) stream.Context.Gpu.Download(destination, source, (long)bytes, stream.Queue);
    }

    private static void Copy(ulong destination, ulong source, nuint bytes, NativeStream stream)
    {
        if (Begin("cuMemcpyDtoD", bytes, stream, true, (destination, 1), (source, 1))) stream.Context.Gpu.Copy(destination, source, (long)bytes, stream.Queue);
    }

    private static void Fill<TWord>(ulong destination, TWord value, nuint count, NativeStream stream) where TWord : unmanaged
    {
        bool aligned = destination % (ulong)sizeof(TWord) == 0;
        if (Begin($"cuMemsetD{8 * sizeof(TWord)}", count, stream, aligned, (destination, sizeof(TWord)))) stream.Context.Gpu.FillWords(destination, value, (long)count, stream.Queue);
    }

    /// <summary>Checks everything that can be; false if there is nothing to do.</summary>
    private static bool Begin(string call, nuint count, NativeStream stream, bool holds, params ReadOnlySpan<(ulong Address, int UnitBytes)> ranges)
    {
        if (count == 0) return false;
        if (!holds) throw new CallFailed(DriverResult.InvalidValue);
        foreach ((ulong address, int unitBytes) in ranges) stream.Context.CheckRange(call, address, Size(count) * unitBytes);
        return true;
    }
}
