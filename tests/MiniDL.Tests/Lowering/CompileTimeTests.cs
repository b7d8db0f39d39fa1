// How long compiling takes: the convnet's training step, and graphs large enough to show anything that is not linear.
using System.Diagnostics;
using static MiniDL.T;

namespace MiniDL.Tests.Lowering;

[TestFixture]
[NonParallelizable]
internal sealed class CompileTimeTests
{
    private static double Milliseconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static Program Compile(Device device, Tensor[] inputs, Tensor output, Shape shape)
    {
        using Function function = T.Function(inputs, output, device: device);
        function.Compile([.. inputs.Select(_ => shape)]);
        return function.Program!;
    }

    /// <summary>The least of three: what the machine does besides only adds.</summary>
    private static double LeastOfThree(Action action) => Enumerable.Range(0, 3).Min(_ => Milliseconds(action));

    [Test]
    public void TheConvnetsTrainingStepCompilesInWellUnderATenthOfASecond()
    {
        using Device device = Device.Cpu(2);
        var times = new List<double>();
        for (int i = 0; i < 15; i++)
        {
            TrainingStep step = Models.Conv();
            using Function train = step.Compile(device);
            times.Add(Milliseconds(() => train.Compile(step.XShape, step.YShape)));
        }
        double median = times.Skip(4).Order().ElementAt(5);
        TestContext.Out.WriteLine($"convnet training step: first {times[0]:F1} ms, median of {times.Count - 4} warm {median:F1} ms");
        Assert.That(median, Is.LessThan(100));
    }

    [Test]
    public void AChainOfTenThousandElementwiseOps()
    {
        using Device device = Device.Cpu(1);
        Tensor x = T.Input([100], "x"), y = x;
        using (Source.At(new SourceLocation("chain.cs", 1)))   // looking up 10,000 lines is not what is measured
            for (int i = 0; i < 10_000; i++) y = (i % 3) switch { 0 => Tanh(y), 1 => y + x, _ => y * 0.5f };
        double time = LeastOfThree(() => Compile(device, [x], y, [100]));
        TestContext.Out.WriteLine($"{time:F0} ms");
        Assert.That(time, Is.LessThan(1000));
    }

    [Test]
    public void ASharedGraphOfFiveThousandOps()
    {
        using Device device = Device.Cpu(1);
        var random = new Random(1);
        Tensor x = T.Input([10, 10], "x");
        List<Tensor> nodes = [x];
        using (Source.At(new SourceLocation("dag.cs", 1)))
            for (int i = 0; i < 5000; i++)
            {
                Tensor a = nodes[random.Next(Math.Max(0, nodes.Count - 50), nodes.Count)], b = nodes[random.Next(nodes.Count)];
                nodes.Add((i % 7) switch { 0 => Dot(a, b), 1 => Tanh(a) + Max(b, 1, keepDims: true), 2 => Softmax(a), 3 => Transpose(a) * b, 4 => Sigmoid(a) - b, 5 => Where(a > b, a, b), _ => a * b });
            }
        Tensor sum = nodes[^1] + nodes[^2] + nodes[^3];
        double time = LeastOfThree(() => Compile(device, [x], sum, [10, 10]));
        TestContext.Out.WriteLine($"{time:F0} ms");
        Assert.That(time, Is.LessThan(1000));
    }

    [Test]
    public void TwoThousandLayersOfDotAndRelu()
    {
        using Device device = Device.Cpu(1);
        Tensor x = T.Input([4, 8], "x"), h = x;
        Shared w = Shared(new Init(1).HeNormal([8, 8]), "w");
        using (Source.At(new SourceLocation("layers.cs", 1)))
            for (int i = 0; i < 2000; i++) h = Relu(Dot(h, w));
        double time = LeastOfThree(() => Compile(device, [x], h, [4, 8]));
        TestContext.Out.WriteLine($"{time:F0} ms");
        Assert.That(time, Is.LessThan(1000));
    }

    // Every activation lives until its gradient is computed: the memory plan has thousands of buffers alive at once.
    [Test]
    public void TheGradientOfAThousandLayers()
    {
        using Device device = Device.Cpu(1);
        Tensor x = T.Input([4, 8], "x"), h = x;
        var weights = new List<Shared>();
        Tensor cost;
        Update[] updates;
        using (Source.At(new SourceLocation("layers.cs", 1)))
        {
            for (int i = 0; i < 1000; i++)
            {
                weights.Add(Shared(new Init(1).HeNormal([8, 8]), $"w{i}"));
                h = Relu(Dot(h, weights[^1]));
            }
            cost = Mean(Square(h));
            updates = RmsProp(cost, weights, 0.001f);
        }
        double time = LeastOfThree(() =>
        {
            using Function train = T.Function([x], cost, updates, device: device);
            train.Compile([4, 8]);
        });
        TestContext.Out.WriteLine($"{time:F0} ms");
        Assert.That(time, Is.LessThan(2000));
    }

    [Test]
    public void ListingManyNodesOfOneNameIsLinear()
    {
        Tensor x = Vector("x"), y = x;
        using (Source.At(new SourceLocation("names.cs", 1)))
            for (int i = 0; i < 20_000; i++) y = Tanh(y).Named("h");
        double time = LeastOfThree(() => Listing.Print(y));
        TestContext.Out.WriteLine($"{time:F0} ms");
        Assert.That(Listing.Print(y), Does.Contain("h#20000 = tanh(h#19999)"));
        Assert.That(time, Is.LessThan(500));
    }
}
