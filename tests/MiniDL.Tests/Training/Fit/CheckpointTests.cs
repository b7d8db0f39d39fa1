// A run that was saved and resumed ends with the bits of one that never stopped; a checkpoint of something else changes nothing.
using MiniDL.Tests.Lowering;
using static MiniDL.Layer;

namespace MiniDL.Tests.Training.Fit;

[TestFixture]
public sealed class CheckpointTests
{
    private string _folder = "";
    private Device _device = null!;

    [SetUp]
    public void Make() => (_folder, _device) = (Directory.CreateTempSubdirectory("minidl-checkpoint-").FullName, Device.Cpu(threads: 1));

    [TearDown]
    public void Remove()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Place => Path.Combine(_folder, "run.safetensors");

    // In the middle of the first epoch, at its end, in the middle of a later one.
    [TestCase(3)]
    [TestCase(8)]
    [TestCase(13)]
    public void A_learner_goes_on_to_the_bit_as_if_it_had_not_stopped(int stopAfter)
    {
        var options = new FitOptions
        {
            Epochs = 3,
            Batch = 12,
            Schedule = Schedules.OneCycle(0.01f, steps: 24),
            Validation = Points(30, seed: 2),
            Patience = 2,
            Augment = (NDArray x, ref SplitMix64 random) => x.Span<float>()[0] += (float)random.NextNormal(),
        };
        using Learner whole = MoonLearner(), first = MoonLearner(), second = MoonLearner(firstValues: 99);
        History expected = whole.Fit(Points(100), options);

        first.Fit(Points(100), options with { Steps = stopAfter });
        first.Save(Place);
        second.Load(Place);
        History resumed = second.Fit(Points(100), options);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(expected.Last!.Steps, Is.EqualTo(24));
            Assert.That(Bytes(second.Variables), Is.EqualTo(Bytes(whole.Variables)));
            Assert.That(resumed.Epochs.Select(WithoutSeconds), Is.EqualTo(expected.Epochs.Select(WithoutSeconds)));
            Assert.That(resumed.End, Is.EqualTo(expected.End));
        }
    }

    [Test]
    public void Patience_remembers_the_epochs_before_the_checkpoint()
    {
        DataSet opposite = Points(60, seed: 2);
        foreach (ref int label in opposite.Y.Span<int>()) label = 1 - label;
        var options = new FitOptions { Epochs = 30, Batch = 10, Schedule = Schedules.Constant(0.02f), Validation = opposite, Patience = 4 };
        using Learner whole = MoonLearner(), first = MoonLearner(), second = MoonLearner();
        History expected = whole.Fit(Points(100), options);
        first.Fit(Points(100), options with { Epochs = expected.Epochs.Count - 1 });
        first.Save(Place);
        second.Load(Place);
        History resumed = second.Fit(Points(100), options);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(expected.End, Is.EqualTo(FitEnd.Patience));
            Assert.That((resumed.End, resumed.Epochs.Count), Is.EqualTo((FitEnd.Patience, expected.Epochs.Count)));
        }
    }

    [Test]
    public void A_function_with_dropout_goes_on_by_its_counter()
    {
        Update[] After(int steps, int saveAt, bool resume)
        {
            TrainingStep step = Models.SmallByName("modern");
            using Function train = step.Compile(_device);
            IReadOnlyList<Shared> variables = Checkpoint.Variables([], step.Updates);
            if (resume)
                Checkpoint.Load(Place, variables, notes =>
                {
                    ulong counter = notes.Number("counter");
                    return () => train.Counter = counter;
                });
            for (int i = resume ? saveAt : 0; i < steps; i++)
            {
                if (i == saveAt && !resume) Checkpoint.Save(Place, variables, new Dictionary<string, string> { ["counter"] = $"{train.Counter}" });
                (NDArray x, NDArray y) = step.Batch(seed: i);
                train.Run(x, y);
            }
            return step.Updates;
        }
        byte[] whole = Bytes(After(10, saveAt: 6, resume: false).Select(update => update.Variable)), resumed = Bytes(After(10, saveAt: 6, resume: true).Select(update => update.Variable));
        Assert.That(resumed, Is.EqualTo(whole));
    }

    [Test]
    public void It_holds_parameters_statistics_the_optimisers_memory_and_the_place_by_name()
    {
        using Learner learner = MoonLearner();
        learner.Fit(Points(100), new FitOptions { Batch = 10, Steps = 13 });
        learner.Save(Place);
        SafeTensors file = SafeTensors.Load(Place);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(file.Names, Is.SupersetOf(new[] { "dense.weights", "batch_norm.mean", "batch_norm.variance", "mean of dense.weights", "mean square of dense_2.bias", "1 - beta1^t" }));
            Assert.That(file.Metadata["step"], Is.EqualTo("13"));
            Assert.That(file.Metadata["step_in_epoch"], Is.EqualTo("3"));
            Assert.That(file.Metadata["counter"], Is.EqualTo("13"));
            Assert.That(EpochReport.FromJson(file.Metadata["history"]).Steps, Is.EqualTo(10));
        }
    }

    [Test]
    public void A_checkpoint_of_another_net_is_refused_with_all_that_differs_and_nothing_changes()
    {
        using Learner other = MoonLearner(net: Sequential(Dense(9), Relu, Dense(2), Relu, Dense(2)));
        other.Save(Place);
        using Learner learner = MoonLearner();
        byte[] before = Bytes(learner.Variables);
        var error = Assert.Throws<DataFileException>(() => learner.Load(Place))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.Contain("'dense.weights' is float32(2, 9) in the file and float32(2, 16) in the program").And.Contain("'batch_norm.gamma' float32(16) is missing").And.Match("and \\d+ more"));
            Assert.That(Bytes(learner.Variables), Is.EqualTo(before));
            Assert.That(learner.Steps, Is.Zero);
        }
    }

    [TestCase("seed", "2", "seed 2, this one has 1")]
    [TestCase("step", "-1", "'step' should be a whole number from 0 to 2147483647, not '-1'")]
    [TestCase("step", "99999999999", "'step' should be")]
    [TestCase("counter", "", "'counter' should be")]
    [TestCase("history", "{}", "'history' is damaged")]
    [TestCase("history", "[1", "'history' is damaged")]
    [TestCase("step_in_epoch", null, "no note 'step_in_epoch'")]
    public void A_note_that_is_wrong_changes_nothing(string note, string? text, string says)
    {
        using Learner trained = MoonLearner(), learner = MoonLearner();
        trained.Fit(Points(100), new FitOptions { Batch = 10, Steps = 13 });
        trained.Save(Place);
        SafeTensors file = SafeTensors.Load(Place);
        var notes = new Dictionary<string, string>(file.Metadata);
        if (text is null) notes.Remove(note);
        else notes[note] = text;
        SafeTensors.Save(Place, [.. file.Names.Select(name => (name, file[name]))], notes);

        byte[] before = Bytes(learner.Variables);
        Assert.That(() => learner.Load(Place), Throws.TypeOf<DataFileException>().With.Message.Contains(says));
        Assert.That((Bytes(learner.Variables).SequenceEqual(before), learner.Steps), Is.EqualTo((true, 0)));
    }

    [Test]
    public void Variables_of_one_name_are_told_apart_by_their_order()
    {
        Shared[] Pair(float a, float b) => [T.Shared(NDArray.Scalar(a), "w"), T.Shared(NDArray.Scalar(b), "w"), T.Shared(NDArray.Scalar(a + b))];
        Checkpoint.Save(Place, Pair(1, 2), new Dictionary<string, string>());
        Shared[] loaded = Pair(0, 0);
        Checkpoint.Load(Place, loaded, _ => () => { });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(SafeTensors.Load(Place).Names, Is.EqualTo(new[] { "w", "w (2)", "variable" }));
            Assert.That(loaded.Select(variable => variable.Value.Item()), Is.EqualTo(new[] { 1f, 2f, 3f }));
        }
    }

    [Test]
    public void A_report_survives_its_line_of_JSON()
    {
        var report = new EpochReport(3, 1404, 1.0 / 3, null, 0.1, 0.99, 0.001f, 12.5);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(EpochReport.FromJson(report.ToJson()), Is.EqualTo(report));
            Assert.That(report.ToJson(), Does.StartWith("""{"epoch":3,"steps":1404,"cost":0.333""").And.Contains("\"accuracy\":null"));
            Assert.That(EpochReport.FromJson((report with { Cost = double.NaN }).ToJson()).Cost, Is.NaN);
        }
    }

    private Learner MoonLearner(Layer? net = null, ulong firstValues = 1) =>
        new(new Model(net ?? Sequential(Dense(16), BatchNorm(), Relu, Dropout(0.2f), Dense(2)), [2], new Init(firstValues)), T.Vector("labels", DType.Int32),
            (z, labels) => T.SparseCrossEntropy(z, labels), (cost, parameters, rate) => T.Adam(cost, parameters, rate), _device, seed: 1);

    private static DataSet Points(int count, ulong seed = 1)
    {
        (NDArray x, NDArray labels) = Moons.Make(count, noise: 0.1, seed);
        return new DataSet(x, labels);
    }

    private static EpochReport WithoutSeconds(EpochReport report) => report with { Seconds = 0 };

    private static byte[] Bytes(IEnumerable<Shared> variables) => [.. variables.SelectMany(variable => variable.Value.Bytes().ToArray())];
}
