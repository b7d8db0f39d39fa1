// A reduction on the CPU: the body's tiles, combined along any axes in an order that depends on the shape alone.
//
// Neighbouring axes that are both kept or both reduced are merged, axes of 1 dropped; what is left alternates. If the innermost is reduced, each result is
// a sum over runs of L positions; if it is kept, L results side by side are accumulated tile by tile. The one thing to understand: a long
// reduction is split into parts, by the shape and never by the number of threads, and the parts' sums are combined in order; so any number of
// threads gives the same bits.
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using MiniDL.Ops;

namespace MiniDL.Cpu;

/// <summary>Reduces a fused body along axes.</summary>
internal sealed unsafe class ReduceCpuStage : CpuStage, ITeamWork
{
    private const int PositionsPerPart = 32_768;
    private const int ColumnBlock = 512;        // results side by side that one item accumulates

    private readonly ReduceStage _stage;
    private readonly Memory _memory;
    private readonly ThreadTeam _team;
    private readonly TileKernel _kernel;
    private readonly bool _innerKept;
    private readonly int _inner;                // L
    private readonly (int Count, int Step)[] _kept, _reduced;   // outer axes, outermost first
    private readonly int _keptCount, _reducedCount, _parts, _blocks, _results;
    private readonly Scratch _partials;         // parts x results, float64
    private readonly Scratch _accumulators;     // per worker, for kept inner axes
    private RunState _run;

    public ReduceCpuStage(ReduceStage stage, Memory memory, ThreadTeam team) : base(stage)
    {
        (_stage, _memory, _team) = (stage, memory, team);
        _kernel = new TileKernel(stage.Body, memory, team.Threads, kept: stage.Value);
        List<(int Count, int Step, bool Reduced)> axes = ReduceStage.MergeAxes(stage.Shape, stage.Axes);
        (int Count, int Step, bool Reduced) last = axes.Count > 0 ? axes[^1] : (1, 1, true);
        (_inner, _innerKept) = (last.Count, !last.Reduced);
        _kept = [.. axes.SkipLast(1).Where(axis => !axis.Reduced).Select(axis => (axis.Count, axis.Step))];
        _reduced = [.. axes.SkipLast(1).Where(axis => axis.Reduced).Select(axis => (axis.Count, axis.Step))];
        _keptCount = _kept.Aggregate(1, (product, axis) => product * axis.Count);
        _reducedCount = _reduced.Aggregate(1, (product, axis) => product * axis.Count);
        _results = _keptCount * (_innerKept ? _inner : 1);
        _blocks = _innerKept ? (_inner + ColumnBlock - 1) / ColumnBlock : 1;

        // Split each result's terms: along the outer reduced axes, or along the inner run if there are none.
        long positions = (long)_reducedCount * (_innerKept ? Math.Min(_inner, ColumnBlock) : _inner);
        int splittable = _reducedCount > 1 || _innerKept ? _reducedCount : (_inner + TileKernel.TileLength - 1) / TileKernel.TileLength;
        _parts = (int)Math.Clamp(Math.Min(splittable, positions / PositionsPerPart), 1, 64);
        _partials = new Scratch(2L * _parts * Math.Max(1, _results));
        _accumulators = new Scratch((long)team.Threads * ColumnBlock);
    }

