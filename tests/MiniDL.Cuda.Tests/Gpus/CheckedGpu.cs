// A simulated GPU that checks everything while kernels run: addresses, races, uninitialised reads, synchronisation. Tests of kernels run on it, so a kernel that gives the right
// numbers for a wrong reason fails all the same.
using MiniDL.Simulator;

namespace MiniDL.Cuda.Tests;

internal static class CheckedGpu
{
    /// <summary>An A100 with all checks on.</summary>
    public static SimulatedGpu Make(int seed = 0) => new(new SimulatorOptions { Checks = CheckKinds.All, Seed = seed });

    /// <summary>Fails if a check found something; the message names kernel, line, thread and address.</summary>
    public static void AssertClean(this SimulatedGpu gpu) => Assert.That(gpu.Findings, Is.Empty, () => string.Join('\n', gpu.Findings.Take(10)));
}
