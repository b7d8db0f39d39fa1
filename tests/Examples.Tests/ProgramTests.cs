namespace MiniDL.Examples.Tests;

/// <summary>The programs' graphs are those of the talk, and the shared loop counts, stops and fails as it should.</summary>
[TestFixture]
public sealed class ProgramTests
{
    private static readonly MnistChapter[] s_chapters = Progression.Mnist;

    [TestCaseSource(nameof(s_chapters))]
    public void Prediction_has_no_random_node_and_the_cost_has_one_for_each_dropout(MnistChapter chapter)
    {
        MnistProgram program = chapter.Build(new Init(seed: 1));
        int dropouts = chapter.Name switch { "modern" => 3, "conv" => 4, _ => 0 };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Traversal.Topological(program.Prediction).Count(node => node.Op is RandomOp), Is.Zero);
            Assert.That(Traversal.Topological(program.Cost).Count(node => node.Op is RandomOp), Is.EqualTo(dropouts));
        }
    }

    [TestCaseSource(nameof(s_chapters))]
    public void Weights_start_normal_with_standard_deviation_0_01_and_there_is_no_bias(MnistChapter chapter)
    {
        foreach (Shared parameter in chapter.Build(new Init(seed: 1)).Parameters)
        {
            float[] values = parameter.Value.Span<float>().ToArray();
            double std = Math.Sqrt(values.Average(value => (double)value * value));
            using (Assert.EnterMultipleScope())
            {
                Assert.That(parameter.Rank, Is.GreaterThan(1), parameter.Name);
                Assert.That(std, Is.EqualTo(0.01).Within(0.01 * 5 / Math.Sqrt(2 * values.Length)), parameter.Name);
            }
        }
    }

    [Test]
    public void The_convnets_layers_shrink_as_the_talk_says()
    {
        MnistProgram program = ConvNet.Build(new Init(seed: 1));
        Shape[] pooled = [.. Traversal.Topological(program.Prediction).Where(node => node.Op is MaxPool).Select(node => node.Shape)];
        Assert.That(pooled.Select(shape => (shape[1], shape[2], shape[3])), Is.EqualTo(new[] { (32, 15, 15), (64, 7, 7), (128, 3, 3) }));
    }

    [Test]
    public void Softmax_by_hand_is_softmax()
    {
        Tensor x = T.Matrix("x");
        using Device device = Device.Reference();
        using Function f = T.Function([x], [ModernNet.SoftmaxByHand(x), T.Softmax(x)], device: device);
        NDArray[] both = f.Eval(NDArray.From([1f, 2f, 3f, 500f, 499f, 0f], [2, 3]));
        Assert.That(both[0].Span<float>().ToArray(), Is.EqualTo(both[1].Span<float>().ToArray()).Within(1e-6f));
    }

    [TestCase(null, null, 20)]
    [TestCase(3, null, 30)]
    [TestCase(null, 7, 7)]
    [TestCase(null, 25, 25, Description = "steps alone may go beyond the default epochs")]
    [TestCase(1, 25, 10, Description = "whichever comes first")]
    public void Epochs_and_steps_together_say_how_long_it_trains(int? epochs, int? steps, int expected) =>
        Assert.That(new Options(Epochs: epochs, Steps: steps).StepsOf(defaultEpochs: 2, stepsPerEpoch: 10), Is.EqualTo(expected));

    [Test]
    public void A_batch_is_the_next_rows_in_order_and_the_last_partial_one_is_left_out()
    {
        using var folder = new TinyData();
        Mnist data = Mnist.Load(folder.Folder);
        using Device device = Device.Reference();

        // A program whose cost is the sum of what it is fed, so that it tells which rows those were.
        Tensor x = T.Matrix("X"), y = T.Matrix("Y");
        Shared none = T.Shared(0f, "none");
        var program = new MnistProgram(x, y, T.Sum(x) + T.Sum(y), [(none, none + 1)], T.ArgMax(x, axis: 1), [none]);
        using var trainer = new Trainer(program, data, device, batch: 10, seed: 1);

        float Expected(int start) => 10 + data.TrainImages.Rows(start, 10).Span<float>().ToArray().Sum(value => (float)value);
        Assert.That(trainer.BatchesPerEpoch, Is.EqualTo(2), "24 examples are two batches of 10");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(trainer.Train(0), Is.EqualTo(Expected(0)).Within(1e-2f));
            Assert.That(trainer.Train(1), Is.EqualTo(Expected(10)).Within(1e-2f));
            Assert.That(trainer.Train(2), Is.EqualTo(Expected(0)).Within(1e-2f));
            Assert.That(none.Value.Item(), Is.EqualTo(3));
        }
    }

    [Test]
    public void Accuracy_is_the_share_of_right_digits_in_percent()
    {
        using var folder = new TinyData();   // test labels are 0, 1, ..., 9
        Mnist data = Mnist.Load(folder.Folder);
        using Device device = Device.Reference();
        Tensor x = T.Matrix("X"), y = T.Matrix("Y");
        Tensor alwaysZero = T.Cast(T.Sum(x, 1) * 0, DType.Int32);
        using var trainer = new Trainer(new MnistProgram(x, y, T.Sum(x) + T.Sum(y), [], alwaysZero, []), data, device, batch: 4, seed: 1);
        Assert.That(trainer.Accuracy(), Is.EqualTo(10.0));
    }

    [Test]
    public void A_nan_in_the_data_ends_training_with_the_step_it_showed_in()
    {
        using var folder = new TinyData();
        Mnist data = Mnist.Load(folder.Folder);
        data.TrainImages.Rows(9, 1).Span<float>()[300] = float.NaN;   // in the third batch of 4
        using var output = new StringWriter();
        using var session = new Session(new Options(Device: "reference", Batch: 4), new Terminal(output), data);
        var error = Assert.Throws<DivergedException>(() => MnistRun.Run(session, Progression.Mnist[0]))!;
        Assert.That(error.Message, Does.Contain("NaN").And.Contain("step 2"));
    }

    [Test]
    public void The_seed_decides_the_run()
    {
        using var folder = new TinyData();
        Mnist data = Mnist.Load(folder.Folder);
        double Cost(ulong seed)
        {
            using var output = new StringWriter();
            using var session = new Session(new Options(Device: "reference", Batch: 4, Steps: 3, Seed: seed), new Terminal(output), data);
            return MnistRun.Run(session, Progression.Mnist.Single(chapter => chapter.Name == "modern")).FinalCost!.Value;
        }
        double first = Cost(1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cost(1), Is.EqualTo(first));
            Assert.That(Cost(2), Is.Not.EqualTo(first));
        }
    }

    [TestCaseSource(nameof(s_chapters))]
    public void The_cpu_device_takes_the_references_steps(MnistChapter chapter)
    {
        using var folder = new TinyData();
        Mnist data = Mnist.Load(folder.Folder);
        float[][] Trained(Device device)
        {
            MnistProgram program = chapter.Build(new Init(seed: 1));
            using var trainer = new Trainer(program, data, device, batch: 8, seed: 1);
            for (int step = 0; step < 3; step++) trainer.Train(step);
            return [.. program.Parameters.Select(parameter => parameter.Value.Span<float>().ToArray())];
        }
        using Device reference = Device.Reference(), cpu = Device.Cpu(threads: 2);
        foreach ((float[] expected, float[] actual) in Trained(reference).Zip(Trained(cpu)))
        {
            double largest = expected.Max(value => Math.Abs((double)value));
            double difference = expected.Zip(actual, (e, a) => Math.Abs((double)e - a)).Aggregate(0.0, Math.Max);   // NaN stays NaN; Max() would pass over it
            Assert.That(!(difference <= 2e-6 * largest), Is.False, $"{difference} of {largest}");
        }
    }

    [TestCaseSource(nameof(s_chapters))]
    public void A_warm_training_step_allocates_nothing(MnistChapter chapter)
    {
        using var folder = new TinyData();
        using Device device = Device.Cpu(threads: 1);
        using var trainer = new Trainer(chapter.Build(new Init(seed: 1)), Mnist.Load(folder.Folder), device, batch: 8, seed: 1);
        trainer.Train(0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 1; step < 10; step++) trainer.Train(step);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }
}
