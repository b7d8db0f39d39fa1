// bench -- simulator: how many warp instructions the simulated GPU executes in a second, on one core, with counters on and with all checks on.
//
// The kernel is the matrix product of kernels/sgemm, each thread with a tile of 8 x 8 in registers: most of its instructions are fused multiply-adds, as in whatever else takes
// long. The one thing to understand: seconds here are of processor time, so that other programs on the machine hardly matter; the median over rounds is reported.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using MiniDL.Bench.Programs;
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;

namespace MiniDL.Bench.Simulator;

/// <summary>The suite of <c>bench -- simulator [--json]</c>.</summary>
internal static class SimulatorSuite
{
    private const int Side = 512, Tile = 128, Threads = 256, Rounds = 9, WarmUp = 4;

    /// <summary>Measures and prints; returns the exit code.</summary>
    public static int Run(bool json)
    {
        CompiledKernel sgemm = NvrtcCompiler.Create().Compile([Source()], KnownGpus.A100.Architecture)[0];
        double plain = PerSecond(sgemm, CheckKinds.None), withChecks = PerSecond(sgemm, CheckKinds.All);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"sgemm {Side} x {Side} x {Side} on the simulated GPU, one thread, median of {Rounds} rounds, processor time:"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  counters on      {plain / 1e6,8:0.0} million warp instructions a second ({32 * plain / 1e9:0.00} billion of single threads)"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  all checks on    {withChecks / 1e6,8:0.0} million"));
        if (json) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $$"""{"warp_instructions_per_second":{{plain:0}},"checked_warp_instructions_per_second":{{withChecks:0}}}"""));
        return 0;
    }

    /// <summary>C = A B, row-major, every size a multiple of the tile's.</summary>
    private static KernelSource Source()
    {
        var text = new StringBuilder();
        (string, object)[] macros =
        [
            ("BATCH", 1), ("M", Side), ("N", Side), ("K", Side), ("ALPHA", "1.0f"), ("BETA", "0.0f"), ("A_BATCH", 0), ("A_ROW", Side), ("A_COLUMN", 1), ("B_BATCH", 0), ("B_ROW", Side), ("B_COLUMN", 1),
            ("A_ALONG_K", 1), ("B_ALONG_K", 0), ("A_VECTOR", "float4"), ("B_VECTOR", "float4"), ("C_VECTOR", "float4"), ("BM", Tile), ("BN", Tile), ("BK", 8), ("TM", 8), ("TN", 8),
        ];
        foreach ((string name, object value) in macros) text.Append(CultureInfo.InvariantCulture, $"#define {name} {value}\n");
        return new KernelSource("sgemm_double_buffer", text.Append(KernelLibrary.Read("sgemm/09_double_buffer.cu")).ToString());
    }

    private static double PerSecond(CompiledKernel compiled, CheckKinds checks)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Threads = 1, Counting = Counting.On, Checks = checks });
        using IGpuStream stream = gpu.CreateStream();
        using IGpuModule module = gpu.LoadModule(compiled.Ptx, compiled.Cubin);
        IGpuKernel kernel = gpu.GetKernel(module, compiled.Source.Name);
        const long bytes = (long)Side * Side * sizeof(float);
        using IGpuMemory a = gpu.Allocate(bytes), b = gpu.Allocate(bytes), c = gpu.Allocate(bytes);
        foreach (IGpuMemory operand in new[] { a, b }) gpu.Fill(operand.Address, 0x3f, bytes, stream);   // 0x3f3f3f3f is 0.747 as a float

        var arguments = new KernelArguments(new byte[24]);
        foreach (IGpuMemory operand in new[] { a, b, c }) arguments.Add(operand.Address);
        var shape = new LaunchShape(new Dim3(Side / Tile * (Side / Tile)), new Dim3(Threads));
        var rates = new double[Rounds];
        for (int round = -WarmUp; round < Rounds; round++)
        {
            gpu.ResetReports();
            TimeSpan start = Process.GetCurrentProcess().TotalProcessorTime;
            gpu.Launch(kernel, shape, arguments.Packed, stream);
            gpu.Synchronize(stream);
            double seconds = (Process.GetCurrentProcess().TotalProcessorTime - start).TotalSeconds;
            if (round >= 0) rates[round] = gpu.Reports[0].Counters.WarpInstructions / seconds;
        }
        if (gpu.Findings.Count > 0) throw new BenchmarkException($"the simulator found fault with sgemm: {gpu.Findings[0]}");
        Array.Sort(rates);
        return rates[Rounds / 2];
    }
}