    /// <inheritdoc/>
    public override void Run(in RunState run)
    {
        _run = run;
        double* partials = (double*)_partials.Floats;
        new Span<double>(partials, _parts * _results).Fill(Reduce.Identity(_stage.Kind));
        if (_stage.Shape.Count > 0) _team.Run(this, _keptCount * _blocks * _parts);

        for (int i = 0; i < _results; i++)
        {
            double value = partials[i];
            for (int part = 1; part < _parts; part++) value = Combine(value, partials[(long)part * _results + i]);
            if (_stage.Output.Buffer.DType == DType.Float32) _memory.Floats(_stage.Output)[i] = (float)value;
            else ((int*)_memory.At(_stage.Output))[i] = double.IsFinite(value) ? unchecked((int)(long)value) : (int)value;   // wraps; of nothing, the extreme
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Do(int item, int worker)
    {
        int part = item % _parts, block = item / _parts % _blocks, outer = item / _parts / _blocks;
        int start = PositionOf(outer, _kept);
        double* target = (double*)_partials.Floats + (long)part * _results;
        if (_innerKept) AccumulateColumns(start, part, block, target + (long)outer * _inner, worker);
        else target[outer] = ReduceRuns(start, part, worker);
    }

    /// <summary>The combined terms of one result that belong to a part.</summary>
    private double ReduceRuns(int start, int part, int worker)
    {
        double value = Reduce.Identity(_stage.Kind);
        bool alongRun = _reducedCount == 1;
        (int first, int end) = Share(part, alongRun ? (_inner + TileKernel.TileLength - 1) / TileKernel.TileLength : _reducedCount);
        if (alongRun) return Runs(start + first * TileKernel.TileLength, Math.Min(_inner, end * TileKernel.TileLength) - first * TileKernel.TileLength, value, worker);
        for (int r = first; r < end; r++) value = Runs(start + PositionOf(r, _reduced), _inner, value, worker);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Runs(int start, int length, double value, int worker)
    {
        for (int done = 0; done < length; done += TileKernel.TileLength)
        {
            int count = Math.Min(TileKernel.TileLength, length - done);
            _kernel.Run(start + done, count, worker, _run);
            value = Combine(value, ReduceTile(_kernel.Value(worker, _stage.Value), count));
        }
        return value;
    }

    private double ReduceTile(float* tile, int count)
    {
        if (_stage.Output.Buffer.DType == DType.Float32) return TileKernel.ReduceSpan(_stage.Kind, new ReadOnlySpan<float>(tile, count));
        double value = Reduce.Identity(_stage.Kind);
        for (int i = 0; i < count; i++) value = Combine(value, ((int*)tile)[i]);
        return value;
    }

    /// <summary>Accumulates a part's rows of one block of columns, several rows to a tile where they are short.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AccumulateColumns(int start, int part, int block, double* target, int worker)
    {
        int column = block * ColumnBlock, columns = Math.Min(ColumnBlock, _inner - column);
        (int first, int end) = Share(part, _reducedCount);
        bool isInt = _stage.Output.Buffer.DType == DType.Int32, isProduct = _stage.Kind == ReduceKind.Prod;
        // Rows that follow each other in memory make one tile.
        int adjacent = _reduced.Length > 0 ? _reduced[^1].Count : 1, together = Math.Max(1, columns == _inner ? TileKernel.TileLength / Math.Max(1, columns) : 1);
        float* accumulator = _accumulators.Floats + (long)worker * ColumnBlock;
        for (int r = first; r < end;)
        {
            // Sum up to 128 rows in float, then add them in float64: the error stays that of a short sum.
            int stop = Math.Min(end, r + 128);
            bool fresh = true;
            while (r < stop)
            {
                int rows = Math.Min(Math.Min(together, stop - r), adjacent - r % adjacent);
                _kernel.Run(start + PositionOf(r, _reduced) + column, rows * columns, worker, _run);
                float* tile = _kernel.Value(worker, _stage.Value);
                for (int row = 0; row < rows; row++, tile += columns)
                {
                    if (isInt) AddInts((int*)tile, target + column, columns);
                    else if (isProduct) AddFloats(tile, target + column, columns);   // a product of a few floats may leave float's range and come back
                    else if (fresh) new ReadOnlySpan<float>(tile, columns).CopyTo(new Span<float>(accumulator, columns));
                    else CombineTiles(new Span<float>(accumulator, columns), new ReadOnlySpan<float>(tile, columns));
                    fresh = false;
                }
                r += rows;
            }
            if (isInt || isProduct) continue;
            for (int i = 0; i < columns; i++) target[column + i] = Combine(target[column + i], accumulator[i]);
        }
    }

    private void AddInts(int* tile, double* target, int columns)
    {
        for (int i = 0; i < columns; i++) target[i] = Combine(target[i], tile[i]);
    }

    private void AddFloats(float* tile, double* target, int columns)
    {
        for (int i = 0; i < columns; i++) target[i] = Combine(target[i], tile[i]);
    }

    private void CombineTiles(Span<float> accumulator, ReadOnlySpan<float> tile)
    {
        switch (_stage.Kind)
        {
            case ReduceKind.Sum:
                TensorPrimitives.Add(accumulator, tile, accumulator);
                break;
            case ReduceKind.Max:
                Tile.Maximum<float>(accumulator, tile, accumulator);
                break;
            default:
                Tile.Minimum<float>(accumulator, tile, accumulator);
                break;
        }
    }

    private double Combine(double a, double b) => _stage.Kind switch
    {
        ReduceKind.Sum when _stage.Output.Buffer.DType == DType.Int32 => unchecked((int)a + (int)b),   // wraps now: float64 would round what is beyond 2^53
        ReduceKind.Prod when _stage.Output.Buffer.DType == DType.Int32 => unchecked((int)a * (int)b),
        ReduceKind.Sum => a + b,
        ReduceKind.Prod => a * b,
        ReduceKind.Max => Math.Max(a, b),
        _ => Math.Min(a, b),
    };

    /// <summary>The units of a part: an even share of all.</summary>
    private (int First, int End) Share(int part, int units) => ((int)((long)units * part / _parts), (int)((long)units * (part + 1) / _parts));

    private static int PositionOf(int index, (int Count, int Step)[] axes)
    {
        int position = 0;
        for (int axis = axes.Length - 1; axis >= 0; axis--)
        {
            position += index % axes[axis].Count * axes[axis].Step;
            index /= axes[axis].Count;
        }
        return position;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _kernel.Dispose();
        _partials.Dispose();
        _accumulators.Dispose();
    }
}
