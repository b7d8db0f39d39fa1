// A GPU that does nothing but keep accounts: every call becomes a line, every argument is checked, memory really holds bytes.
//
// Tests of the executor run on it and then ask: was each pointer, size and stream right, was nothing allocated during capture, was everything given back?
// The one thing to understand: kernels are not run. A test that wants effects gives OnLaunch or OnGemm; copies and fills really happen, when the
// stream is synchronised and not before.
using System.Runtime.InteropServices;
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

/// <summary>Records and checks. Memory is m0, m1, ..., pinned memory h0, streams s0, events e0, modules c0, graphs g0 in the order they were made.</summary>
/// <example><code>
/// using var gpu = new RecordingGpu();
/// ...
/// Assert.That(gpu.Log, Does.Contain("upload m0+0 &lt;- h0+0, 4096 bytes on s0"));
/// Assert.That(gpu.Leaks, Is.Empty);
/// </code></example>
internal sealed unsafe partial class RecordingGpu : IGpu
{
    private readonly List<string> _log = [];
    private readonly List<Recorded> _made = [];
    private readonly AddressSpace _space = new();
    private long _done;

    /// <summary>Each call, in order; those that a stream captured are indented.</summary>
    public IReadOnlyList<string> Log => _log;

    /// <summary>The log as one text, for golden files.</summary>
    public string Text => string.Concat(_log.Select(line => line + "\n"));

    /// <summary>What was made and not disposed of; once this GPU is disposed of itself, what had not been by then.</summary>
    public IReadOnlyList<string> Leaks => _leaks ?? [.. _made.Where(thing => !thing.IsDisposed).Select(thing => thing.Name)];

    /// <summary>Called for each kernel when its turn comes, also those of graphs.</summary>
    public Action<RecordedLaunch>? OnLaunch { get; set; }

    /// <summary>Called for each product when its turn comes.</summary>
    public Action<GemmCall>? OnGemm { get; set; }

    /// <summary>Given the line of each call before it is done; what it returns is thrown, as if the driver had refused the call.</summary>
    public Func<string, GpuException?>? Refuse { get; set; }

    /// <inheritdoc/>
    public GpuProperties Properties { get; init; } = new()
    {
        Name = "Recording GPU",
        Capability = (8, 0),
        Multiprocessors = 108,
        MemoryBytes = 40L << 30,
        ThreadsPerMultiprocessor = 2048,
        BlocksPerMultiprocessor = 32,
        SharedBytesPerMultiprocessor = 164 << 10,
        SharedBytesPerBlock = 163 << 10,
        L2Bytes = 40 << 20,
        IsSimulated = true,
    };

    /// <summary>The contents of device memory at an address, to look at or to change.</summary>
    public Span<TValue> Contents<TValue>(ulong address, int count) where TValue : unmanaged
    {
        long bytes = (long)count * sizeof(TValue);
        return MemoryMarshal.Cast<byte, TValue>(_space.Find<RecordedDeviceMemory>(address, bytes, "contents").Span(address, bytes));
    }

    /// <inheritdoc/>
    public IGpuMemory Allocate(long bytes)
    {
        string name = Name<RecordedDeviceMemory>("m");
        Call($"allocate {bytes} bytes -> {name}", mayCapture: false);
        if (bytes < 0) throw new GpuMisuseException($"an allocation of {bytes} bytes");
        return Made(new RecordedDeviceMemory(this, name, _space.Reserve(bytes), bytes));
    }

    /// <inheritdoc/>
    public IPinnedMemory AllocatePinned(long bytes)
    {
        string name = Name<RecordedPinnedMemory>("h");
        Call($"allocate pinned {bytes} bytes -> {name}", mayCapture: false);
        if (bytes < 0) throw new GpuMisuseException($"an allocation of {bytes} bytes");
        return Made(new RecordedPinnedMemory(this, name, bytes));
    }

    /// <inheritdoc/>
    public void Upload(ulong destination, nint source, long bytes, IGpuStream stream) =>
        Give(stream, $"upload {Tell(destination)} <- {Tell((ulong)source)}, {bytes} bytes", what => Move<RecordedDeviceMemory, RecordedPinnedMemory>(what, destination, (ulong)source, bytes));

    /// <inheritdoc/>
    public void Download(nint destination, ulong source, long bytes, IGpuStream stream) =>
        Give(stream, $"download {Tell((ulong)destination)} <- {Tell(source)}, {bytes} bytes", what => Move<RecordedPinnedMemory, RecordedDeviceMemory>(what, (ulong)destination, source, bytes));

    /// <inheritdoc/>
    public void Copy(ulong destination, ulong source, long bytes, IGpuStream stream)
    {
        if (destination < source + (ulong)bytes && source < destination + (ulong)bytes && bytes > 0)
            throw new GpuMisuseException($"copy of {bytes} bytes: {Tell(destination)} and {Tell(source)} overlap");
        Give(stream, $"copy {Tell(destination)} <- {Tell(source)}, {bytes} bytes", what => Move<RecordedDeviceMemory, RecordedDeviceMemory>(what, destination, source, bytes));
    }

