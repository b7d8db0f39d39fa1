// The checks of a device: what lives longer than a block.
//
// The one thing to understand: while checks are on, blocks run one after the other on one thread. Races are still found, since the rules look at what the program
// orders and not at what happened to come first.
using MiniDL.Gpu;
using MiniDL.Simulator.Checks;

namespace MiniDL.Simulator.Execute;

/// <summary>The state of checks between launches, and what was found so far.</summary>
/// <param name="kinds">Which are on.</param>
internal sealed class DeviceChecks(CheckKinds kinds)
{
    private readonly List<Finding> _findings = [];

    /// <summary>Which checks are on.</summary>
    public CheckKinds Kinds => kinds;

    /// <summary>Running numbers of blocks.</summary>
    public BlockNumbers Numbers { get; } = new();

    /// <summary>Who last accessed what of the device's memory.</summary>
    public RaceShadow? Races { get; private set; }

    /// <summary>What the launch under way has found.</summary>
    public FindingLog Log { get; private set; } = new();

    /// <summary>What was found, in all launches so far.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>A check by its kind.</summary>
    public bool Has(CheckKinds kind) => (kinds & kind) != 0;

    /// <summary>A launch begins.</summary>
    public void BeginLaunch()
    {
        Log = new FindingLog();
        Numbers.BeginLaunch();
        if (!Has(CheckKinds.Race)) return;
        Races ??= new RaceShadow(Log, Numbers, isShared: false);
        Races.Log = Log;
        Races.BeginLaunch();
    }

    /// <summary>A launch is done, or has failed: numbers become names and lines.</summary>
    public void EndLaunch(Launch launch)
    {
        foreach ((RawFinding raw, long count) in Log.Found)
        {
            Party who = Party(launch, raw.Pc, raw.Block, raw.Thread);
            Party? other = raw.OtherPc >= 0 ? Party(launch, raw.OtherPc, raw.OtherBlock, raw.OtherThread) : null;
            _findings.Add(new Finding(raw.Check, launch.Kernel.Name, raw.What, who, raw.Address, raw.Bytes, other, count));
        }
    }

    /// <summary>Something that no kernel did.</summary>
    public void Add(CheckKind check, string what, ulong address, long bytes) =>
        _findings.Add(new Finding(check, "", what, default, address, (int)Math.Min(bytes, int.MaxValue), null, 1));

    /// <summary>Forgets what was found.</summary>
    public void Reset() => _findings.Clear();

    private static Party Party(Launch launch, int pc, long block, int thread) => new(launch.Kernel.Where(pc), launch.BlockAt(block), launch.ThreadAt(thread));
}
