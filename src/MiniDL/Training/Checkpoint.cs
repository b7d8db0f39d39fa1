// Variables on disk, by name, with a few notes beside them; and back into the variables, all or none.
//
// The one thing to understand: loading goes in two halves. The first reads the file and holds everything against the program that wants it, down to the last note; the second assigns,
// and nothing in it can fail. So a program that catches the error still has the values it had before.
using System.Globalization;

namespace MiniDL;

/// <summary>Saves and loads shared variables. The file is in the safetensors format, so that other programs can read it too.</summary>
/// <example><code>
/// IReadOnlyList&lt;Shared> variables = Checkpoint.Variables([w], updates);   // what the optimiser remembers is among them
/// Checkpoint.Save("run.safetensors", variables, new Dictionary&lt;string, string> { ["counter"] = $"{train.Counter}" });
/// Checkpoint.Load("run.safetensors", variables, notes => { ulong counter = notes.Number("counter"); return () => train.Counter = counter; });
/// </code></example>
public static class Checkpoint
{
    /// <summary>Everything that a training step changes, each once: some variables first, then those that updates write.</summary>
    public static IReadOnlyList<Shared> Variables(IEnumerable<Shared> first, IEnumerable<Update> updates) => [.. first.Concat(updates.Select(update => update.Variable)).Distinct()];

    /// <summary>Saves variables under their names; of several with one name, the later ones under "name (2)", "name (3)".</summary>
    /// <param name="path">Where to. The file is written beside it and renamed, so that there is always a whole one.</param>
    /// <param name="variables">Their values are copied from their devices.</param>
    /// <param name="notes">Small texts by name: counters, places, settings.</param>
    /// <exception cref="IOException">The file cannot be written; what was there before is untouched.</exception>
    public static void Save(string path, IReadOnlyList<Shared> variables, IReadOnlyDictionary<string, string> notes)
    {
        ArgumentNullException.ThrowIfNull(variables);
        SafeTensors.Save(path, [.. NamesOf(variables).Zip(variables, (name, variable) => (name, variable.Value))], notes);
    }

    /// <summary>Loads variables from a file that holds just these.</summary>
    /// <param name="path">The file.</param>
    /// <param name="variables">In the same order as when it was saved, as far as names are equal.</param>
    /// <param name="read">Reads and checks the notes, and returns what to do with them once all else is known to be good. That must not fail.</param>
    /// <exception cref="DataFileException">The file is missing or damaged; a variable is missing or of another shape, or one is there that nobody wants; a note is missing or wrong. Nothing has changed then.</exception>
    public static void Load(string path, IReadOnlyList<Shared> variables, Func<CheckpointNotes, Action> read)
    {
        ArgumentNullException.ThrowIfNull(variables);
        ArgumentNullException.ThrowIfNull(read);

        // First half: read and check.
        SafeTensors file = SafeTensors.Load(path);
        string[] names = NamesOf(variables);
        Check(file, names, variables);
        Action take = read(new CheckpointNotes(file));

        // Second half: assign.
        for (int i = 0; i < names.Length; i++) variables[i].Value = file[names[i]];
        take();
    }

    // Tells of all that is wrong, not of the first: with one look it is clear whether a layer was added or the file is of another net.
    private static void Check(SafeTensors file, string[] names, IReadOnlyList<Shared> variables)
    {
        const int MostTold = 12;
        var problems = new List<string>();
        for (int i = 0; i < names.Length; i++)
        {
            if (!file.Names.Contains(names[i])) problems.Add($"'{names[i]}' {variables[i].Type} is missing");
            else if (file[names[i]] is var array && (array.DType != variables[i].DType || !array.Shape.Equals(variables[i].Shape)))
                problems.Add($"'{names[i]}' is {array.DType.Label()}{array.Shape} in the file and {variables[i].Type} in the program");
        }
        problems.AddRange(file.Names.Except(names).Select(name => $"'{name}' is in the file and not in the program"));
        if (problems.Count == 0) return;
        if (problems.Count > MostTold) problems = [.. problems.Take(MostTold), $"and {problems.Count - MostTold} more"];
        throw new DataFileException(file.File, $"is a checkpoint of another program: {string.Join("; ", problems)}");
    }

    private static string[] NamesOf(IReadOnlyList<Shared> variables)
    {
        var taken = new HashSet<string>();
        return [.. variables.Select(variable =>
        {
            string first = variable.Name ?? "variable", name = first;
            for (int number = 2; !taken.Add(name); number++) name = $"{first} ({number})";
            return name;
        })];
    }
}

/// <summary>The notes of a checkpoint that is being loaded. Every reader complains by name about what is missing or wrong.</summary>
public sealed class CheckpointNotes
{
    private readonly SafeTensors _file;

    internal CheckpointNotes(SafeTensors file) => _file = file;

    /// <summary>A text.</summary>
    /// <exception cref="DataFileException">There is none of that name.</exception>
    public string Text(string name) => _file.Metadata.TryGetValue(name, out string? text) ? text
        : throw new DataFileException(_file.File, $"has no note '{name}'; it is no checkpoint of this kind of run");

    /// <summary>A whole number from 0 to <paramref name="most"/>.</summary>
    /// <exception cref="DataFileException">There is none, or it is something else.</exception>
    public ulong Number(string name, ulong most = ulong.MaxValue) =>
        ulong.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number <= most ? number
        : throw new DataFileException(_file.File, $"the note '{name}' should be a whole number from 0 to {most}, not '{Text(name)}'");

    /// <summary>Lines, each through a reader that throws a <see cref="FormatException"/> for what it does not know; none for an empty text.</summary>
    /// <exception cref="DataFileException">There is no such note, or a line is wrong.</exception>
    public IReadOnlyList<TLine> Lines<TLine>(string name, Func<string, TLine> read)
    {
        try
        {
            return [.. Text(name).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(read)];
        }
        catch (FormatException wrong)
        {
            throw new DataFileException(_file.File, $"the note '{name}' is damaged: {wrong.Message}", wrong);
        }
    }
}
