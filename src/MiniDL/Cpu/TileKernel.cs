// The tile engine: evaluates a fused body over a range of positions, one instruction at a time, in tiles that stay in the first-level cache.
//
// A tile has about a thousand elements, so the cost of going through the instruction list (a few nanoseconds each) is spread thin, and an
// intermediate value is written and read at cache speed instead of travelling to memory. The one thing to understand: a value is an address (TileStep.cs); where
// each one is was decided before (TilePlan.cs), so here is a loop with a switch.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using MiniDL.Ops;

namespace MiniDL.Cpu;

/// <summary>A fused body made ready to run on the CPU.</summary>
internal sealed unsafe class TileKernel : IDisposable
{
    /// <inheritdoc cref="TilePlan.TileLength"/>
    public const int TileLength = TilePlan.TileLength;

    private const int Ahead = 4096;   // elements: 16 KB, four tiles

    private static readonly ChainLoops s_add = ChainLoops.Of([ChainOp.Add]);

    private readonly TilePlan _plan;
    private readonly TileStep[] _steps;
    private readonly int[] _running;              // the steps for which there is something to do in each tile
    private readonly int[] _streams;              // the steps that load side by side throughout
    private readonly TileChain[] _chains;         // by step
    private readonly Memory _memory;
    private readonly int _columns;
    private readonly int _pitch;                  // floats from one register to the next
    private readonly Scratch _registers;          // worker -> registers, then the addresses of all values
    private readonly long _perWorker;

    /// <summary>Arguments as those of <see cref="TilePlan"/>.</summary>
    public TileKernel(FusedBody body, Memory memory, int workers, int? block = null, int kept = -1, int sumLinks = 0)
    {
        (Body, _memory, _columns) = (body, memory, body.Columns);
        _plan = new TilePlan(body, block, kept, sumLinks);
        _steps = _plan.Steps;
        _chains = [.. _steps.Select(step => step.Links.Length > 0 ? new TileChain(step, _steps, _columns) : default)];
        _running = [.. Enumerable.Range(0, _steps.Length).Where(i => _steps[i] is not ({ Kind: StepKind.Number or StepKind.Nothing } or { Kind: StepKind.SumOfChain, IsRow: false }))];
        _streams = [.. _running.Where(i => _steps[i] is { Kind: StepKind.Address, IsRow: false, Reader.IsContiguous: true })];
        _pitch = (int)Scratch.Padded((long)RowsPerTile * _columns);
        _perWorker = Scratch.Padded((long)_plan.Registers * _pitch + 2L * _steps.Length);
        _registers = new Scratch(_perWorker * workers);
        for (int worker = 0; worker < workers; worker++) FillNumbers(worker);
    }

    /// <summary>The body.</summary>
    public FusedBody Body { get; }

    /// <inheritdoc cref="TilePlan.RowsPerTile"/>
    public int RowsPerTile => _plan.RowsPerTile;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float** Values(int worker) => (float**)(_registers.Floats + worker * _perWorker + (long)_plan.Registers * _pitch);

    /// <summary>The address of a value that is kept or stored, in the tile that this worker ran last.</summary>
    public float* Value(int worker, int value) => Values(worker)[value];

    /// <summary>The sum of the last value over the tile that this worker ran last, for a kernel made to sum it.</summary>
    public double Sum(int worker, int count) => _steps[^1].Kind == StepKind.SumOfChain
        ? _chains[^1].Sum(Values(worker), count)
        : Tile.Sum(new ReadOnlySpan<float>(Values(worker)[_steps.Length - 1], count));

    /// <summary>Adds the last value, from its element <paramref name="first"/> on, to as many sums.</summary>
    public void AddTo(int worker, int first, float* sums, int count)
    {
        if (_steps[^1].Kind == StepKind.SumOfChain) _chains[^1].AddTo(Values(worker), first, sums, count);
        else s_add.Run(Values(worker)[_steps.Length - 1] + first, sums, null, null, 0, sums, count);
    }

    /// <summary>Asks for what a tile 16 KB behind the one at <paramref name="start"/> will load, for a caller that goes through more than caches hold and does little with it. The processor
    /// fetches ahead by itself, but falls back while it goes from one tile to the next.</summary>
    public void FetchAhead(int start, int count)
    {
        if (!Sse.IsSupported) return;
        foreach (int i in _streams)
        {
            TileStep step = _steps[i];
            float* ahead = (float*)_memory.Addresses[step.Buffer] + step.Offset + start + Ahead;   // beyond the buffer's end nothing happens
            for (int element = 0; element < count; element += Tile.Lanes) Sse.Prefetch0(ahead + element);
        }
    }

