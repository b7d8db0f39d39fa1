// Running numbers for blocks, over all launches: a stamp can tell by one comparison that it is of an earlier launch.
namespace MiniDL.Simulator.Checks;

/// <summary>Numbers blocks as they begin.</summary>
internal sealed class BlockNumbers
{
    private readonly List<long> _blocks = [];

    /// <summary>The first number of this launch; anything lower is of an earlier one. Never 0.</summary>
    public uint First { get; private set; } = 1;

    /// <summary>A launch begins.</summary>
    public void BeginLaunch()
    {
        First += (uint)_blocks.Count;
        _blocks.Clear();
    }

    /// <summary>A block begins.</summary>
    /// <param name="block">Its number in the grid.</param>
    public uint Begin(long block)
    {
        lock (_blocks)
        {
            _blocks.Add(block);
            return First + (uint)_blocks.Count - 1;
        }
    }

    /// <summary>The number in the grid of a block of this launch.</summary>
    public long InGrid(uint number)
    {
        lock (_blocks) return _blocks[(int)(number - First)];
    }
}