    /// <inheritdoc/>
    public void Fill(ulong destination, byte value, long bytes, IGpuStream stream) =>
        Give(stream, $"fill {Tell(destination)} with {value}, {bytes} bytes", what =>
        {
            RecordedDeviceMemory memory = _space.Find<RecordedDeviceMemory>(destination, bytes, what);
            return () => memory.Span(destination, bytes).Fill(value);
        });

    /// <inheritdoc/>
    public IGpuModule LoadModule(ReadOnlySpan<byte> ptx, ReadOnlySpan<byte> cubin)
    {
        string name = Name<RecordedModule>("c"), text = Encoding.UTF8.GetString(ptx);
        var module = new RecordedModule(this, name, text);
        Call($"load module ({string.Join(", ", module.Entries.Keys)}){(cubin.IsEmpty ? "" : " with cubin")} -> {name}", mayCapture: false);
        return Made(module);
    }

    /// <inheritdoc/>
    public IGpuKernel GetKernel(IGpuModule module, string name, int dynamicSharedBytes = 0)
    {
        RecordedModule owner = Own<RecordedModule>(module);
        Call($"get kernel {name} of {owner}{(dynamicSharedBytes > 0 ? $", {dynamicSharedBytes} bytes shared" : "")}", mayCapture: true);
        if (dynamicSharedBytes > Properties.SharedBytesPerBlock)
            throw new GpuMisuseException($"{name} wants {dynamicSharedBytes} bytes of shared memory, a block has {Properties.SharedBytesPerBlock}");
        return owner.Entries.TryGetValue(name, out PtxParameter[]? parameters) ? new RecordedKernel(owner, name, parameters, dynamicSharedBytes)
            : throw new GpuException("cuModuleGetFunction", "CUDA_ERROR_NOT_FOUND", $"the module has no kernel {name}; it has {string.Join(", ", owner.Entries.Keys)}");
    }

    /// <inheritdoc/>
    public IGpuStream CreateStream()
    {
        string name = Name<RecordedStream>("s");
        Call($"create stream -> {name}", mayCapture: true);
        return Made(new RecordedStream(this, name));
    }

    /// <inheritdoc/>
    public void Synchronize(IGpuStream stream)
    {
        RecordedStream own = Own<RecordedStream>(stream);
        Call($"synchronize {own}", mayCapture: false);
        Drain(own);
    }

    /// <inheritdoc/>
    public IGpuEvent CreateEvent()
    {
        string name = Name<RecordedEvent>("e");
        Call($"create event -> {name}", mayCapture: true);
        return Made(new RecordedEvent(this, name));
    }

    /// <inheritdoc/>
    public void Record(IGpuEvent mark, IGpuStream stream)
    {
        RecordedEvent own = Own<RecordedEvent>(mark);
        (own.Stream, own.Passed) = (Own<RecordedStream>(stream), null);
        Give(stream, $"record {own}", _ => () => own.Passed = _done);
    }

    /// <inheritdoc/>
    public void Wait(IGpuEvent mark)
    {
        RecordedEvent own = Own<RecordedEvent>(mark);
        Call($"wait for {own}", mayCapture: false);
        while (own is { Stream: { } stream, Passed: null } && stream.Pending.TryDequeue(out Work? work)) work.Run();
    }

    /// <inheritdoc/>
    public double Milliseconds(IGpuEvent from, IGpuEvent to)
    {
        RecordedEvent first = Own<RecordedEvent>(from), second = Own<RecordedEvent>(to);
        Call($"time from {first} to {second}", mayCapture: false);
        return first.Passed is { } start && second.Passed is { } end ? (end - start) * 0.001
            : throw new GpuMisuseException($"the time from {first} to {second}: both must have been passed, which only Wait or Synchronize make sure of");
    }

    /// <inheritdoc/>
    public void BeginCapture(IGpuStream stream)
    {
        RecordedStream own = Own<RecordedStream>(stream);
        Call($"begin capture of {own}", mayCapture: false);
        own.Captured = [];
    }

    /// <inheritdoc/>
    public IGpuGraph EndCapture(IGpuStream stream)
    {
        RecordedStream own = Own<RecordedStream>(stream);
        List<Work> work = own.Captured ?? throw new GpuMisuseException($"the end of a capture of {own} that never began");
        own.Captured = null;
        string name = Name<RecordedGraph>("g");
        Call($"end capture of {own}, {work.Count} nodes -> {name}", mayCapture: false);
        return Made(new RecordedGraph(this, name, work));
    }

    /// <inheritdoc/>
    public void Launch(IGpuGraph graph, IGpuStream stream)
    {
        RecordedGraph own = Own<RecordedGraph>(graph);
        Give(stream, $"launch {own}", _ => () =>
        {
            foreach (Work work in own.Work) work.Run();
        });
    }
}
