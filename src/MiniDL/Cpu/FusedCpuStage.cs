// A fused stage on the CPU: tiles of all its bodies, shared out among the team.
//
// The one thing to understand: a stage is cut into items of a few tiles, and each body's tiles start at fixed positions, so which thread runs
// an item changes nothing about what it computes. A small stage is not shared out at all: handing over would cost more than it saves.
using System.Runtime.CompilerServices;

namespace MiniDL.Cpu;

/// <summary>Runs the tiles of one or more bodies.</summary>
internal sealed class FusedCpuStage : CpuStage, ITeamWork
{
    private const long WorthSharing = 30_000;   // element operations: about three microseconds of work
    private const int TilesPerItem = 8;

    private readonly ThreadTeam _team;
    private readonly TileKernel[] _kernels;
    private readonly int[] _firstItem;          // of each kernel; then the number of items
    private readonly int _tilesPerItem;
    private RunState _run;

    public FusedCpuStage(FusedStage stage, Memory memory, ThreadTeam team) : base(stage)
    {
        _team = team;
        _kernels = [.. stage.Bodies.Where(body => body.Positions > 0).Select(body => new TileKernel(body, memory, team.Threads))];
        bool small = stage.Flops < WorthSharing;
        int tiles = _kernels.Sum(TilesOf);
        // Few tiles are shared out one by one; many in handfuls.
        _tilesPerItem = small ? int.MaxValue : Math.Clamp(tiles / 16, 1, TilesPerItem);
        _firstItem = new int[_kernels.Length + 1];
        for (int i = 0; i < _kernels.Length; i++)
            _firstItem[i + 1] = _firstItem[i] + (small ? 1 : (TilesOf(_kernels[i]) + _tilesPerItem - 1) / _tilesPerItem);
    }

    private static int TilesOf(TileKernel kernel) => (kernel.Body.Rows + kernel.RowsPerTile - 1) / kernel.RowsPerTile;

    /// <inheritdoc/>
    public override void Run(in RunState run)
    {
        _run = run;
        if (_tilesPerItem == int.MaxValue)
            for (int item = 0; item < _firstItem[^1]; item++) Do(item, 0);
        else _team.Run(this, _firstItem[^1]);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Do(int item, int worker)
    {
        int k = 0;
        while (item >= _firstItem[k + 1]) k++;
        TileKernel kernel = _kernels[k];
        long first = (long)(item - _firstItem[k]) * _tilesPerItem * kernel.RowsPerTile;
        int rows = kernel.Body.Rows, end = (int)Math.Min(rows, first + (long)_tilesPerItem * kernel.RowsPerTile);
        for (int row = (int)first; row < end; row += kernel.RowsPerTile)
            kernel.Run(row, Math.Min(kernel.RowsPerTile, end - row), worker, _run);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (TileKernel kernel in _kernels) kernel.Dispose();
    }
}
