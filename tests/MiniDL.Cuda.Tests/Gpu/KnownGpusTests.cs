// The table of GPUs against the vendor's figures.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class KnownGpusTests
{
    [TestCase("V100", 15.7)]
    [TestCase("A100", 19.5)]
    [TestCase("RTX 3090", 35.6)]
    [TestCase("RTX A6000", 38.7)]
    [TestCase("RTX 4090", 82.6)]
    [TestCase("H100 SXM", 66.9)]
    public void The_peak_is_the_vendors(string name, double teraFlops) =>
        Assert.That(Multiprocessor.PeakTeraFlops(KnownGpus.Find(name)), Is.EqualTo(teraFlops).Within(0.05));

    [TestCase("a100", "A100")]
    [TestCase("3090", "RTX 3090")]
    [TestCase("rtx-a6000", "RTX A6000")]
    [TestCase("RTX4090", "RTX 4090")]
    [TestCase("h100", "H100 SXM")]
    public void A_name_may_be_typed_loosely(string typed, string name) => Assert.That(KnownGpus.Find(typed).Name, Is.EqualTo(name));

    [TestCase("rtx", "more than one")]
    [TestCase("K80", "no known")]
    [TestCase("", "no known")]
    public void A_wrong_name_is_answered_with_the_list(string typed, string problem) =>
        Assert.That(Assert.Throws<ArgumentException>(() => KnownGpus.Find(typed))!.Message, Does.Contain(problem).And.Contain("V100, A100, RTX 3090"));

    [Test]
    public void A_device_tells_the_same_limits_as_its_capability()
    {
        using (Assert.EnterMultipleScope())
            foreach (GpuProperties gpu in KnownGpus.All)
                Assert.That(Multiprocessor.Of(gpu), Is.EqualTo(Multiprocessor.Of(gpu.Capability)), gpu.Name);
    }

    [Test]
    public void An_unknown_capability_is_named() =>
        Assert.That(Assert.Throws<ArgumentException>(() => Multiprocessor.Of((6, 1)))!.Message, Does.Contain("6.1").And.Contain("7.0, 7.5, 8.0"));
}
