// A learner on disk, and back.
//
// The one thing to understand: what must be saved is what a step changes: the variables, the function's counter of runs (dropout draws from it), and the place in the epoch. What a step
// only reads (data, schedule, seed) is given again by the program that resumes; of the seed a copy is kept, because with another one the rest would not fit together.
using System.Globalization;

namespace MiniDL;

public sealed partial class Learner
{
    /// <summary>Saves everything that a later run needs to go on as this one would. Between two steps: after Fit, or from its callbacks on the thread that trains.</summary>
    /// <exception cref="IOException">The file cannot be written; what was there before is untouched.</exception>
    public void Save(string path) => Checkpoint.Save(path, Variables, new Dictionary<string, string>
    {
        ["step"] = Steps.ToString(CultureInfo.InvariantCulture),
        ["step_in_epoch"] = _inEpoch.ToString(CultureInfo.InvariantCulture),
        ["counter"] = _train.Counter.ToString(CultureInfo.InvariantCulture),
        ["seed"] = _seed.ToString(CultureInfo.InvariantCulture),
        ["history"] = string.Join('\n', _reports.Select(report => report.ToJson())),
    });

    /// <summary>Takes everything from a checkpoint, or, if anything is wrong with it, nothing.</summary>
    /// <exception cref="DataFileException">The file is missing or damaged, was saved with another seed, or lacks a variable or has it in another shape; the message says which.</exception>
    public void Load(string path) => Checkpoint.Load(path, Variables, notes =>
    {
        // All are read before any is believed.
        (int steps, int inEpoch) = ((int)notes.Number("step", int.MaxValue), (int)notes.Number("step_in_epoch", int.MaxValue));
        (ulong counter, ulong seed) = (notes.Number("counter"), notes.Number("seed"));
        if (seed != _seed) throw new DataFileException(path, $"was saved by a run with seed {seed}, this one has {_seed}; give it the same seed");
        EpochReport[] reports = [.. notes.Lines("history", EpochReport.FromJson)];
        return () =>
        {
            (Steps, _inEpoch, _train.Counter) = (steps, inEpoch, counter);
            _reports.Clear();
            _reports.AddRange(reports);
        };
    });
}
