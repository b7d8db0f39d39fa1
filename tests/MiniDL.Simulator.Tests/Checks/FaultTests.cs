// Planted faults: each is found and named at its line, and its corrected twin is clean. The kernels stand in Fixtures/faults.cu; lines are looked up by their FAULT mark.
using MiniDL.Gpu;
using MiniDL.Simulator.Checks;

namespace MiniDL.Simulator.Tests.Checks;

[TestFixture]
public sealed class FaultTests
{
    private static readonly SimulatorOptions AllChecks = new() { Threads = 2, Checks = CheckKinds.All, InstructionLimit = 1_000_000 };

    /// <summary>A kernel's marked line in the source, as findings name it.</summary>
    private static string LineOf(string kernel)
    {
        string[] lines = Simulation.Source("faults").ReplaceLineEndings("\n").Split('\n');
        int start = Array.FindIndex(lines, line => line.Contains($"void {kernel}(", StringComparison.Ordinal));
        return $"faults.cu:{Array.FindIndex(lines, start, line => line.Contains("FAULT", StringComparison.Ordinal)) + 1}";
    }

    private static Argument[] Arguments(string kernel, Simulation gpu)
    {
        float[] x = [.. Enumerable.Range(0, 256).Select(i => (float)i)];
        return kernel switch
        {
            "read_out_of_bounds" => [gpu.Upload(x[..64]), gpu.Zeros<float>(64), 64],
            "write_out_of_bounds" => [gpu.Zeros<float>(100), 100],
            "misaligned_float4" => [gpu.Upload(x), gpu.Zeros<float>(256)],
            "divergent_barrier" => [gpu.Zeros<float>(64)],
            "global_write_write" => [gpu.Zeros<float>(4)],
            "last_block" => [gpu.Upload(x), gpu.Fresh<float>(4), gpu.Zeros<float>(4), gpu.Zeros<int>(1)],
            "absent_lane" => [gpu.Zeros<int>(32), gpu.Zeros<int>(32)],
            "spin_lock" => [gpu.Zeros<int>(1), gpu.Zeros<int>(1)],
            "endless" => [gpu.Upload(0, 1, 0)],
            _ => [gpu.Upload(x), gpu.Zeros<float>(256)],
        };
    }

    private static (int Blocks, int Threads) ShapeOf(string kernel) => kernel switch
    {
        "write_out_of_bounds" => (2, 64),
        "global_write_write" or "last_block" or "spin_lock" => (4, 32),
        "missing_syncwarp" or "absent_lane" or "endless" => (1, 32),
        _ => (1, 64),
    };

    private static (IReadOnlyList<Finding> Findings, GpuException? Error) Run(string kernel, bool isFixed)
    {
        using Simulation gpu = Simulation.OfFixture(isFixed ? "faults_fixed" : "faults", AllChecks);
        (int blocks, int threads) = ShapeOf(kernel);
        try
        {
            gpu.Run(kernel, blocks, threads, Arguments(kernel, gpu));
            return (gpu.Gpu.Findings, null);
        }
        catch (GpuException error)
        {
            return (gpu.Gpu.Findings, error);
        }
    }

