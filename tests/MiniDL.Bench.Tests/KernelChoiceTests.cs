// The command line of bench -- kernels: what is wrong with it is found before anything runs.
using MiniDL.Bench.Kernels;
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Tests;

[TestFixture]
public sealed class KernelChoiceTests
{
    [Test]
    public void Without_options_it_is_every_rung_of_every_ladder_at_its_own_size()
    {
        KernelChoice choice = KernelChoice.Of(null, null, null, null);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(choice.Ladders.Select(one => one.Ladder), Is.EqualTo(LadderList.All));
            Assert.That(choice.HasSize, Is.False);
            foreach (LadderChoice one in choice.Ladders)
            {
                Assert.That(one.Rungs, Is.EqualTo(one.Ladder.Rungs));
                Assert.That(one.Problem.Size, Is.EqualTo(one.Ladder.OfSize(one.Ladder.DefaultSize).Size));
            }
            Assert.That(choice.Device.TryReal, Is.True);
            Assert.That(choice.Device.Simulated, Is.EqualTo(new[] { KnownGpus.A100, KnownGpus.Rtx3090 }));
        }
    }

    [Test]
    public void Options_choose_a_ladder_a_rung_a_size_and_a_gpu()
    {
        KernelChoice choice = KernelChoice.Of("sgemm", 1, 96, "sim:h100");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(choice.Ladders.Single().Rungs.Single().File, Is.EqualTo("sgemm/01_naive.cu"));
            Assert.That(choice.Ladders.Single().Problem.Size, Is.EqualTo("96 x 96 x 96"));
            Assert.That(choice.HasSize, Is.True);
            Assert.That(choice.Device.TryReal, Is.False);
            Assert.That(choice.Device.Simulated, Is.EqualTo(new[] { KnownGpus.H100 }));
        }
    }

    [Test]
    public void A_real_gpu_that_was_asked_for_has_no_stand_in() => Assert.That(KernelChoice.Of(null, null, null, "cuda").Device, Is.EqualTo(new DeviceChoice(true, [])).Using<DeviceChoice>((a, b) =>
        a.TryReal == b.TryReal && a.Simulated.SequenceEqual(b.Simulated)));

    [TestCase("marble", null, null, null, false, "there is no ladder 'marble'; there are elementwise, transpose")]
    [TestCase("sgemm", 99, null, null, false, "there is no rung 99: sgemm has 1 to")]
    [TestCase("sgemm", 0, null, null, false, "there is no rung 0: sgemm has 1 to")]
    [TestCase("sgemm", null, 0, null, false, "--n takes a whole number above 0, not 0")]
    [TestCase("sgemm", null, 30_000, null, false, "--n 30000 is too large for ladder sgemm")]
    [TestCase("sgemm", null, 65_537, null, false, "--n 65537 is too large for ladder sgemm", TestName = "An error says what can be given: counts of elements that wrap around")]
    [TestCase(null, null, null, "gpu", false, "--device takes cuda, sim or sim:GPU, not 'gpu'")]
    [TestCase(null, null, null, "sim:voodoo", false, "no known GPU is called 'voodoo'; there are V100, A100")]
    [TestCase("sgemm", 1, null, null, true, "leave --rung and --n out")]
    [TestCase("sgemm", null, 64, null, true, "leave --rung and --n out")]
    public void An_error_says_what_can_be_given(string? ladder, int? rung, int? n, string? device, bool write, string said)
    {
        string message = Assert.Throws<ArgumentException>(() => KernelChoice.Of(ladder, rung, n, device, write)).Message;
        Assert.That(message, Does.Contain(said));
        Assert.That(message, Does.Not.Contain('\n'));
    }
}