    /// <summary>Evaluates rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="rows"/> - 1, at most
    /// <see cref="RowsPerTile"/>, and stores what is to be stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int start, int rows, int worker, in RunState run)
    {
        float* registers = _registers.Floats + worker * _perWorker;
        float** values = Values(worker);
        byte** addresses = _memory.Addresses;
        foreach (int i in _running)
        {
            TileStep step = _steps[i];
            int first = step.IsRow ? start : start * _columns, count = step.IsRow ? rows : rows * _columns;
            float* y = step.IsDirect ? (float*)addresses[step.Buffer] + step.Offset + first : registers + step.Register * (long)_pitch;
            switch (step.Kind)
            {
                case StepKind.Address:
                    y = (float*)addresses[step.Buffer] + step.Offset + step.Reader!.ElementAt(first);
                    break;
                case StepKind.SameAddress:
                    y = values[step.A];
                    break;
                case StepKind.Copy:
                    step.Reader!.Read((float*)addresses[step.Buffer] + step.Offset, y, first, count);
                    break;
                case StepKind.Bools:
                    LoadBools(step, y, first, count);
                    break;
                case StepKind.Compute:
                    ComputeTile(step, values, new Span<float>(y, count));
                    break;
                case StepKind.Chain:
                    _chains[i].Run(values, y, count, rows);
                    break;
                case StepKind.Random:
                    RandomTile(((RandomNumbers)step.Instruction).Op, run, (uint)first, new Span<float>(y, count));
                    break;
                case StepKind.Reduce:
                    Tile.ReduceRows(((RowReduce)step.Instruction).Kind, new ReadOnlySpan<float>(values[step.A], rows * _columns), new Span<float>(y, rows));
                    break;
                case StepKind.SumOfChain:
                    _chains[i].SumRows(values, y, _columns, rows);
                    break;
                case StepKind.Stretch:
                    Tile.StretchRows(new ReadOnlySpan<float>(values[step.A], rows), new Span<float>(y, rows * _columns));
                    break;
            }
            values[i] = y;
        }
        foreach ((Store store, StridedReader writer) in _plan.CopiedStores)
        {
            bool isRow = _steps[store.Value].IsRow;
            StoreTile(store, writer, values[store.Value], isRow ? start : start * _columns, isRow ? rows : rows * _columns);
        }
    }

    /// <summary>Bools are bytes in memory and masks in a tile: the bytes are read to the end of the register, then widened.</summary>
    private void LoadBools(TileStep step, float* masks, int first, int count)
    {
        byte* bytes = (byte*)(masks + _pitch) - count;
        step.Reader!.Read(_memory.Addresses[step.Buffer] + step.Offset, bytes, first, count);

        // In blocks, each taken out before it is overwritten: the bytes are at the end of the same register.
        bool* block = stackalloc bool[256];
        for (int i = 0; i < count; i += 256)
        {
            int length = Math.Min(256, count - i);
            new ReadOnlySpan<byte>(bytes + i, length).CopyTo(new Span<byte>(block, length));
            Tile.BoolsToMask(new ReadOnlySpan<bool>(block, length), new Span<uint>(masks + i, length));
        }
    }

    private static void ComputeTile(TileStep step, float** values, Span<float> y)
    {
        var a = new ReadOnlySpan<float>(values[step.A], y.Length);
        if (step.Routine is null) a.CopyTo(y);
        else step.Routine(a, step.B < 0 ? default : new ReadOnlySpan<float>(values[step.B], y.Length), step.C < 0 ? default : new ReadOnlySpan<float>(values[step.C], y.Length), y);
    }

    private static void RandomTile(RandomOp op, in RunState run, uint first, Span<float> y)
    {
        switch (op.Kind)
        {
            case RandomKind.Uniform:
                Philox.Uniform(run.Seed, (uint)op.Stream, run.Counter, first, y);
                break;
            case RandomKind.Normal:
                Philox.Normal(run.Seed, (uint)op.Stream, run.Counter, first, y);
                break;
            default:
                Philox.Bernoulli(run.Seed, (uint)op.Stream, run.Counter, first, op.P, Lanes.Masks(y));
                Tile.MaskToFloat(Lanes.Masks(y), y);
                break;
        }
    }

    /// <summary>Combines a span in the fixed order of the tile routines.</summary>
    internal static double ReduceSpan(ReduceKind kind, ReadOnlySpan<float> x) => kind switch
    {
        ReduceKind.Sum => Tile.Sum(x),
        ReduceKind.Prod => Tile.Product(x),
        ReduceKind.Max => Tile.Max(x),
        _ => Tile.Min(x),
    };

    private void StoreTile(Store store, StridedReader writer, float* value, int first, int count)
    {
        byte* target = _memory.At(store.View);
        if (store.View.Buffer.DType != DType.Bool)
        {
            writer.Write((float*)target, value, first, count);
            return;
        }
        bool* block = stackalloc bool[256];
        for (int i = 0; i < count; i += 256)
        {
            int length = Math.Min(256, count - i);
            Tile.MaskToBools(new ReadOnlySpan<uint>(value + i, length), new Span<bool>(block, length));
            writer.Write(target, (byte*)block, first + i, length);
        }
    }

    private void FillNumbers(int worker)
    {
        for (int i = 0; i < _steps.Length; i++)
        {
            if (_steps[i].Instruction is not Number number) continue;
            float* tile = _registers.Floats + worker * _perWorker + (long)_steps[i].Register * _pitch;
            Values(worker)[i] = tile;
            if (number.DType == DType.Float32) new Span<float>(tile, _pitch).Fill((float)number.Value);
            else new Span<int>(tile, _pitch).Fill(number.DType == DType.Int32 ? (int)number.Value : number.Value != 0 ? -1 : 0);
        }
    }

    /// <summary>Frees the registers.</summary>
    public void Dispose() => _registers.Dispose();
}
