// Capture, and graphs.
//
// The one thing to understand: whoever captures has made a promise not to do certain things meanwhile, and a driver holds a program to it. So does this one: an allocation, a wait or a load
// in between ends the capture, and the graph is lost. A program that captures without an error here has kept the rules.
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Native;

/// <summary>Exports: capture and graphs.</summary>
internal static unsafe class GraphExports
{
    // CU_STREAM_CAPTURE_STATUS_...
    private const int None = 0, Active = 1, Invalidated = 2;

    [UnmanagedCallersOnly(EntryPoint = "cuStreamBeginCapture_v2")]
    public static int BeginCapture(nint stream, int mode) => Boundary.Driver(() =>
    {
        NativeStream its = StreamExports.Stream(stream);
        if (mode is < (int)CaptureMode.Global or > (int)CaptureMode.Relaxed) throw new CallFailed(DriverResult.InvalidValue);
        if (its == its.Context.DefaultStream) throw new CallFailed(DriverResult.StreamCaptureUnsupported);
        if (its.Capture is not null) throw new CallFailed(DriverResult.IllegalState);
        its.Context.Gpu.BeginCapture(its.Queue);
        its.Capture = new Capture((CaptureMode)mode, Environment.CurrentManagedThreadId);
        its.Context.Capturing.Add(its);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamEndCapture")]
    public static int EndCapture(nint stream, nint* graph) => Boundary.Driver(() =>
    {
        NativeStream its = StreamExports.Stream(stream);
        *Out.To(graph) = 0;
        if (its.Capture is not { } capture) throw new CallFailed(DriverResult.IllegalState);
        if (!capture.MayEnd(Environment.CurrentManagedThreadId)) throw new CallFailed(DriverResult.StreamCaptureWrongThread);
        IGpuGraph work = its.Context.Gpu.EndCapture(its.Queue);
        its.Capture = null;
        its.Context.Capturing.Remove(its);
        if (capture.IsInvalid) throw new CallFailed(DriverResult.StreamCaptureInvalidated);
        *graph = Handles.Add(new NativeGraph(its.Context, work));
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamIsCapturing")]
    public static int IsCapturing(nint stream, int* status) => Boundary.Driver(() =>
        *Out.To(status) = StreamExports.Stream(stream).Capture is not { } capture ? None : capture.IsInvalid ? Invalidated : Active);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphInstantiateWithFlags")]
    public static int Instantiate(nint* executable, nint graph, ulong flags) => Boundary.Driver(() =>
    {
        NativeGraph its = Handles.Get<NativeGraph>(graph);
        *Out.To(executable) = Handles.Add(new NativeGraphExec(its.Context, its.Work));
    });

    /// <summary>Nothing needs to go to the device beforehand.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuGraphUpload")]
    public static int Upload(nint executable, nint stream) => Boundary.Driver(() =>
    {
        Handles.Get<NativeGraphExec>(executable);
        StreamExports.Stream(stream).ForWork();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphLaunch")]
    public static int Launch(nint executable, nint stream) => Boundary.Driver(() =>
    {
        NativeStream queue = StreamExports.Stream(stream).ForWork();
        NativeGraphExec its = Handles.Get<NativeGraphExec>(executable);
        if (its.Context != queue.Context) throw new CallFailed(DriverResult.InvalidContext);
        queue.Context.Gpu.Launch(its.Work, queue.Queue);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecDestroy")]
    public static int ExecDestroy(nint executable) => Boundary.Driver(() => Handles.Remove<NativeGraphExec>(executable));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphDestroy")]
    public static int Destroy(nint graph) => Boundary.Driver(() => Handles.Remove<NativeGraph>(graph));
}
