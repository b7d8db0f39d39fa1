// MINIDL_DEBUG: what each level tells on standard error, seen from a child process.
namespace MiniDL.Tests.Functions;

[TestFixture]
internal sealed class DiagnosticsTests
{
    private const string Phases = @"minidl: cpu, 2 threads: rewrites \d+\.\d ms \(merge \d+\.\d, stabilise \d+\.\d, .*; \d+ -> \d+ nodes\), verifying and lowering \d+\.\d ms \(\d+ stages, \d+\.\d\d MB\), plans \d+\.\d ms; compiled in \d+\.\d ms";
    private const string Stage = @"minidl: +\d+\.\d{3} ms +\d+\.\d GFLOP/s +\d+\.\d GB/s  gemm  # Models\.cs:\d+";
    private const string Rewrite = @"minidl: blas: C - A B -> gemm\[beta 1\] at Models\.cs:\d+";

    [Test]
    public void NothingIsToldUnlessAskedFor([Values(null, "0", "-3", "yes")] string? level) => Assert.That(TestEntry.ErrorOutputOfTraining(level), Is.Empty);

    [Test]
    public void Level1TellsTheDeviceAndThePhasesOfCompiling()
    {
        string told = TestEntry.ErrorOutputOfTraining("1");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(told, Does.Match(Phases));
            Assert.That(told, Does.Not.Contain("GB/s").And.Not.Contain("gemm[beta 1]"));
        }
    }

    [Test]
    public void Level2AddsTimeAndBandwidthOfEachStage()
    {
        string told = TestEntry.ErrorOutputOfTraining("2");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(told, Does.Match(Phases));
            Assert.That(told, Does.Match(Stage));
            Assert.That(told, Does.Not.Contain("gemm[beta 1]"));
        }
    }

    [Test]
    public void Level3AndAboveAddTheRewrites([Values("3", "5")] string level)
    {
        string told = TestEntry.ErrorOutputOfTraining(level);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(told, Does.Match(Phases));
            Assert.That(told, Does.Match(Stage));
            Assert.That(told, Does.Match(Rewrite));
            Assert.That(told, Does.Contain("minidl: stabilise: log(softmax x) -> log_softmax x at Models.cs:"));
            Assert.That(told, Does.Contain("minidl: merge: equal nodes at Models.cs:"));
        }
    }
}
