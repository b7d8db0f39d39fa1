// What a training run is asked to do.
namespace MiniDL;

/// <summary>Changes a batch before the step, in place: shifts images, adds noise.</summary>
/// <param name="examples">(B, ...), a copy that belongs to this step.</param>
/// <param name="random">Draw from this one only: it depends on the seed and the step's number, so that a resumed run sees the same examples.</param>
public delegate void Augmentation(NDArray examples, ref SplitMix64 random);

/// <summary>How long to train, on what, and who is told.</summary>
/// <example><code>new FitOptions { Epochs = 12, Batch = 128, Schedule = Schedules.OneCycle(0.01f, steps: 12 * 468), Validation = test, Patience = 3 }</code></example>
public sealed record FitOptions
{
    /// <summary>How many epochs the learner is to have behind it in the end; those that it had before, from a checkpoint or an earlier Fit, count.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>At most so many steps in all, if given; also those before count.</summary>
    public int? Steps { get; init; }

    /// <summary>Examples in a step. An epoch has N / Batch steps, rounded down.</summary>
    public int Batch { get; init; } = 128;

    /// <summary>Whether each epoch goes through the examples in an order of its own.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>The learning rate of step 0, 1, ..., counted from the learner's first step ever.</summary>
    public Func<int, float> Schedule { get; init; } = Schedules.Constant(0.001f);

    /// <summary>Done to each batch before its step, or null.</summary>
    public Augmentation? Augment { get; init; }

    /// <summary>Evaluated after each epoch, if given.</summary>
    public DataSet? Validation { get; init; }

    /// <summary>If given, training stops when so many epochs in a row have not brought the validation cost below the best before them.</summary>
    public int? Patience { get; init; }

    /// <summary>If given, a checkpoint is saved there after each epoch and when Fit ends.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Told after each epoch.</summary>
    public IProgress<EpochReport>? Progress { get; init; }

    /// <summary>Called after each step with the number of steps so far, on the thread that trains.</summary>
    public Action<int>? AfterStep { get; init; }

    /// <summary>Complains about what cannot be carried out on some data.</summary>
    internal void Check(DataSet data)
    {
        if (Epochs < 1) throw new ArgumentException($"the number of epochs must be at least 1, not {Epochs}");
        if (Steps < 1) throw new ArgumentException($"the number of steps must be at least 1, not {Steps}");
        if (Batch < 1 || Batch > data.Count) throw new ArgumentException($"a batch must have 1 to {data.Count} examples, as many as there are, not {Batch}");
        if (Patience < 1) throw new ArgumentException($"the patience must be at least one epoch, not {Patience}");
        if (Patience is not null && Validation is null) throw new ArgumentException("patience looks at the validation cost: give validation data too");
    }
}
