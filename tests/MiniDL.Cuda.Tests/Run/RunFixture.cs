// What the tests of the executor start from: a recording GPU, stages run on the host, a device on both.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

internal abstract class RunFixture
{
    protected RecordingGpu Gpu { get; private set; } = null!;

    protected HostStages Host { get; private set; } = null!;

    protected CudaDevice Device { get; private set; } = null!;

    [SetUp]
    public void Open()
    {
        Gpu = new RecordingGpu();
        Host = new HostStages(Gpu);
        Device = NewDevice(Gpu, Host);
    }

    [TearDown]
    public void EverythingIsGivenBack()
    {
        Device.Dispose();
        Assert.That(Gpu.Leaks, Is.Empty, "after the device was disposed of");
        Gpu.Dispose();
        Host.Dispose();
    }

    protected static CudaDevice NewDevice(IGpu gpu, HostStages host, CudaOptions? options = null) => new(gpu, host, options) { Planner = host.Plan };

    /// <summary>The calls since a point in the log, each cut to its first words: <c>upload</c>, <c>launch g0</c>, <c>record</c>, ...</summary>
    protected string[] CallsSince(int line) => [.. Gpu.Log.Skip(line)];

    protected int CountSince(int line, string start) => Gpu.Log.Skip(line).Count(call => call.TrimStart().StartsWith(start, StringComparison.Ordinal));
}
