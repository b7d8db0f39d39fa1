// The simulated GPU with a clock that tells times from a list, and a diary of what happened in its stream.
using MiniDL.Gpu;
using MiniDL.Simulator;

namespace MiniDL.Bench.Tests;

/// <summary>Passes everything on; the n-th question for a time is answered by the n-th of the times, over and over.</summary>
internal sealed class ClockedGpu(double[] milliseconds) : IGpu
{
    private readonly SimulatedGpu _gpu = new(new SimulatorOptions { Checks = CheckKinds.All });
    private int _asked;

    /// <summary>fill, record, launch, graph, gemm: in order.</summary>
    public List<string> Diary { get; } = [];

    public GpuProperties Properties => _gpu.Properties;

    public IGpuMemory Allocate(long bytes) => _gpu.Allocate(bytes);

    public IPinnedMemory AllocatePinned(long bytes) => _gpu.AllocatePinned(bytes);

    public void Upload(ulong destination, nint source, long bytes, IGpuStream stream) => _gpu.Upload(destination, source, bytes, stream);

    public void Download(nint destination, ulong source, long bytes, IGpuStream stream) => _gpu.Download(destination, source, bytes, stream);

    public void Copy(ulong destination, ulong source, long bytes, IGpuStream stream) => _gpu.Copy(destination, source, bytes, stream);

    public void Fill(ulong destination, byte value, long bytes, IGpuStream stream)
    {
        Diary.Add($"fill {bytes}");
        _gpu.Fill(destination, value, bytes, stream);
    }

    public IGpuModule LoadModule(ReadOnlySpan<byte> ptx, ReadOnlySpan<byte> cubin) => _gpu.LoadModule(ptx, cubin);

    public IGpuKernel GetKernel(IGpuModule module, string name, int dynamicSharedBytes = 0) => _gpu.GetKernel(module, name, dynamicSharedBytes);

    public void Launch(IGpuKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, IGpuStream stream)
    {
        Diary.Add("launch");
        _gpu.Launch(kernel, shape, arguments, stream);
    }

    public void Gemm(in GemmCall call, IGpuStream stream)
    {
        Diary.Add($"gemm {call.Compute}");
        _gpu.Gemm(call, stream);
    }

    public IGpuStream CreateStream() => _gpu.CreateStream();

    public void Synchronize(IGpuStream stream) => _gpu.Synchronize(stream);

    public IGpuEvent CreateEvent() => _gpu.CreateEvent();

    public void Record(IGpuEvent mark, IGpuStream stream)
    {
        Diary.Add("record");
        _gpu.Record(mark, stream);
    }

    public void Wait(IGpuEvent mark) => _gpu.Wait(mark);

    public double Milliseconds(IGpuEvent from, IGpuEvent to) => milliseconds[_asked++ % milliseconds.Length];

    public void BeginCapture(IGpuStream stream) => _gpu.BeginCapture(stream);

    public IGpuGraph EndCapture(IGpuStream stream) => _gpu.EndCapture(stream);

    public void Launch(IGpuGraph graph, IGpuStream stream)
    {
        Diary.Add("graph");
        _gpu.Launch(graph, stream);
    }

    public void Dispose() => _gpu.Dispose();
}
