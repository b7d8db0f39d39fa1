// bench -- bdn: the same questions asked through BenchmarkDotNet, which runs each benchmark in a process of its own, until the spread is small.
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Running;
using MiniDL.Bench.Host;
using MiniDL.Bench.Kernels;
using MiniDL.Examples;

namespace MiniDL.Bench.Programs;

/// <summary>The switcher: <c>bench -- bdn --filter '*Step*'</c>, <c>bench -- bdn --list flat</c>.</summary>
internal static class BdnSuite
{
    /// <summary>Runs what the arguments choose; returns the exit code.</summary>
    public static int Run(string[] args)
    {
        List<Type> types = [typeof(StepBenchmarks), typeof(CompileBenchmarks), typeof(HostBenchmarks)];

        // What needs a GPU is listed anywhere, and run where there is one.
        if (args.Any(arg => arg.StartsWith("--list", StringComparison.Ordinal)) || KernelBenchmarks.WhyNot() is not { } reason) types.Add(typeof(KernelBenchmarks));
        else Console.WriteLine($"left out: {nameof(KernelBenchmarks)}, {reason}");
        BenchmarkSwitcher.FromTypes([.. types]).Run(args);
        return 0;
    }
}

/// <summary>A training step of each program; the column Allocated must read 0.</summary>
[MemoryDiagnoser]
public class StepBenchmarks
{
    private Device _device = null!;
    private Trainer _trainer = null!;
    private int _step;

    [Params("logistic", "old", "modern", "conv")]
    public string Model { get; set; } = "";

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _device = Device.Cpu(Threads);
        _trainer = new StepSuite(null, Threads, steps: 1).Prepare(Model, _device);
    }

    [Benchmark]
    public float Step() => _trainer.Train(_step++ & 0xFF);

    [GlobalCleanup]
    public void Free()
    {
        _trainer.Dispose();
        _device.Dispose();
    }
}

/// <summary>From graph to program, warm.</summary>
public class CompileBenchmarks
{
    private Device _device = null!;

    [GlobalSetup]
    public void Prepare() => _device = Device.Cpu(2);

    [Benchmark]
    public void ConvNetStep()
    {
        MnistProgram program = ConvNet.Build(new Init(seed: 1));
        using Function step = T.Function([program.X, program.Y], program.Cost, program.Updates, device: _device);
        step.Compile([128, 1, 28, 28], [128, 10]);
    }

    [GlobalCleanup]
    public void Free() => _device.Dispose();
}
