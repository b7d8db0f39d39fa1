using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;
namespace MiniDL.Ladders.Tests;

[TestFixture]
internal sealed class ElementwiseCounterTests
{
    [TestCase("elementwise", 1 << 20)]
    [TestCase("elementwise", 1 << 24)]
    [TestCase("elementwise", 80000)]
    [TestCase("update", 16)]
    [TestCase("update", 64)]
    public void Print(string name, int n)
    {
        Ladder ladder = LadderList.Find(name)[0];
        Problem problem = ladder.OfSize(n);
        foreach (Rung rung in ladder.Rungs)
        {
            using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.WithCaches, SampledWaves = problem.Flops > 1 << 23 ? 2 : 0 });
            using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
            using var placed = new PlacedProblem(gpu, kernels, problem);
            placed.Run(rung.Plan(problem));
            double us = gpu.Reports.Sum(r => r.Estimate(KnownGpus.A100).Microseconds);
            var c = gpu.Reports[^1].Counters;
            var e = gpu.Reports[^1].Estimate(KnownGpus.A100);
            TestContext.Out.WriteLine($"{n} {rung.Stem}: launches {gpu.Reports.Count} us {us:F2} {problem.MinimumBytes / us / 1e3:F0} GB/s  bytes/min {gpu.Reports.Sum(r => r.Counters.GlobalBytes) / problem.MinimumBytes:F3} instr/elem {32.0*gpu.Reports.Sum(r => r.Counters.WarpInstructions) * 4 / problem.Flops:F2} sect/req {c.GlobalLoads.SectorsPerRequest:F1} regs {gpu.Reports[^1].Registers} grid {gpu.Reports[^1].Shape.Grid} occ {e.Occupancy.Fraction:F2} {e.Limiter}");
            if (n == 80000 || n == 1<<24) TestContext.Out.WriteLine(e.ToString());
        }
    }
}
