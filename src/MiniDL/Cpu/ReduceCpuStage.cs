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
    private const int PositionsPerPart = 32_768, LeastTermsPerPart = 256, LeastPositionsPerItem = 8192, EnoughItems = 16;
    private const int ColumnBlock = 1024;       // results side by side that one item accumulates
    private const int BeyondCaches = 4_194_304; // positions: 16 MB, more than two cores get of a third-level cache. Less is read faster without asking ahead

    private readonly ReduceStage _stage;
    private readonly Memory _memory;
    private readonly ThreadTeam _team;
    private readonly TileKernel _kernel;
    private readonly bool _innerKept;
    private readonly int _inner;                // L
    private readonly int[] _kept, _reduced;     // the positions at which the runs of each outer result begin, and those of each of its terms
    private readonly bool _reducedFirst;        // the outermost axis is reduced: go through all results again and again, as they lie in memory
    private readonly int _keptCount, _reducedCount, _parts, _blocks, _results;
    private readonly int _perItem;              // outer results that one item reduces
    private readonly int _adjacent;             // rows of kept inner axes that follow each other in memory
    private readonly int _together;             // rows of kept inner axes that make one tile
    private readonly bool _sumsFloats;
    private readonly bool _kernelSums;          // the kernel was made to sum the value
    private readonly bool _fetchesAhead;        // the input is read as it lies, and comes from memory
    private readonly Scratch _partials;         // parts x results, float64
    private readonly Scratch _accumulators;     // per worker, for kept inner axes
    private RunState _run;

    public ReduceCpuStage(ReduceStage stage, Memory memory, ThreadTeam team) : base(stage)
    {
        (_stage, _memory, _team) = (stage, memory, team);
        List<(int Count, int Step, bool Reduced)> axes = ReduceStage.MergeAxes(stage.Shape, stage.Axes);
        (int Count, int Step, bool Reduced) last = axes.Count > 0 ? axes[^1] : (1, 1, true);
        (_inner, _innerKept) = (last.Count, !last.Reduced);
        _kept = Positions([.. axes.SkipLast(1).Where(axis => !axis.Reduced)]);
        _reduced = Positions([.. axes.SkipLast(1).Where(axis => axis.Reduced)]);
        _adjacent = axes.SkipLast(1).LastOrDefault(axis => axis.Reduced, (Count: 1, Step: 0, Reduced: true)).Count;
        (_keptCount, _reducedCount) = (_kept.Length, _reduced.Length);
        _results = _keptCount * (_innerKept ? _inner : 1);
        _blocks = _innerKept ? (_inner + ColumnBlock - 1) / ColumnBlock : 1;
        _together = _innerKept && _inner <= ColumnBlock ? Math.Max(1, TileKernel.TileLength / Math.Max(1, _inner)) : 1;

        _sumsFloats = stage.Kind == ReduceKind.Sum && stage.Output.Buffer.DType == DType.Float32;

        // What is summed need not be stored: the sum computes it as it goes. (Columns are added to sums: one link of a chain is taken.)
        int sumLinks = !_sumsFloats || stage.Value != stage.Body.Instructions.Count - 1 ? 0 : _innerKept ? ArithmeticChain.MaxLinks - 1 : ArithmeticChain.MaxLinks;
        _kernel = new TileKernel(stage.Body, memory, team.Threads, _together == 1 ? _inner : 0, stage.Value, sumLinks);
        _kernelSums = sumLinks > 0;

        // Split each result's terms: along the outer reduced axes, or along the inner run if there are none; and the results into items worth handing over.
        _reducedFirst = !_innerKept && axes.Count > 1 && axes[0].Reduced;
        long terms = (long)_reducedCount * (_innerKept ? Math.Min(_inner, ColumnBlock) : _inner);
        int splittable = _reducedCount > 1 || _innerKept ? _reducedCount : (_inner + TileKernel.TileLength - 1) / TileKernel.TileLength;
        long worthWhile = _reducedFirst ? Math.Min(terms * _keptCount / PositionsPerPart, terms / LeastTermsPerPart)
            : _innerKept ? Math.Min(terms / PositionsPerPart, _reducedCount / LeastTermsPerPart) : terms / PositionsPerPart;
        _parts = (int)Math.Clamp(Math.Min(splittable, worthWhile), 1, 64);
        long perItem = _innerKept ? 1 : _reducedFirst ? (long)_keptCount * _parts / EnoughItems : LeastPositionsPerItem * (long)_parts / Math.Max(1, terms);
        _perItem = (int)Math.Clamp(perItem, 1, Math.Max(1, _keptCount));

        // Up to three alternating axes, in one block of columns, are read as they lie.
        _fetchesAhead = axes.Count <= 3 && _blocks == 1 && stage.Shape.Count >= BeyondCaches;
        _partials = new Scratch(2L * _parts * Math.Max(1, _results));
        _accumulators = new Scratch((long)team.Threads * ColumnBlock);
    }

    /// <inheritdoc/>
    public override void Run(in RunState run)
    {
        _run = run;
        double* partials = (double*)_partials.Floats;
        new Span<double>(partials, _parts * _results).Fill(Reduce.Identity(_stage.Kind));
        if (_stage.Shape.Count > 0) _team.Run(this, (_keptCount + _perItem - 1) / _perItem * _blocks * _parts);

        // The parts, in order.
        for (int part = 1; part < _parts; part++) CombineDoubles(partials, partials + (long)part * _results);
        float* results = _memory.Floats(_stage.Output);
        if (_stage.Output.Buffer.DType == DType.Float32)
            for (int i = 0; i < _results; i++) results[i] = (float)partials[i];
        else
            for (int i = 0; i < _results; i++) ((int*)results)[i] = double.IsFinite(partials[i]) ? unchecked((int)(long)partials[i]) : (int)partials[i];   // wraps; of nothing, the extreme
    }

    private void CombineDoubles(double* into, double* from)
    {
        if (_sumsFloats) TensorPrimitives.Add(new ReadOnlySpan<double>(into, _results), new ReadOnlySpan<double>(from, _results), new Span<double>(into, _results));
        else
            for (int i = 0; i < _results; i++) into[i] = Combine(into[i], from[i]);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Do(int item, int worker)
    {
        int part = item % _parts, block = item / _parts % _blocks, first = item / _parts / _blocks * _perItem;
        double* target = (double*)_partials.Floats + (long)part * _results;
        if (_innerKept) AccumulateColumns(_kept[first], part, block, target + (long)first * _inner, worker);
        else ReduceRuns(first, Math.Min(_keptCount, first + _perItem), part, target, worker);
    }

    /// <summary>Combines the terms of some results that belong to a part.</summary>
    private void ReduceRuns(int firstResult, int endResult, int part, double* target, int worker)
    {
        bool alongRun = _reducedCount == 1;
        (int first, int end) = Share(part, alongRun ? (_inner + TileKernel.TileLength - 1) / TileKernel.TileLength : _reducedCount);
        if (alongRun)
        {
            int from = first * TileKernel.TileLength, length = Math.Min(_inner, end * TileKernel.TileLength) - from;
            for (int k = firstResult; k < endResult; k++) target[k] = Runs(_kept[k] + from, length, target[k], worker);
        }
        else if (_reducedFirst)
        {
            for (int r = first; r < end; r++)
                for (int k = firstResult; k < endResult; k++) target[k] = Runs(_reduced[r] + _kept[k], _inner, target[k], worker);
        }
        else
        {
            for (int k = firstResult; k < endResult; k++)
                for (int r = first; r < end; r++) target[k] = Runs(_reduced[r] + _kept[k], _inner, target[k], worker);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Runs(int start, int length, double value, int worker)
    {
        for (int done = 0; done < length; done += TileKernel.TileLength)
        {
            int count = Math.Min(TileKernel.TileLength, length - done);
            if (_fetchesAhead) _kernel.FetchAhead(start + done, count);
            _kernel.Run(start + done, count, worker, _run);
            if (_kernelSums) value += _kernel.Sum(worker, count);
            else value = Combine(value, ReduceTile(worker, count));
        }
        return value;
    }

    private double ReduceTile(int worker, int count)
    {
        float* tile = _kernel.Value(worker, _stage.Value);
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
        float* accumulator = _accumulators.Floats + (long)worker * ColumnBlock;
        for (int r = first; r < end;)
        {
            // Sum up to 128 rows in float, then add them in float64: the error stays that of a short sum.
            int stop = Math.Min(end, r + 128);
            bool fresh = true;
            while (r < stop)
            {
                int rows = Math.Min(Math.Min(_together, stop - r), _adjacent - r % _adjacent);
                int at = start + _reduced[r] + column;
                if (_fetchesAhead) _kernel.FetchAhead(at, rows * columns);
                _kernel.Run(at, rows * columns, worker, _run);
                float* tile = _kernelSums ? null : _kernel.Value(worker, _stage.Value);
                if (fresh) new Span<float>(accumulator, columns).Fill((float)Reduce.Identity(_stage.Kind));
                fresh = false;
                for (int row = 0; row < rows; row++, tile += columns)
                {
                    if (isInt) AddInts((int*)tile, target + column, columns);
                    else if (isProduct) AddFloats(tile, target + column, columns);   // a product of a few floats may leave float's range and come back
                    else if (_kernelSums) _kernel.AddTo(worker, row * columns, accumulator, columns);
                    else if (_sumsFloats) TensorPrimitives.Add(new ReadOnlySpan<float>(accumulator, columns), new ReadOnlySpan<float>(tile, columns), new Span<float>(accumulator, columns));
                    else CombineExtremes(new Span<float>(accumulator, columns), new ReadOnlySpan<float>(tile, columns));
                }
                r += rows;
            }
            if (isInt || isProduct) continue;
            if (_sumsFloats) Tile.AddWidened(new ReadOnlySpan<float>(accumulator, columns), new Span<double>(target + column, columns));
            else
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

    private void CombineExtremes(Span<float> accumulator, ReadOnlySpan<float> tile)
    {
        if (_stage.Kind == ReduceKind.Max) Tile.Maximum<float>(accumulator, tile, accumulator);
        else Tile.Minimum<float>(accumulator, tile, accumulator);
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

    /// <summary>The position of each multi-index of some axes, in order.</summary>
    private static int[] Positions((int Count, int Step, bool Reduced)[] axes)
    {
        int[] positions = [0];
        foreach ((int count, int step, _) in axes) positions = [.. positions.SelectMany(position => Enumerable.Range(0, count).Select(index => position + index * step))];
        return positions;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _kernel.Dispose();
        _partials.Dispose();
        _accumulators.Dispose();
    }
}
