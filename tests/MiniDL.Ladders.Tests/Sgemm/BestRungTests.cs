// What the best float32 rung of sgemm must be: no spills, no bank conflicts, whole sectors, almost nothing but multiply-adds in its inner loop, and the fastest by the estimate.
//
// Counters are of 4096 x 4096 with a short K, of which one wave runs: the tile is that of 4096, and what is counted by the slab is the same for every K. The whole of 4096 is for the long tests.
using System.Text;
using System.Text.RegularExpressions;
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Timing;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed partial class BestRungTests
{
    private static readonly SgemmLadder s_ladder = new();
    private static readonly string[] s_names = ["a100", "3090"];

    private static Rung Best => s_ladder.Best!;

    [Test]
    public void It_keeps_everything_in_registers_on_every_architecture([Values("sm_70", "sm_80", "sm_86", "sm_89", "sm_90")] string architecture)
    {
        // Whole tiles of both large kinds, ragged ones, rows that are no float4s.
        Problem[] problems = [s_ladder.OfSize(4096), s_ladder.OfSize(8192), SgemmLadder.Of(1000, 1000, 1000), SgemmLadder.Of(1001, 1003, 999, beta: 0) with { Offset = 1 }];
        foreach (CompiledKernel kernel in Nvrtc.Required().Compile([.. problems.Select(problem => Best.Plan(problem).Launches[0].Source)], architecture))
            Assert.That((kernel.Resources!.Value.SpillBytes, kernel.Resources.Value.LocalBytes), Is.EqualTo((0, 0)), Defines(kernel.Source.Text));
    }

    [TestCase(4096)]
    [TestCase(8192)]
    public void Its_loads_use_every_byte_and_no_bank_is_asked_twice(int side)
    {
        KernelCounters counters = Run(Best, SgemmLadder.Of(side, side, 64), KnownGpus.A100)[0].Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.GlobalLoads.Efficiency, Is.EqualTo(1));
            Assert.That(counters.GlobalStores.Efficiency, Is.EqualTo(1));
            Assert.That(counters.BankConflicts, Is.Zero);
            Assert.That(counters.Local.Requests, Is.Zero);
        }
    }

    /// <summary>8 by 8 elements a thread: 4 float4 loads for 64 multiply-adds, each in 2 wavefronts, since every lane has another one in its row and one in its column that wants the same.</summary>
    [TestCase(8)]
    [TestCase(9)]
    [TestCase(10)]
    public void A_warp_tile_takes_an_eighth_of_a_wavefront_for_a_multiply_add(int rung)
    {
        KernelCounters counters = Run(s_ladder.Rungs[rung - 1], SgemmLadder.Of(4096, 4096, 64), KnownGpus.A100)[0].Counters;
        Assert.That(counters.SharedLoads.Wavefronts / (4096.0 * 4096 * 64 / 32), Is.EqualTo(0.125).Within(0.001));
    }

    /// <summary>Of the loop that has most of them. Loads of shared memory are float4, so that the counters see as few as the hardware does.</summary>
    [TestCase(4096)]
    [TestCase(8192)]
    public void Nine_of_ten_instructions_of_its_inner_loop_are_multiply_adds(int side)
    {
        CompiledKernel kernel = Nvrtc.Required().Compile([Best.Plan(s_ladder.OfSize(side)).Launches[0].Source], "sm_80")[0];
        string[] loop = Loops(Encoding.UTF8.GetString(kernel.Ptx)).MaxBy(loop => loop.Count(IsMultiplyAdd))!;
        TestContext.Out.WriteLine($"{loop.Count(IsMultiplyAdd)} of {loop.Length}: {100.0 * loop.Count(IsMultiplyAdd) / loop.Length:0.0}%");
        using (Assert.EnterMultipleScope())
        {
            Assert.That((double)loop.Count(IsMultiplyAdd) / loop.Length, Is.AtLeast(0.9));
            Assert.That(loop.Where(line => line.StartsWith("ld.shared", StringComparison.Ordinal)), Is.Not.Empty.And.All.StartsWith("ld.shared.v4.f32"));
        }
    }

    /// <summary>Of its neighbours, with a K that is long enough for C not to matter.</summary>
    [Test]
    public void It_is_faster_than_its_neighbours_and_limited_by_arithmetic([ValueSource(nameof(s_names))] string gpu) =>
        Compare(KnownGpus.Find(gpu), SgemmLadder.Of(4096, 4096, 512, beta: 0), s_ladder.Rungs.Where(rung => rung.Number is >= 7 and <= 11));

    [Test, Category("Long")]
    public void It_is_the_fastest_float32_rung_at_4096([ValueSource(nameof(s_names))] string gpu) =>
        Compare(KnownGpus.Find(gpu), s_ladder.OfSize(4096), s_ladder.Rungs.Where(rung => rung.IsFloat32));

    /// <summary>Rungs that one limit binds are equally fast by the estimate: none may be faster.</summary>
    private static void Compare(GpuProperties gpu, Problem problem, IEnumerable<Rung> rungs)
    {
        double limit = problem.Flops / Multiprocessor.PeakTeraFlops(gpu) / 1e6, best = 0, fastest = double.MaxValue;
        string limiter = "";
        foreach (Rung rung in rungs)
        {
            TimeEstimate[] estimates = [.. Run(rung, problem, gpu).Select(report => report.Estimate(gpu))];
            double microseconds = estimates.Sum(estimate => estimate.Microseconds);
            TestContext.Out.WriteLine($"{gpu.Name} {rung.Stem,-20} {microseconds,10:0.0} us, {100 * limit / microseconds,5:0.0}% of the limit, {estimates[0].Limiter}");
            if (rung == Best) (best, limiter) = (microseconds, estimates[0].Limiter);
            else fastest = Math.Min(fastest, microseconds);
        }
        using (Assert.EnterMultipleScope())
        {
            Assert.That(best, Is.Positive.And.LessThanOrEqualTo(fastest));
            Assert.That(limiter, Is.EqualTo("float32").Or.EqualTo("instruction issue"));
        }
    }

    private static IReadOnlyList<LaunchReport> Run(Rung rung, Problem problem, GpuProperties properties)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Properties = properties, Counting = Counting.WithCaches, SampledWaves = 1 });
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, problem);
        placed.Run(rung.Plan(problem));
        return [.. gpu.Reports];
    }

    /// <summary>The instructions from each label to each branch back to it.</summary>
    private static IEnumerable<string[]> Loops(string ptx)
    {
        string[] lines = [.. ptx.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] is not ('.' or '/' or '{' or '}'))];
        for (int end = 0; end < lines.Length; end++)
        {
            if (BranchTo().Match(lines[end]) is not { Success: true } branch) continue;
            int start = Array.IndexOf(lines, $"{branch.Groups[1].Value}:");
            if (start >= 0 && start < end) yield return [.. lines[start..(end + 1)].Where(line => !line.EndsWith(':'))];
        }
    }

    private static bool IsMultiplyAdd(string line) => line.StartsWith("fma.rn.f32", StringComparison.Ordinal);

    private static string Defines(string text) => string.Join(' ', text.Split('\n').TakeWhile(line => line.StartsWith("#define", StringComparison.Ordinal)).Select(line => line["#define ".Length..]));

    [GeneratedRegex(@"bra(?:\.uni)?\s+(\$\w+);")]
    private static partial Regex BranchTo();
}
