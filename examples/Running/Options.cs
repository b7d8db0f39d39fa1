// What the command line asks for, and what the programs of one command share.
using MiniDL.Cuda;
using MiniDL.Pictures;

namespace MiniDL.Examples;

/// <summary>The command line, parsed and checked.</summary>
/// <param name="Device">cpu, reference, cuda, sim or sim:GPU.</param>
/// <param name="Epochs">Null: each program's default.</param>
/// <param name="Steps">At most so many training steps; null: as the epochs say.</param>
/// <param name="Batch">Examples in a step.</param>
/// <param name="Seed">Of weights, of dropout, of made data.</param>
/// <param name="Threads">Of the CPU device; 0: one per core.</param>
/// <param name="Data">The folder of the four MNIST files; null: found.</param>
/// <param name="Out">The folder that pictures are written to; null: none are.</param>
/// <param name="Json">Whether the last line is to be a JSON object.</param>
public sealed record Options(string Device = "cpu", int? Epochs = null, int? Steps = null, int Batch = 128, ulong Seed = 1, int Threads = 0,
    string? Data = null, string? Out = null, bool Json = false)
{
    /// <summary>The program's name on the command line.</summary>
    public string Name { get; init; } = "all";

    /// <summary>Where a checkpoint is saved, at the end and after each epoch; null: nowhere.</summary>
    public string? Save { get; init; }

    /// <summary>The checkpoint to go on from; null: from the start.</summary>
    public string? Resume { get; init; }

    /// <summary>A file to which each epoch adds a line of JSON; null: none.</summary>
    public string? Log { get; init; }

    /// <summary>Choices of the cuda and sim devices.</summary>
    public CudaOptions Cuda { get; init; } = new();

    /// <summary>Who calls the driver: driver (MiniDL itself) or managedcuda.</summary>
    public string Bindings { get; init; } = "driver";

    /// <summary>How many steps a program runs, given its default and how many steps an epoch has. Steps without epochs may go beyond
    /// the default.</summary>
    public int StepsOf(int defaultEpochs, int stepsPerEpoch) => (Steps, Epochs) switch
    {
        ({ } steps, null) => steps,
        ({ } steps, { } epochs) => (int)Math.Min(steps, (long)epochs * stepsPerEpoch),
        _ => checked((Epochs ?? defaultEpochs) * stepsPerEpoch),
    };

    /// <summary>How many steps a schedule of the learning rate is laid out over: those of all epochs, also when --steps ends the run before; or the steps, if only they were given.</summary>
    public int ScheduleOf(int defaultEpochs, int stepsPerEpoch) => Epochs is null && Steps is { } steps ? steps : checked((Epochs ?? defaultEpochs) * stepsPerEpoch);
}

/// <summary>The command line cannot be carried out as it was given: exit code 2.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>The device, the data and the terminal of one command.</summary>
public sealed class Session(Options options, Terminal terminal, Mnist? data = null, CancellationToken cancellation = default) : IDisposable
{
    private Mnist? _mnist = data;

    /// <summary>What was asked for.</summary>
    public Options Options => options;

    /// <summary>Where lines go.</summary>
    public Terminal Terminal => terminal;

    /// <summary>Where functions run.</summary>
    public Device Device { get; } = Devices.Open(options);

    /// <summary>The data set, loaded when it is first asked for.</summary>
    public Mnist Mnist => _mnist ??= Mnist.Load(Mnist.FindFolder(options.Data));

    /// <summary>Cancelled by Ctrl-C: what is under way ends after its step.</summary>
    public CancellationToken Cancellation => cancellation;

    /// <summary>The training set as images (N, 1, 28, 28) with labels.</summary>
    public DataSet TrainingImages => new(Mnist.TrainImages.Reshape([-1, 1, MiniDL.Mnist.Side, MiniDL.Mnist.Side]), Mnist.TrainLabels);

    /// <summary>The test set, likewise.</summary>
    public DataSet TestImages => new(Mnist.TestImages.Reshape([-1, 1, MiniDL.Mnist.Side, MiniDL.Mnist.Side]), Mnist.TestLabels);

    /// <summary>Shows the learned weights of the logistic regression: one image for each digit, of what speaks for it and what against.</summary>
    public void Weights(string name, MnistProgram program, RunOutputs outputs)
    {
        if (name != "logistic") return;
        float[] images = Transposed(program.Parameters[0].Value);
        if (!options.Json)
        {
            terminal.WriteLine("What each digit looks for:");
            terminal.Show(ImageGrid.Make(images, Mnist.Side, Mnist.Side, columns: 5, terminal.IsInteractive ? Colormap.Diverging : Colormap.Grayscale));
        }
        if (options.Out is null) return;
        string path = Path.Combine(options.Out, "logistic-weights.png");
        Picture picture = ImageGrid.Make(images, Mnist.Side, Mnist.Side, columns: 5, Colormap.Diverging, scale: 4);
        picture.Save(path);
        outputs.Add(picture, "What each digit looks for: red speaks for it, blue against it.");
        terminal.WriteLine($"written: {path}");
    }

    /// <inheritdoc/>
    public void Dispose() => Device.Dispose();

    // (784, 10) -> (10, 784): a digit's weights are a column, an image is a row.
    private static float[] Transposed(NDArray weights)
    {
        (int rows, int columns) = (weights.Shape[0], weights.Shape[1]);
        ReadOnlySpan<float> values = weights.Span<float>();
        var transposed = new float[values.Length];
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++)
                transposed[c * rows + r] = values[r * columns + c];
        return transposed;
    }
}
