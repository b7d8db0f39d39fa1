// Every rung of every ladder, at every problem that its ladder names, on the simulated GPU with all checks on, against the definition in double precision.
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class EveryRungTests
{
    private static IEnumerable<TestCaseData> Rungs => LadderList.All.SelectMany(ladder => ladder.Rungs.Select(rung =>
        new TestCaseData(ladder, rung).SetArgDisplayNames($"{ladder.Name}/{rung.Stem}")));

    [TestCaseSource(nameof(Rungs))]
    public void A_rung_is_right_at_every_shape(Ladder ladder, Rung rung)
    {
        using SimulatedGpu gpu = CheckedGpu.Make();
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        (Problem Problem, RungPlan Plan)[] all = [.. ladder.Checks.Select(problem => (problem, rung.Plan(problem)))];
        kernels.Load([.. all.SelectMany(one => one.Plan.Launches).Select(launch => launch.Source).Distinct()]);
        using (Assert.EnterMultipleScope())
        {
            foreach ((Problem problem, RungPlan plan) in all)
            {
                using var placed = new PlacedProblem(gpu, kernels, problem);
                placed.Run(plan);
                Assert.That(placed.WrongResult(), Is.Null, $"{ladder.Name}/{rung.Stem} at {problem.Size}{(problem.Offset > 0 ? $", offset {problem.Offset}" : "")}");
            }
            gpu.AssertClean();
        }
    }

    [TestCaseSource(nameof(Rungs))]
    public void No_rung_spills_registers(Ladder ladder, Rung rung)
    {
        NvrtcCompiler compiler = Nvrtc.Required();
        KernelSource[] sources = [.. rung.Plan(ladder.OfSize(ladder.DefaultSize)).Launches.Select(launch => launch.Source).Distinct()];
        foreach (GpuProperties gpu in new[] { KnownGpus.V100, KnownGpus.A100, KnownGpus.Rtx3090, KnownGpus.Rtx4090, KnownGpus.H100 }.Where(gpu => gpu.Capability.CompareTo(rung.Needs) >= 0))
            foreach (CompiledKernel kernel in compiler.Compile(sources, gpu.Architecture))
                Assert.That(kernel.Resources!.Value.SpillBytes, Is.Zero, $"{kernel.Source.Name} on {gpu.Architecture}");
    }

    /// <summary>A reader finds a rung by its number, and the file by the rung.</summary>
    [Test]
    public void Rungs_are_numbered_and_their_files_exist()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (Ladder ladder in LadderList.All)
            {
                Assert.That(ladder.Rungs.Select(rung => rung.Number), Is.EqualTo(Enumerable.Range(1, ladder.Rungs.Count)), ladder.Name);
                foreach (Rung rung in ladder.Rungs) Assert.That(KernelLibrary.Files, Does.Contain(rung.File), $"{ladder.Name}, rung {rung.Number}");
                if (ladder.Best is { } best) Assert.That(ladder.Rungs, Does.Contain(best), ladder.Name);
            }
        }
    }
}
