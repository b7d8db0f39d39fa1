// Streams and events.
//
// The one thing to understand: the simulator does its work when it is asked for it. So a stream is always done, a mark is passed as soon as it is set, and waiting only asks whether a kernel has
// failed. Times between marks are the host's: how long the simulation took, not a GPU.
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MiniDL.Simulator.Native;

/// <summary>Exports: streams and events.</summary>
internal static unsafe class StreamExports
{
    // Streams that need not be created: none named, the legacy one, and the one of each thread, all taken for the default stream.
    private const nint LastSpecialStream = 2;

    private const uint NonBlocking = 1, DisableTiming = 2;

    /// <summary>The stream that a handle means, for use.</summary>
    public static NativeStream Stream(nint stream)
    {
        if (stream is >= 0 and <= LastSpecialStream) return Machine.Current().DefaultStream;
        NativeStream found = Handles.Get<NativeStream>(stream);
        found.Context.ThrowIfUnusable();
        return found;
    }

    [UnmanagedCallersOnly(EntryPoint = "cuStreamCreate")]
    public static int Create(nint* stream, uint flags) => Boundary.Driver(() => *Out.To(stream) = New(flags));

    /// <summary>All streams have the same priority.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuStreamCreateWithPriority")]
    public static int CreateWithPriority(nint* stream, uint flags, int priority) => Boundary.Driver(() => *Out.To(stream) = New(flags));

    private static nint New(uint flags) => flags <= NonBlocking
        ? Handles.Add(new NativeStream(Machine.Current(), isBlocking: flags != NonBlocking))
        : throw new CallFailed(DriverResult.InvalidValue);

    [UnmanagedCallersOnly(EntryPoint = "cuStreamDestroy_v2")]
    public static int Destroy(nint stream) => Boundary.Driver(() =>
    {
        NativeStream its = Handles.Remove<NativeStream>(stream);
        its.Context.Capturing.Remove(its);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamSynchronize")]
    public static int Synchronize(nint stream) => Boundary.Driver(() => Wait(Stream(stream)));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamQuery")]
    public static int Query(nint stream) => Boundary.Driver(() => Wait(Stream(stream)));

    /// <summary>A stream that captures does nothing that could be waited for; trying to ends the capture.</summary>
    private static void Wait(NativeStream stream)
    {
        if (stream.Capture is null) return;
        stream.Capture.IsInvalid = true;
        throw new CallFailed(DriverResult.StreamCaptureUnsupported);
    }

    /// <summary>Work is done in the order of the calls, whatever the stream, so there is nothing to add. A capture of several streams is not supported.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuStreamWaitEvent")]
    public static int WaitEvent(nint stream, nint mark, uint flags) => Boundary.Driver(() =>
    {
        NativeStream its = Stream(stream);
        if (Handles.Get<NativeEvent>(mark).IsCaptured && its.Capture is null)
            throw new CallFailed(DriverResult.NotSupported, "cuStreamWaitEvent: the event was recorded in a capture, which would go on in this stream; the simulated driver captures one stream at a time");
    });

    [UnmanagedCallersOnly(EntryPoint = "cuEventCreate")]
    public static int EventCreate(nint* mark, uint flags) => Boundary.Driver(() => *Out.To(mark) = Handles.Add(new NativeEvent(Machine.Current(), isTimed: (flags & DisableTiming) == 0)));

    [UnmanagedCallersOnly(EntryPoint = "cuEventDestroy_v2")]
    public static int EventDestroy(nint mark) => Boundary.Driver(() => Handles.Remove<NativeEvent>(mark));

    [UnmanagedCallersOnly(EntryPoint = "cuEventRecord")]
    public static int EventRecord(nint mark, nint stream) => Boundary.Driver(() =>
    {
        NativeStream queue = Stream(stream).ForWork();
        NativeEvent its = Handles.Get<NativeEvent>(mark);
        if (its.Context != queue.Context) throw new CallFailed(DriverResult.InvalidHandle);
        (its.IsCaptured, its.PassedAt) = queue.Capture is null ? (false, (long?)Stopwatch.GetTimestamp()) : (true, null);
    });

    /// <summary>A mark that was never set is passed, says the reference.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuEventSynchronize")]
    public static int EventSynchronize(nint mark) => Boundary.Driver(() => Usable(mark));

    [UnmanagedCallersOnly(EntryPoint = "cuEventQuery")]
    public static int EventQuery(nint mark) => Boundary.Driver(() => Usable(mark));

    [UnmanagedCallersOnly(EntryPoint = "cuEventElapsedTime")]
    public static int EventElapsedTime(float* milliseconds, nint from, nint to) => Boundary.Driver(() =>
    {
        (NativeEvent first, NativeEvent second) = (Usable(from), Usable(to));
        if (!first.IsTimed || !second.IsTimed || first.PassedAt is not { } start || second.PassedAt is not { } end) throw new CallFailed(DriverResult.InvalidHandle);
        *Out.To(milliseconds) = (float)((end - start) * 1e3 / Stopwatch.Frequency);
    });

    private static NativeEvent Usable(nint mark)
    {
        NativeEvent its = Handles.Get<NativeEvent>(mark);
        its.Context.ThrowIfUnusable();
        return its.IsCaptured ? throw new CallFailed(DriverResult.CapturedEvent) : its;
    }
}
