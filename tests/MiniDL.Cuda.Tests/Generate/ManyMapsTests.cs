// Updates of different expressions over arrays of different sizes in one launch, on the simulated GPU with all checks on.
using MiniDL.Simulator;
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class ManyMapsTests
{
    private static readonly int[] s_sizes = [1, 3, 1024, 4099, 5, 2048, 31];

    /// <summary>Adam: the corrections c1 and c2 are a family of their own and operands of all others. Some parameters are blurred by noise besides, a third family.</summary>
    [Test]
    public void Families_that_share_operands_and_draw_random_numbers_agree_with_the_reference()
    {
        using SimulatedGpu gpu = CheckedGpu.Make();
        float[][] actual, expected;
        using (var device = new CudaDevice(gpu, Nvrtc.Required(), new CudaOptions()))
        {
            actual = Trained(device, out Function train);
            using (train)
            {
                KernelStep update = ProgramPlan.For(train.Program!, Stages.Options).Steps.OfType<KernelStep>().Single(step => step.Source.Name == "map_update");
                Assert.That(update.Source.Text.Split("const Share own").Length - 1, Is.GreaterThan(1), "several families");
                Assert.That(update.Source.Text, Does.Contain("const uint64* __restrict__ run)"));
            }
        }
        gpu.AssertClean();
        using (Device reference = Device.Reference())
        {
            expected = Trained(reference, out Function train);
            train.Dispose();
        }
        foreach ((float[] right, float[] result) in expected.Zip(actual))
            Assert.That(right.Zip(result).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-5 * Math.Max(1, Math.Abs(pair.First))), Is.True);
    }

    /// <summary>The parameters after three steps.</summary>
    private static float[][] Trained(Device device, out Function train)
    {
        Shared[] parameters = [.. s_sizes.Select((size, t) => Shared(new Init((ulong)t).Normal([size], 1f), $"w{t}"))];
        Shared[] blurred = [.. s_sizes.Select((size, t) => Shared(NDArray.Zeros([size]), $"b{t}"))];
        Tensor cost = parameters.Select(w => Sum(Square(w - 0.5f))).Aggregate((a, b) => a + b);
        Update[] noise = [.. blurred.Select(b => new Update(b, 0.5f * b + Uniform(b)))];
        train = Function([], [], [.. Adam(cost, parameters, 0.1f), .. noise], device: device, seed: 3);
        for (int step = 0; step < 3; step++) train.Run();
        return [.. parameters.Concat(blurred).Select(shared => shared.Value.Span<float>().ToArray())];
    }
}
