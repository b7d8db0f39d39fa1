// A warm training step: it allocates nothing, and the same steps give the same bits with any number of threads.
using MiniDL.Tests.Lowering;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed class WarmStepTests
{
    private static readonly string[] s_models = ["logistic", "old", "modern", "conv"];

    [Test]
    public void AWarmStepAllocatesNothing([ValueSource(nameof(s_models))] string model, [Values(1, 2)] int threads)
    {
        TrainingStep step = Models.SmallByName(model);
        using Device device = Device.Cpu(threads);
        using Function train = step.Compile(device);
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        float cost = 0;
        Assert.That(Numbers.Allocated(() => cost = train.Run(x, y).Scalar()), Is.Zero);
        Assert.That(cost, Is.Not.NaN);
    }

    [Test]
    public void StepsHaveTheSameBitsWithAnyNumberOfThreads([ValueSource(nameof(s_models))] string model)
    {
        // Wide enough that stages are shared out and reductions split.
        TrainingStep Make() => model switch
        {
            "logistic" => Models.Logistic(),
            "old" => Models.Old(hidden: 100),
            "modern" => Models.Modern(hidden: 100),
            _ => Models.Conv(batch: 20, channels: 8, hidden: 64),
        };
        var bits = new List<int[]>();
        foreach (int threads in new[] { 1, 2, 3, 2 })
        {
            TrainingStep step = Make();
            using Device device = Device.Cpu(threads);
            using Function train = step.Compile(device);
            var numbers = new List<float>();
            for (int i = 0; i < 3; i++)
            {
                (NDArray x, NDArray y) = step.Batch(seed: i);
                numbers.Add(train.Run(x, y).Scalar());
            }
            foreach (Update update in step.Updates) numbers.AddRange(update.Variable.Value.Span<float>().ToArray());
            bits.Add([.. numbers.Select(BitConverter.SingleToInt32Bits)]);
        }
        using (Assert.EnterMultipleScope())
        {
            Assert.That(bits[1].AsSpan().SequenceEqual(bits[0]), Is.True, "2 threads");
            Assert.That(bits[2].AsSpan().SequenceEqual(bits[0]), Is.True, "3 threads");
            Assert.That(bits[3].AsSpan().SequenceEqual(bits[0]), Is.True, "2 threads again");
        }
    }
}
