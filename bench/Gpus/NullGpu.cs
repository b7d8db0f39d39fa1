// A GPU that does nothing, as cheaply as can be: what is left of a step's time is what the host spends on it.
//
// The one thing to understand: only pinned memory is real, because the host writes inputs there; device addresses are made up and nothing is ever computed.
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Bench.Gpus;

/// <summary>Takes every call and does nothing.</summary>
/// <example><code>using IGpu gpu = new NullGpu();</code></example>
internal sealed unsafe class NullGpu : IGpu
{
    private ulong _next = 0x0000_0200_0000_0000;

    /// <summary>An A100's numbers, so that kernels and launches are those of a real device.</summary>
    public GpuProperties Properties { get; init; } = new()
    {
        Name = "Null GPU",
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

    public IGpuMemory Allocate(long bytes)
    {
        ulong address = _next;
        _next += ((ulong)bytes + 511) / 256 * 256;
        return new Thing("memory") { Address = address, Bytes = bytes };
    }

    public IPinnedMemory AllocatePinned(long bytes) => new Pinned(bytes);

    public void Upload(ulong destination, nint source, long bytes, IGpuStream stream) { }

    public void Download(nint destination, ulong source, long bytes, IGpuStream stream) { }

    public void Copy(ulong destination, ulong source, long bytes, IGpuStream stream) { }

    public void Fill(ulong destination, byte value, long bytes, IGpuStream stream) { }

    public IGpuModule LoadModule(ReadOnlySpan<byte> ptx, ReadOnlySpan<byte> cubin) => new Thing("module");

    public IGpuKernel GetKernel(IGpuModule module, string name, int dynamicSharedBytes = 0) => new Thing(name);

    public void Launch(IGpuKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, IGpuStream stream) { }

    public void Gemm(in GemmCall call, IGpuStream stream) { }

    public IGpuStream CreateStream() => new Thing("stream");

    public void Synchronize(IGpuStream stream) { }

    public IGpuEvent CreateEvent() => new Thing("event");

    public void Record(IGpuEvent mark, IGpuStream stream) { }

    public void Wait(IGpuEvent mark) { }

    public double Milliseconds(IGpuEvent from, IGpuEvent to) => 0;

    public void BeginCapture(IGpuStream stream) { }

    public IGpuGraph EndCapture(IGpuStream stream) => new Thing("graph");

    public void Launch(IGpuGraph graph, IGpuStream stream) { }

    public void Dispose() { }

    private sealed record Thing(string Name) : IGpuMemory, IGpuModule, IGpuKernel, IGpuStream, IGpuEvent, IGpuGraph
    {
        public ulong Address { get; init; }

        public long Bytes { get; init; }

        public void Dispose() { }
    }

    private sealed class Pinned(long bytes) : IPinnedMemory
    {
        public nint Address { get; private set; } = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 256);

        public long Bytes { get; } = bytes;

        public void Dispose()
        {
            NativeMemory.AlignedFree((void*)Address);
            Address = 0;
        }
    }
}