    [TestCase("uninitialised_shared", CheckKind.InitCheck, "read of shared memory that was never written")]
    [TestCase("missing_syncthreads", CheckKind.RaceCheck, "read after write in shared memory")]
    [TestCase("missing_second_syncthreads", CheckKind.RaceCheck, "write after read in shared memory")]
    [TestCase("missing_syncwarp", CheckKind.RaceCheck, "read after write in shared memory")]
    [TestCase("global_write_write", CheckKind.RaceCheck, "write after write in global memory")]
    [TestCase("last_block", CheckKind.RaceCheck, "read after write in global memory")]
    [TestCase("absent_lane", CheckKind.SyncCheck, "shuffle from a lane that does not take part")]
    [TestCase("spin_lock", CheckKind.RaceCheck, "in global memory")]
    public void A_check_finds_it_at_its_line(string kernel, CheckKind check, string what)
    {
        (IReadOnlyList<Finding> findings, GpuException? error) = Run(kernel, isFixed: false);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error, Is.Null);
            // Of a race either side may come second; the marked line is always one of the two.
            Assert.That(findings, Has.Some.Matches<Finding>(f => f!.Check == check && f.What.Contains(what, StringComparison.Ordinal) && f.Who.Line == LineOf(kernel)));
            Assert.That(findings, Has.All.Matches<Finding>(f => f!.Who.Line == LineOf(kernel) || f.Other?.Line == LineOf(kernel)));
            Assert.That(findings.Select(f => f.Kernel), Has.All.EqualTo(kernel));
        }
    }

    [TestCase("read_out_of_bounds", "CUDA_ERROR_ILLEGAL_ADDRESS", "thread (63,0,0)")]
    [TestCase("write_out_of_bounds", "CUDA_ERROR_ILLEGAL_ADDRESS", "block (1,0,0), thread (36,0,0)")]
    [TestCase("misaligned_float4", "CUDA_ERROR_MISALIGNED_ADDRESS", "thread (1,0,0)")]
    [TestCase("divergent_barrier", "CUDA_ERROR_LAUNCH_", "barrier")]
    [TestCase("endless", "CUDA_ERROR_LAUNCH_TIMEOUT", "does a loop never end?")]
    public void The_kernel_is_stopped_at_its_line(string kernel, string code, string what)
    {
        GpuException? error = Run(kernel, isFixed: false).Error;
        Assert.That(error, Is.Not.Null);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error!.Code, Does.StartWith(code));
            Assert.That(error.Message, Does.Contain(what).And.Contain(kernel));
            Assert.That(error.Message, Does.Contain(LineOf(kernel)));
        }
    }

    [Test]
    public void The_corrected_twin_is_clean([Values(
        "read_out_of_bounds", "write_out_of_bounds", "misaligned_float4", "uninitialised_shared", "missing_syncthreads", "missing_second_syncthreads", "missing_syncwarp", "divergent_barrier",
        "global_write_write", "last_block", "absent_lane", "spin_lock", "endless")] string kernel)
    {
        (IReadOnlyList<Finding> findings, GpuException? error) = Run(kernel, isFixed: true);
        Assert.That(error, Is.Null);
        Assert.That(findings, Is.Empty);
    }

    [Test]
    public void Without_checks_nothing_is_found_and_nothing_is_kept()
    {
        using Simulation gpu = Simulation.OfFixture("faults", new SimulatorOptions { Threads = 2 });
        gpu.Run("missing_syncthreads", 1, 64, Arguments("missing_syncthreads", gpu));
        Assert.That(gpu.Gpu.Findings, Is.Empty);
    }

    [Test]
    public void Memory_that_nobody_wrote_is_found_in_the_device_s_memory_too()
    {
        using Simulation gpu = Simulation.OfFixture("vector_add", AllChecks);
        gpu.Run("vector_add", 1, 32, gpu.Zeros<float>(32), gpu.Fresh<float>(32), gpu.Fresh<float>(32), 32);
        Finding finding = gpu.Gpu.Findings.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(finding.Check, Is.EqualTo(CheckKind.InitCheck));
            Assert.That(finding.Bytes, Is.EqualTo(4));
            Assert.That(finding.Who.Thread, Is.EqualTo(new Dim3(0, 0, 0)));
        }
    }

    [Test]
    public void Memory_that_is_not_freed_is_told()
    {
        using Simulation gpu = Simulation.OfFixture("vector_add", AllChecks);
        Numbers<float> kept = gpu.Zeros<float>(100);
        gpu.Zeros<float>(7).Memory.Dispose();
        Finding leak = gpu.Gpu.FindLeaks().Single();
        Assert.That((leak.Check, leak.Address, leak.What), Is.EqualTo((CheckKind.MemCheck, kept.Memory.Address, "400 bytes were never freed")));
    }
}
