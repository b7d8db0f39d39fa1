using static MiniDL.Layer;

namespace MiniDL.Tests.Training.Fit;

/// <summary>What a training run does and reports.</summary>
[TestFixture]
public sealed class LearnerTests
{
    private Device _device = null!;

    [SetUp]
    public void OpenDevice() => _device = Device.Cpu(threads: 1);

    [TearDown]
    public void CloseDevice() => _device.Dispose();

    [Test]
    public void Two_moons_are_learned()
    {
        using Learner learner = MoonLearner();
        History history = learner.Fit(Points(400), new FitOptions { Epochs = 40, Batch = 20, Schedule = Schedules.Constant(0.01f), Validation = Points(200, seed: 2) });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(history.End, Is.EqualTo(FitEnd.Epochs));
            Assert.That(history.Epochs.Select(report => report.Epoch), Is.EqualTo(Enumerable.Range(1, 40)));
            Assert.That(history.Last!.Cost, Is.LessThan(0.3 * history.Epochs[0].Cost));
            Assert.That(history.Last!.Accuracy, Is.GreaterThan(0.97));
            Assert.That(history.Last!.ValidationAccuracy, Is.GreaterThan(0.97));
            Assert.That(history.Epochs.All(report => report.Seconds > 0 && report.IsWhole && report.Steps == 20 * report.Epoch), Is.True);
        }
    }

    [Test]
    public void A_last_batch_that_is_not_full_is_left_out_of_training_and_counted_in_evaluation()
    {
        using Learner learner = MoonLearner();
        DataSet data = Points(50);
        History history = learner.Fit(data, new FitOptions { Epochs = 2, Batch = 16 });
        Measured inSevens = learner.Evaluate(data, batch: 7), atOnce = learner.Evaluate(data, batch: 50);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(history.Last!.Steps, Is.EqualTo(2 * 3), "50 = 3 * 16 + 2");
            Assert.That(inSevens.Cost, Is.EqualTo(atOnce.Cost).Within(1e-6));
            Assert.That(inSevens.Accuracy, Is.EqualTo(atOnce.Accuracy));
        }
    }

    [Test]
    public void The_reported_cost_and_accuracy_are_means_over_the_epochs_steps()
    {
        // With a rate of 0 and no dropout nothing moves: an epoch over all examples has their cost.
        using Learner learner = MoonLearner(Sequential(Dense(4), Tanh, Dense(2)));
        DataSet data = Points(48);
        EpochReport report = learner.Fit(data, new FitOptions { Epochs = 1, Batch = 16, Schedule = Schedules.Constant(0) }).Last!;
        Measured all = learner.Evaluate(data);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Cost, Is.EqualTo(all.Cost).Within(1e-6));
            Assert.That(report.Accuracy, Is.EqualTo(all.Accuracy).And.InRange(0.1, 0.99));
        }
    }

    [Test]
    public void Predictions_are_the_outputs_row_by_row()
    {
        using Learner learner = MoonLearner();
        NDArray x = Points(23).X;
        NDArray parts = learner.Predict(x, batch: 5), whole = learner.Predict(x);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(parts.Shape, Is.EqualTo(Shape.Create([23, 2])));
            Assert.That(parts.Span<float>().ToArray(), Is.EqualTo(whole.Span<float>().ToArray()).Within(1e-6f));
            Assert.That(whole.Span<float>().ToArray().Distinct().Count(), Is.GreaterThan(40));
        }
    }

    [Test]
    public void A_regression_has_no_accuracy_unless_it_is_told_what_is_right()
    {
        var model = new Model(Dense(1), [1], new Init(1));
        var data = new DataSet(NDArray.From([0f, 1f, 2f, 3f], [4, 1]), NDArray.From([1f, 3f, 5f, 7f], [4, 1]));   // y = 2x + 1
        Learner Make(Func<Tensor, Tensor, Tensor>? isRight) =>
            new(model, T.Matrix("y"), (y, t) => T.MeanSquaredError(y, t), (cost, parameters, rate) => T.Sgd(cost, parameters, rate), _device, isRight: isRight);
        using Learner plain = Make(null), told = Make((y, t) => T.Less(T.Sum(T.Square(y - t), axis: 1), 0.01f));
        History history = plain.Fit(data, new FitOptions { Epochs = 400, Batch = 4, Schedule = Schedules.Constant(0.1f), Validation = data });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(history.Last!.ValidationCost, Is.LessThan(1e-4));
            Assert.That((history.Last.Accuracy, history.Last!.ValidationAccuracy), Is.EqualTo(((double?)null, (double?)null)));
            Assert.That(told.Evaluate(data).Accuracy, Is.EqualTo(1));
        }
    }

    [Test]
    public void The_rate_follows_the_schedule_step_by_step()
    {
        var asked = new List<int>();
        using Learner learner = MoonLearner();
        History history = learner.Fit(Points(40), new FitOptions { Epochs = 3, Batch = 10, Schedule = step => { asked.Add(step); return step / 1024f; } });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(asked, Is.EqualTo(Enumerable.Range(0, 12)));
            Assert.That(history.Epochs.Select(report => report.Rate), Is.EqualTo(new[] { 3 / 1024f, 7 / 1024f, 11 / 1024f }));
        }
    }

    [Test]
    public void Training_stops_when_the_validation_cost_has_not_fallen_for_as_long_as_the_patience_lasts()
    {
        // Validation by the opposite labels: what is learned makes it worse, so the first epoch is the best.
        DataSet data = Points(200), opposite = Points(200);
        foreach (ref int label in opposite.Y.Span<int>()) label = 1 - label;
        using Learner learner = MoonLearner();
        History history = learner.Fit(data, new FitOptions { Epochs = 50, Batch = 20, Schedule = Schedules.Constant(0.01f), Validation = opposite, Patience = 3 });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(history.End, Is.EqualTo(FitEnd.Patience));
            Assert.That(history.Epochs, Has.Count.EqualTo(4), "the best, and three that were not better");
            Assert.That(history.Epochs.Skip(1).Select(report => report.ValidationCost), Has.All.GreaterThan(history.Epochs[0].ValidationCost!));
        }
    }

    [Test]
    public void Cancelled_it_ends_after_the_step_with_what_was_trained()
    {
        using var source = new CancellationTokenSource();
        using Learner learner = MoonLearner();
        double[] before = Values(learner);
        History history = learner.Fit(Points(100), new FitOptions { Epochs = 5, Batch = 10, AfterStep = steps => { if (steps == 14) source.Cancel(); } }, source.Token);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(history.End, Is.EqualTo(FitEnd.Cancelled));
            Assert.That((learner.Steps, learner.Epochs), Is.EqualTo((14, 1)));
            Assert.That((history.Last!.IsWhole, history.Last.Epoch, history.Last.Steps), Is.EqualTo((false, 2, 14)));
            Assert.That(Values(learner), Is.Not.EqualTo(before));
        }
    }

    [Test]
    public void Cancelled_before_it_begins_it_makes_no_step()
    {
        using Learner learner = MoonLearner();
        History history = learner.Fit(Points(100), new FitOptions { Batch = 10 }, new CancellationToken(canceled: true));
        Assert.That((history.End, history.Last, learner.Steps), Is.EqualTo((FitEnd.Cancelled, (EpochReport?)null, 0)));
    }

    [Test]
    public void Steps_end_it_within_an_epoch_and_epochs_count_from_the_learners_first()
    {
        using Learner learner = MoonLearner();
        DataSet data = Points(100);
        var options = new FitOptions { Epochs = 2, Batch = 10, Steps = 13, Validation = data };
        History first = learner.Fit(data, options), second = learner.Fit(data, options with { Steps = null }), third = learner.Fit(data, options with { Steps = null });
        using (Assert.EnterMultipleScope())
        {
            Assert.That((first.End, first.Last!.Steps, first.Last.IsWhole), Is.EqualTo((FitEnd.Steps, 13, false)));
            Assert.That(first.Last.ValidationCost, Is.Not.Null);
            Assert.That((second.End, second.Last!.Steps, second.Epochs.Count), Is.EqualTo((FitEnd.Epochs, 20, 2)));
            Assert.That(third.Epochs, Is.EqualTo(second.Epochs), "nothing was left to do");
        }
    }

    [Test]
    public void A_cost_that_is_no_number_ends_it()
    {
        using Learner learner = MoonLearner();
        History history = learner.Fit(Points(100), new FitOptions { Epochs = 9, Batch = 10, Schedule = Schedules.Constant(float.MaxValue) });
        Assert.That((history.End, double.IsFinite(history.Last!.Cost)), Is.EqualTo((FitEnd.Diverged, false)));
    }

    [Test]
    public void Progress_is_told_of_every_epoch_and_the_checkpoint_is_there_by_then()
    {
        string folder = Directory.CreateTempSubdirectory("minidl-fit-").FullName, path = Path.Combine(folder, "run");
        var told = new List<(EpochReport Report, bool IsSaved)>();
        using Learner learner = MoonLearner();
        History history = learner.Fit(Points(40), new FitOptions { Epochs = 3, Batch = 10, Checkpoint = path, Progress = new Told(report => told.Add((report, File.Exists(path)))) });
        Directory.Delete(folder, recursive: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(told.Select(each => each.Report), Is.EqualTo(history.Epochs));
            Assert.That(told, Has.All.Matches<(EpochReport, bool IsSaved)>(each => each.IsSaved));
        }
    }

    [Test]
    public void A_warm_step_allocates_nothing()
    {
        var allocated = new long[400];
        using Learner learner = MoonLearner();
        learner.Fit(Points(1000), new FitOptions
        {
            Epochs = 4,
            Batch = 10,
            Schedule = Schedules.OneCycle(0.01f, steps: 400),
            Augment = Noise,
            AfterStep = steps => allocated[steps - 1] = GC.GetTotalAllocatedBytes(precise: true),
        });
        // Within the last epoch, ten steps on end; others of the process may allocate now and then.
        Assert.That(Enumerable.Range(310, 80).Min(step => allocated[step + 10] - allocated[step]), Is.Zero);
    }

    [Test]
    public void Augmentation_sees_a_copy_of_the_batch_and_the_same_numbers_in_the_same_step()
    {
        List<float> Seen(ulong seed)
        {
            var seen = new List<float>();
            using Learner learner = MoonLearner(seed: seed);
            DataSet data = Points(40);
            float[] before = data.X.Span<float>().ToArray();
            learner.Fit(data, new FitOptions { Epochs = 2, Batch = 10, Shuffle = false, Augment = (NDArray x, ref SplitMix64 random) => { Noise(x, ref random); seen.Add(x.Span<float>()[0]); } });
            Assert.That(data.X.Span<float>().ToArray(), Is.EqualTo(before));
            return seen;
        }
        List<float> one = Seen(1), again = Seen(1), other = Seen(2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(again, Is.EqualTo(one));
            Assert.That(other, Is.Not.EqualTo(one));
            Assert.That(one, Is.Unique, "other noise in the second epoch");
        }
    }

    private static IEnumerable<TestCaseData> Misuse()
    {
        static TestCaseData Case(string name, Action<Learner> fit, string says) => new TestCaseData(fit, says).SetArgDisplayNames(name);
        yield return Case("batch too large", learner => learner.Fit(Points(10), new FitOptions { Batch = 11 }), "1 to 10 examples");
        yield return Case("no epochs", learner => learner.Fit(Points(10), new FitOptions { Batch = 5, Epochs = 0 }), "epochs must be at least 1");
        yield return Case("patience without validation", learner => learner.Fit(Points(10), new FitOptions { Batch = 5, Patience = 1 }), "give validation data");
        yield return Case("fewer targets", learner => learner.Fit(new DataSet(Points(10).X, Points(9).Y), new FitOptions()), "(10, 2)");
        yield return Case("float targets", learner => learner.Fit(new DataSet(Points(10).X, NDArray.Zeros([10])), new FitOptions()), "the training targets are float32(10); the loss takes int32(?)");
        yield return Case("other examples", learner => learner.Evaluate(new DataSet(NDArray.Zeros([10, 3]), Points(10).Y)), "float32(10, 3); the model takes float32(?, 2)");
        yield return Case("validation of another shape", learner => learner.Fit(Points(10), new FitOptions { Batch = 5, Validation = new DataSet(NDArray.Zeros([10, 3]), Points(10).Y) }), "the validation examples");
        yield return Case("no examples", learner => learner.Evaluate(Points(10).Rows(0, 0)), "no examples");
        yield return Case("other batches in mid-epoch", learner =>
        {
            learner.Fit(Points(20), new FitOptions { Batch = 2, Steps = 5 });
            learner.Fit(Points(20), new FitOptions { Batch = 10 });
        }, "5 steps into an epoch");
    }

    [TestCaseSource(nameof(Misuse))]
    public void Misuse_is_told_with_the_numbers(Action<Learner> use, string says)
    {
        using Learner learner = MoonLearner();
        Assert.That(() => use(learner), Throws.ArgumentException.With.Message.Contains(says));
    }

    private Learner MoonLearner(Layer? net = null, ulong seed = 1) =>
        new(new Model(net ?? Sequential(Dense(20), Relu, Dropout(0.1f), Dense(2)), [2], new Init(1)), T.Vector("labels", DType.Int32),
            (z, labels) => T.SparseCrossEntropy(z, labels), (cost, parameters, rate) => T.Adam(cost, parameters, rate), _device, seed);

    private static DataSet Points(int count, ulong seed = 1)
    {
        (NDArray x, NDArray labels) = Moons.Make(count, noise: 0.1, seed);
        return new DataSet(x, labels);
    }

    private static void Noise(NDArray x, ref SplitMix64 random)
    {
        foreach (ref float element in x.Span<float>()) element += (float)(0.01 * random.NextNormal());
    }

    private static double[] Values(Learner learner) => [.. learner.Model.Parameters.SelectMany(parameter => parameter.Value.Span<float>().ToArray().Select(value => (double)value))];

    private sealed class Told(Action<EpochReport> tell) : IProgress<EpochReport>
    {
        public void Report(EpochReport value) => tell(value);
    }
}
