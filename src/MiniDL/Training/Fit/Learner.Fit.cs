// The training loop: epochs of steps, and between two epochs a look at where things stand.
//
// The one thing to understand: between two steps the learner's place (epoch, step within it) and its variables are all there is to know, since the order of the examples, their
// augmentation and the learning rate are functions of the place. That is why a run can be cancelled after any step, saved, and gone on with as if nothing had been.
using System.Diagnostics;

namespace MiniDL;

public sealed partial class Learner
{
    private readonly List<EpochReport> _reports = [];   // of whole epochs
    private readonly NDArray _number = NDArray.Scalar(0f);
    private int _inEpoch;                               // steps of the epoch that is under way

    /// <summary>Whole epochs so far.</summary>
    public int Epochs => _reports.Count;

    /// <summary>Steps so far.</summary>
    public int Steps { get; private set; }

    /// <summary>Trains until one of the options' ends is reached, or the token is cancelled: then it returns after the step that is under way.</summary>
    /// <remarks>A last batch that is not full is left out: its mean would be over fewer examples and yet move the weights as far as a whole one. With shuffling it is other examples
    /// every epoch.</remarks>
    /// <param name="training">What to learn from.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends it cleanly, with what was trained.</param>
    /// <exception cref="ArgumentException">The options contradict themselves or the data, or the data do not suit the model or the loss.</exception>
    public History Fit(DataSet training, FitOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(options);
        training.Check("training", _x, _targets);
        options.Validation?.Check("validation", _x, _targets);
        options.Check(training);
        int perEpoch = training.Count / options.Batch;
        if (_inEpoch >= perEpoch) throw new ArgumentException($"the learner is {_inEpoch} steps into an epoch, which with these data and batches has {perEpoch} in all; go on with those it began with");

        var batch = new Batch(training, options.Batch);
        var order = new EpochOrder(training.Count, _seed, options.Shuffle);
        FitEnd? end = EndBefore(options, cancellation);
        EpochReport? part = null;
        while (end is null)
        {
            long start = Stopwatch.GetTimestamp();
            ReadOnlySpan<int> rows = order.Of(Epochs);
            do
            {
                Step(batch, rows.Slice(_inEpoch * options.Batch, options.Batch), options);
                options.AfterStep?.Invoke(Steps);
            }
            while (_inEpoch < perEpoch && !IsOver(options, cancellation));

            // The whole epoch, or the part that there is.
            EpochReport report = Report(options, isWhole: _inEpoch == perEpoch, isInHaste: cancellation.IsCancellationRequested, start);
            if (report.IsWhole) FinishEpoch(report);
            else part = report;
            if (options.Checkpoint is not null) Save(options.Checkpoint);
            options.Progress?.Report(report);
            end = double.IsFinite(report.Cost) ? EndBefore(options, cancellation) : FitEnd.Diverged;
        }
        return new History(part is null ? [.. _reports] : [.. _reports, part], end.Value);
    }

    // One step. A warm one allocates nothing.
    private void Step(Batch batch, ReadOnlySpan<int> rows, FitOptions options)
    {
        batch.Gather(rows);
        if (options.Augment is not null)
        {
            SplitMix64 random = EpochOrder.Random(_seed, EpochOrder.Purpose.Augmentation, Steps);
            options.Augment(batch.X, ref random);
        }
        Set(_rate, options.Schedule(Steps));
        _train.Run(batch.X, batch.Y);
        Steps++;
        _inEpoch++;
    }

    private bool IsOver(FitOptions options, CancellationToken cancellation) => cancellation.IsCancellationRequested || Steps >= options.Steps;

    // Why no further step should be made, or null.
    private FitEnd? EndBefore(FitOptions options, CancellationToken cancellation) =>
        Epochs >= options.Epochs ? FitEnd.Epochs
        : Steps >= options.Steps ? FitEnd.Steps
        : IsOutOfPatience(options.Patience) ? FitEnd.Patience
        : cancellation.IsCancellationRequested ? FitEnd.Cancelled
        : null;

    private bool IsOutOfPatience(int? patience)
    {
        int best = 0;   // the epoch with the lowest validation cost, the first of equals
        for (int i = 1; i < _reports.Count; i++)
            if (!(_reports[i].ValidationCost >= _reports[best].ValidationCost)) best = i;
        return _reports.Count - 1 - best >= patience;
    }

    private EpochReport Report(FitOptions options, bool isWhole, bool isInHaste, long start)
    {
        double cost = _costSum.Value.Item() / (double)_inEpoch;
        double? accuracy = _hasAccuracy ? _rightSum.Value.Item() / ((double)_inEpoch * options.Batch) : null;
        Measured? validation = options.Validation is { } data && (isWhole || !isInHaste) ? Evaluate(data) : null;
        return new EpochReport(Epochs + 1, Steps, cost, accuracy, validation?.Cost, validation?.Accuracy, _rate.Value.Item(), Stopwatch.GetElapsedTime(start).TotalSeconds) { IsWhole = isWhole };
    }

    private void FinishEpoch(EpochReport report)
    {
        _reports.Add(report);
        _inEpoch = 0;
        Set(_costSum, 0);
        Set(_rightSum, 0);
    }

    private void Set(Shared variable, float value)
    {
        _number.Span<float>()[0] = value;
        variable.Value = _number;   // copied
    }
}
