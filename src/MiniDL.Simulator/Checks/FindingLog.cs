// Collects findings while a kernel runs, as numbers; they become text when someone reads them.
//
// The one thing to understand: what is alike (same check, same two instructions) is counted, and after a hundred different ones there is nothing new to learn: the log is
// full, and counts what it drops.
namespace MiniDL.Simulator.Checks;

/// <summary>A finding in numbers: instructions by place in the code, threads and blocks by number.</summary>
internal readonly record struct RawFinding(CheckKind Check, string What, int Pc, long Block, int Thread, ulong Address, int Bytes, int OtherPc = -1, long OtherBlock = -1, int OtherThread = -1);

/// <summary>The findings of a launch.</summary>
internal sealed class FindingLog
{
    /// <summary>Different findings that are kept.</summary>
    public const int Most = 100;

    private readonly Dictionary<(CheckKind, string, int, int), int> _places = [];
    private readonly List<(RawFinding First, long Count)> _found = [];

    /// <summary>What was found, in the order in which it was first.</summary>
    public IReadOnlyList<(RawFinding First, long Count)> Found => _found;

    /// <summary>Findings that were not kept.</summary>
    public long Dropped { get; private set; }

    /// <summary>Adds one; any thread may.</summary>
    public void Add(in RawFinding finding)
    {
        lock (_found)
        {
            var key = (finding.Check, finding.What, finding.Pc, finding.OtherPc);
            if (_places.TryGetValue(key, out int place)) _found[place] = (_found[place].First, _found[place].Count + 1);
            else if (_found.Count == Most) Dropped++;
            else
            {
                _places[key] = _found.Count;
                _found.Add((finding, 1));
            }
        }
    }
}
