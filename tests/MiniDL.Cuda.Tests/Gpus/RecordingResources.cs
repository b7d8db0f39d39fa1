// What a recording GPU hands out besides memory: streams with their queues, events, modules, kernels, graphs.
//
// The one thing to understand: work given to a stream waits in its queue until somebody synchronises. That is the latest a real GPU may do it, so a host
// buffer that is overwritten or read too early shows in the results.
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

/// <summary>A call that no GPU would have to bear: an address out of bounds, a freed module, an allocation while a stream captures.</summary>
public sealed class GpuMisuseException(string message) : Exception(message);

/// <summary>Work in a stream or a graph: how the log tells it, and what it does when its turn comes.</summary>
internal sealed record Work(string Text, Action Run);

internal sealed class RecordedStream(RecordingGpu gpu, string name) : Recorded(gpu, name), IGpuStream
{
    public Queue<Work> Pending { get; } = [];

    /// <summary>What was noted since the capture began; null when none is on.</summary>
    public List<Work>? Captured { get; set; }
}

internal sealed class RecordedEvent(RecordingGpu gpu, string name) : Recorded(gpu, name), IGpuEvent
{
    /// <summary>The stream it was last set in.</summary>
    public RecordedStream? Stream { get; set; }

    /// <summary>How much work the GPU had done when the mark was passed; null while it lies ahead.</summary>
    public long? Passed { get; set; }
}

internal sealed class RecordedGraph(RecordingGpu gpu, string name, IReadOnlyList<Work> work) : Recorded(gpu, name), IGpuGraph
{
    public IReadOnlyList<Work> Work { get; } = work;
}

internal sealed class RecordedModule(RecordingGpu gpu, string name, string ptx) : Recorded(gpu, name), IGpuModule
{
    public Dictionary<string, PtxParameter[]> Entries { get; } = PtxEntries.Parse(ptx);
}

internal sealed record RecordedKernel(RecordedModule Module, string Name, IReadOnlyList<PtxParameter> Parameters, int DynamicSharedBytes) : IGpuKernel
{
    /// <summary>The size of its parameter block.</summary>
    public int ArgumentBytes => Parameters.Count == 0 ? 0 : Parameters[^1].Offset + Parameters[^1].Bytes;
}

/// <summary>A launch whose turn has come.</summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Shape">Its configuration.</param>
/// <param name="Arguments">Its parameter block.</param>
/// <param name="Parameters">What lies where in it.</param>
internal sealed record RecordedLaunch(string Kernel, LaunchShape Shape, byte[] Arguments, IReadOnlyList<PtxParameter> Parameters)
{
    /// <summary>The argument for a parameter: <c>launch.Argument&lt;ulong&gt;(0)</c>.</summary>
    public TValue Argument<TValue>(int parameter) where TValue : unmanaged => MemoryMarshal.Read<TValue>(Arguments.AsSpan(Parameters[parameter].Offset));
}
