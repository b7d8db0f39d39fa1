// A model with everything that training it takes: loss, optimiser, device, seed. Here it is built and used; Learner.Fit.cs trains it, Learner.Checkpoint.cs saves it.
//
// The one thing to understand: the running sums of an epoch, its cost and its right answers, are shared variables that the training step updates like any other. So nothing has to be
// read from the device after a step (on a GPU the next one can be queued while this one runs), and a checkpoint in the middle of an epoch holds them with everything else.
namespace MiniDL;

/// <summary>Mean cost and share of right answers over a data set.</summary>
/// <param name="Cost">The mean over all examples.</param>
/// <param name="Accuracy">In 0..1; null where no answer is right or wrong.</param>
public readonly record struct Measured(double Cost, double? Accuracy);

/// <summary>Trains a model, evaluates and uses it. Disposable. Not for use by several threads at once.</summary>
/// <example><code>
/// var model = new Model(Networks.KerasCnn(), input: [1, 28, 28], new Init(seed: 1));
/// using var learner = new Learner(model, T.Vector("labels", DType.Int32), (z, labels) => T.SparseCrossEntropy(z, labels),
///     (cost, parameters, rate) => T.Adam(cost, parameters, rate), device, seed: 1);
/// History history = learner.Fit(training, new FitOptions { Epochs = 5, Validation = test });
/// double percent = 100 * learner.Evaluate(test).Accuracy!.Value;
/// </code></example>
public sealed partial class Learner : IDisposable
{
    private readonly Tensor _x, _targets;
    private readonly Function _train, _evaluate, _predict;
    private readonly Shared _rate = T.Shared(0f, "rate"), _costSum = T.Shared(0f, "sum of the epoch's costs"), _rightSum = T.Shared(0f, "right answers of the epoch");
    private readonly bool _hasAccuracy;
    private readonly ulong _seed;

    /// <summary>Builds the three functions: a training step, evaluation, use.</summary>
    /// <param name="model">What is trained.</param>
    /// <param name="targets">The variable that stands for a batch's targets: <c>T.Vector("labels", DType.Int32)</c>, or one of float32.</param>
    /// <param name="loss">From outputs and targets to the cost: of each example, or their mean.</param>
    /// <param name="optimiser">From the cost, the model's parameters and the learning rate to updates. A penalty is added to the cost here, and what is not given on is frozen.</param>
    /// <param name="device">Where everything runs. It stays the caller's.</param>
    /// <param name="seed">Of dropout, of the examples' order and of augmentation; first values are the model's business.</param>
    /// <param name="isRight">From outputs and targets to bool (B): which answers are right. For int32 labels it need not be given: the largest output is the answer.</param>
    /// <exception cref="GraphException">Loss or optimiser cannot take what they are given.</exception>
    public Learner(Model model, Tensor targets, Func<Tensor, Tensor, Tensor> loss, Func<Tensor, IReadOnlyList<Shared>, Tensor, Update[]> optimiser, Device device,
        ulong seed = 0, Func<Tensor, Tensor, Tensor>? isRight = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(optimiser);
        (Model, _targets, _seed) = (model, targets, seed);
        _x = T.Input([Shape.Unknown, .. model.Input.Dims], "x");
        if (isRight is null && targets.DType == DType.Int32) isRight = (output, labels) => T.Equal(T.ArgMax(output, axis: -1), labels);
        _hasAccuracy = isRight is not null;

        // The training step: the optimiser's updates, the layers' running statistics, and the epoch's sums.
        (Tensor output, IReadOnlyList<Update> running) = model.Train(_x);
        Tensor cost = MeanOf(loss(output, targets));
        List<Update> updates = [.. running, .. optimiser(cost, model.Parameters, _rate), (_costSum, _costSum + cost)];
        if (isRight is not null) updates.Add((_rightSum, _rightSum + CountOf(isRight(output, targets))));
        _train = T.Function([_x, targets], [cost], updates, device: device, seed: seed);
        Variables = Checkpoint.Variables(model.Variables, updates);

        // Evaluation and use: the same parameters in the expression without dropout.
        Tensor used = model.Use(_x);
        Tensor usedCost = MeanOf(loss(used, targets));
        _evaluate = T.Function([_x, targets], isRight is null ? [usedCost] : [usedCost, CountOf(isRight(used, targets))], device: device);
        _predict = T.Function([_x], used, device: device);
    }

    /// <summary>What is trained.</summary>
    public Model Model { get; }

    /// <summary>Everything with a value that a training run depends on: parameters, running statistics, what the optimiser remembers, the epoch's sums.</summary>
    public IReadOnlyList<Shared> Variables { get; }

    /// <summary>The training step, to look at: <c>Explain</c>, <c>Profile</c>, <c>Launches</c>.</summary>
    public Function TrainingStep => _train;

    /// <summary>Mean cost and share of right answers, without dropout and with running statistics. A last batch that is not full counts by its number of examples.</summary>
    /// <param name="data">The examples.</param>
    /// <param name="batch">How many are looked at together; the result differs by rounding only.</param>
    /// <exception cref="ArgumentException">The data do not suit the model or the loss.</exception>
    public Measured Evaluate(DataSet data, int batch = 250)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        data.Check("given", _x, _targets);
        (double costs, double right) = (0, 0);
        for (int start = 0; start < data.Count; start += batch)
        {
            DataSet part = data.Rows(start, Math.Min(batch, data.Count - start));
            Results results = _evaluate.Run(part.X, part.Y);
            costs += (double)results.Scalar() * part.Count;
            if (_hasAccuracy) right += results.Scalar(1);
        }
        return new Measured(costs / data.Count, _hasAccuracy ? right / data.Count : null);
    }

    /// <summary>The model's outputs for all examples, (N, ...).</summary>
    /// <param name="x">(N, ...).</param>
    /// <param name="batch">How many are looked at together.</param>
    /// <exception cref="GraphException">The examples do not suit the model.</exception>
    public NDArray Predict(NDArray x, int batch = 250)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (!_x.Shape.Accepts(x.Shape)) throw new GraphException($"the examples are {x.Shape}; the model takes {_x.Type}");
        NDArray outputs = NDArray.Zeros(Model.OutputShape.With(0, x.Shape[0]));
        for (int start = 0; start < x.Shape[0]; start += batch)
        {
            int count = Math.Min(batch, x.Shape[0] - start);
            _predict.Run(x.Rows(start, count)).CopyTo(outputs.Rows(start, count).Span<float>());
        }
        return outputs;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _train.Dispose();
        _evaluate.Dispose();
        _predict.Dispose();
    }

    private static Tensor MeanOf(Tensor loss) => loss.Rank == 0 ? loss : T.Mean(loss);

    private static Tensor CountOf(Tensor isRight) => T.Sum(T.Cast(isRight, DType.Float32));   // exact up to 2^24 = 16,777,216 examples
}
