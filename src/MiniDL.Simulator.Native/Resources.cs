// What lives in a context: streams with their captures, events, modules, kernels, graphs.
//
// The one thing to understand: each stands for an object of the simulator's and adds what only a driver has to know: who captures and with whose permission, when a mark was passed.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Native;

/// <summary>CUstream.</summary>
/// <param name="context">Where it lives.</param>
/// <param name="isBlocking">Whether the default stream waits for it, and it for the default stream.</param>
internal sealed class NativeStream(Context context, bool isBlocking) : IInContext
{
    public Context Context => context;

    public bool IsBlocking => isBlocking;

    /// <summary>The simulator's.</summary>
    public IGpuStream Queue { get; } = context.Gpu.CreateStream();

    /// <summary>The capture, while there is one.</summary>
    public Capture? Capture { get; set; }

    /// <summary>Refuses work if the capture it would belong to has ended by an error, or if it would have to wait for one.</summary>
    public NativeStream ForWork()
    {
        if (Capture is { IsInvalid: true }) throw new CallFailed(DriverResult.StreamCaptureInvalidated);
        if (this != context.DefaultStream || context.Capturing.Find(stream => stream.IsBlocking) is not { } waiting) return this;
        waiting.Capture!.IsInvalid = true;
        throw new CallFailed(DriverResult.StreamCaptureImplicit);
    }
}

/// <summary>How far a capture forbids other calls, as cuda.h numbers it.</summary>
internal enum CaptureMode
{
    /// <summary>To every thread.</summary>
    Global = 0,

    /// <summary>To the thread that captures.</summary>
    ThreadLocal = 1,

    /// <summary>To nobody.</summary>
    Relaxed = 2,
}

/// <summary>A capture.</summary>
/// <param name="mode">What it forbids.</param>
/// <param name="thread">The thread that began it.</param>
internal sealed class Capture(CaptureMode mode, int thread)
{
    /// <summary>True once something was done that a capture does not allow; all that is left is to end it.</summary>
    public bool IsInvalid { get; set; }

    /// <summary>Whether a thread may not do now what would not be captured.</summary>
    public bool Forbids(int caller) => mode == CaptureMode.Global || (mode == CaptureMode.ThreadLocal && caller == thread);

    /// <summary>Whether a thread may end it.</summary>
    public bool MayEnd(int caller) => mode == CaptureMode.Relaxed || caller == thread;
}

/// <summary>CUevent. Work is done when it is asked for, so a mark is passed when it is set.</summary>
/// <param name="context">Where it lives.</param>
/// <param name="isTimed">Whether it may be timed.</param>
internal sealed class NativeEvent(Context context, bool isTimed) : IInContext
{
    public Context Context => context;

    public bool IsTimed => isTimed;

    /// <summary>When it was last set, in ticks of the host's clock; null if it never was.</summary>
    public long? PassedAt { get; set; }

    /// <summary>Whether it was last set inside of a capture.</summary>
    public bool IsCaptured { get; set; }
}

/// <summary>CUmodule.</summary>
internal sealed class NativeModule(Context context, IGpuModule module) : IInContext
{
    public Context Context => context;

    public IGpuModule Code => module;

    /// <summary>Handles of its kernels by name.</summary>
    public Dictionary<string, nint> Kernels { get; } = new(StringComparer.Ordinal);
}

/// <summary>CUfunction.</summary>
internal sealed class NativeKernel(NativeModule module, SimulatedKernel kernel) : IInContext
{
    private const int SharedWithoutAsking = 48 << 10;

    public Context Context => module.Context;

    public NativeModule Module => module;

    public SimulatedKernel Kernel => kernel;

    /// <summary>The dynamic shared memory that a launch may ask for: 48 KB less what the kernel declares, unless more or less was set.</summary>
    public int MostDynamicSharedBytes { get; set; } = Math.Max(0, SharedWithoutAsking - kernel.Code.StaticSharedBytes);
}

/// <summary>CUgraph.</summary>
internal sealed class NativeGraph(Context context, IGpuGraph graph) : IInContext
{
    public Context Context => context;

    public IGpuGraph Work => graph;
}

/// <summary>CUgraphExec: the same work, allowed to be launched.</summary>
internal sealed class NativeGraphExec(Context context, IGpuGraph graph) : IInContext
{
    public Context Context => context;

    public IGpuGraph Work => graph;
}
