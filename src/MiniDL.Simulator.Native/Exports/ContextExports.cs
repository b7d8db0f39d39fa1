// Contexts: the primary one, those of a program's own, and which one a thread's calls mean.
using System.Runtime.InteropServices;

namespace MiniDL.Simulator.Native;

/// <summary>Exports: contexts.</summary>
internal static unsafe class ContextExports
{
    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxRetain")]
    public static int PrimaryRetain(nint* context, int device) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(device);
        *Out.To(context) = Machine.RetainPrimary().Handle;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    public static int PrimaryRelease(int device) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(device);
        Machine.ReleasePrimary();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxReset_v2")]
    public static int PrimaryReset(int device) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(device);
        Machine.ResetPrimary();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxSetFlags_v2")]
    public static int PrimarySetFlags(int device, uint flags) => Boundary.Driver(() => Machine.CheckDevice(device));

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxGetState")]
    public static int PrimaryGetState(int device, uint* flags, int* active) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(device);
        (*Out.To(flags), *Out.To(active)) = (0, Machine.IsPrimaryActive ? 1 : 0);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxCreate_v2")]
    public static int Create(nint* context, uint flags, int device) => Boundary.Driver(() =>
    {
        Machine.CheckDevice(device);
        Out.To(context);
        *context = Machine.CreateContext().Handle;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxDestroy_v2")]
    public static int Destroy(nint context) => Boundary.Driver(() =>
    {
        Context its = Get(context);
        if (its.IsPrimary) throw new CallFailed(DriverResult.InvalidContext);
        if (Machine.CurrentOrNone == its) Machine.Contexts.Pop();
        its.Dispose();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetCurrent")]
    public static int SetCurrent(nint context) => Boundary.Driver(() => Machine.SetCurrent(context == 0 ? null : Get(context)));

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetCurrent")]
    public static int GetCurrent(nint* context) => Boundary.Driver(() => *Out.To(context) = Machine.CurrentOrNone?.Handle ?? 0);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxPushCurrent_v2")]
    public static int PushCurrent(nint context) => Boundary.Driver(() => Machine.Contexts.Push(Get(context)));

    /// <summary>The caller need not want to know what was current.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuCtxPopCurrent_v2")]
    public static int PopCurrent(nint* context) => Boundary.Driver(() =>
    {
        if (!Machine.Contexts.TryPop(out Context? was)) throw new CallFailed(DriverResult.InvalidContext);
        if (context is not null) *context = was.Handle;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetDevice")]
    public static int GetDevice(int* device) => Boundary.Driver(() =>
    {
        if (Machine.CurrentOrNone is null) throw new CallFailed(DriverResult.InvalidContext);
        *Out.To(device) = Machine.Device;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetApiVersion")]
    public static int GetApiVersion(nint context, uint* version) => Boundary.Driver(() => *Out.To(version) = 3020);   // of all contexts since CUDA 3.2

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSynchronize")]
    public static int Synchronize() => Boundary.Driver(() => Machine.Current().ThrowIfCapturing());

    private static Context Get(nint context) => Handles.Find<Context>(context) ?? throw new CallFailed(DriverResult.InvalidContext);
}
