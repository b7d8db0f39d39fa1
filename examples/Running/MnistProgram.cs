// What every program of the progression on MNIST comes down to, and one such program made ready to train.
using System.Diagnostics;
using System.Globalization;
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>The graph of a classifier of MNIST.</summary>
/// <param name="X">The images: (B, 784), or (B, 1, 28, 28).</param>
/// <param name="Y">The targets: (B, 10), one-hot.</param>
/// <param name="Cost">A scalar.</param>
/// <param name="Updates">What a training step changes.</param>
/// <param name="Prediction">The digits: int32 (B).</param>
/// <param name="Parameters">The weights; optimisers' state is not among them.</param>
public sealed record MnistProgram(Tensor X, Tensor Y, Tensor Cost, Update[] Updates, Tensor Prediction, Shared[] Parameters)
{
    /// <summary>The number of weights.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Shape.Count);
}

/// <summary>A program compiled for a device, with the data cut into mini-batches. Examples are taken in order, never shuffled, and the last
/// ones that do not fill a batch are left out, as in the talk.</summary>
public sealed class Trainer : IDisposable
{
    private const int TestBatch = 250;

    private readonly IReadOnlyList<Shared> _variables;   // what a step changes
    private readonly Dictionary<string, ulong> _settings;
    private readonly Function _predict;
    private readonly NDArray[] _images, _targets, _testImages, _testLabels;   // views, made once: a step allocates nothing
    private readonly int[] _digits = new int[TestBatch];

    /// <summary>Compiles the training step and makes the views.</summary>
    /// <exception cref="UsageException">A batch is larger than the training set.</exception>
    public Trainer(MnistProgram program, Mnist data, Device device, int batch, ulong seed)
    {
        int examples = data.TrainImages.Shape[0];
        if (batch > examples) throw new UsageException($"a batch of {batch} is more than the {examples} training examples; choose a smaller --batch");

        long start = Stopwatch.GetTimestamp();
        Step = Function([program.X, program.Y], program.Cost, program.Updates, device: device, seed: seed);
        Shape images = program.X.Rank == 4 ? [-1, 1, Mnist.Side, Mnist.Side] : [-1, Mnist.Pixels];
        Step.Compile(images.With(0, batch), [batch, Mnist.Classes]);
        CompileMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        _variables = Checkpoint.Variables(program.Parameters, program.Updates);
        _settings = new() { ["batch"] = (ulong)batch, ["seed"] = seed };

        _predict = Function([program.X], program.Prediction, device: device);
        _images = Batches(data.TrainImages.Reshape(images), batch, whole: true);
        _targets = Batches(data.TrainTargets, batch, whole: true);
        _testImages = Batches(data.TestImages.Reshape(images), TestBatch, whole: false);
        _testLabels = Batches(data.TestLabels, TestBatch, whole: false);
    }

    /// <summary>The training step: images and targets in, cost out, weights updated.</summary>
    public Function Step { get; }

    /// <summary>What it took to make the training step from its graph, in milliseconds.</summary>
    public double CompileMs { get; }

    /// <summary>Steps in one pass over the training set: 468 for batches of 128.</summary>
    public int BatchesPerEpoch => _images.Length;

    /// <summary>Kernels and library calls in a step; 0 on a device that interprets.</summary>
    public int Launches => Step.Launches;

    /// <summary>Trains on the batch whose turn it is in step <paramref name="step"/> = 0, 1, ...</summary>
    /// <returns>The cost before the update.</returns>
    public float Train(int step)
    {
        int batch = step % BatchesPerEpoch;
        return Step.Run(_images[batch], _targets[batch]).Scalar();
    }

    /// <summary>The share of the test set that is classified right, in percent.</summary>
    public double Accuracy()
    {
        int right = 0, count = 0;
        for (int i = 0; i < _testImages.Length; i++)
        {
            ReadOnlySpan<int> labels = _testLabels[i].Span<int>();
            Span<int> digits = _digits.AsSpan(0, labels.Length);
            _predict.Run(_testImages[i]).CopyTo(digits);
            for (int k = 0; k < labels.Length; k++)
                if (digits[k] == labels[k]) right++;
            count += labels.Length;
        }
        return 100.0 * right / count;
    }

    /// <summary>Saves all that a step changes, and how many steps there have been.</summary>
    /// <exception cref="IOException">The file cannot be written; what was there before is untouched.</exception>
    public void Save(string path, int steps)
    {
        Dictionary<string, string> notes = _settings.ToDictionary(setting => setting.Key, setting => setting.Value.ToString(CultureInfo.InvariantCulture));
        notes["step"] = steps.ToString(CultureInfo.InvariantCulture);
        notes["counter"] = Step.Counter.ToString(CultureInfo.InvariantCulture);
        Checkpoint.Save(path, _variables, notes);
    }

    /// <summary>Takes everything from a checkpoint, or, if anything is wrong with it, nothing.</summary>
    /// <returns>How many steps it has behind it.</returns>
    /// <exception cref="DataFileException">The file is missing, damaged, or of another program, batch or seed; the message says what differs.</exception>
    public int Load(string path)
    {
        int steps = 0;
        Checkpoint.Load(path, _variables, notes =>
        {
            (steps, ulong counter) = ((int)notes.Number("step", int.MaxValue), notes.Number("counter"));
            foreach ((string name, ulong value) in _settings)
                if (notes.Number(name) is var saved && saved != value) throw new DataFileException(path, $"was saved by a run with --{name} {saved}, this one has {value}; give --{name} {saved} to go on with it");
            return () => Step.Counter = counter;
        });
        return steps;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Step.Dispose();
        _predict.Dispose();
    }

    private static NDArray[] Batches(NDArray rows, int size, bool whole)
    {
        int count = rows.Shape[0];
        var batches = new NDArray[whole ? count / size : (count + size - 1) / size];
        for (int i = 0; i < batches.Length; i++) batches[i] = rows.Rows(i * size, Math.Min(size, count - i * size));
        return batches;
    }
}
