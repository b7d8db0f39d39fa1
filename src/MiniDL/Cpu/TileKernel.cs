// The tile engine: evaluates a fused body over a range of positions, one instruction at a time, in tiles that stay in the first-level cache.
//
// A tile has about a thousand elements, so the cost of going through the instruction list (a few nanoseconds each) is spread thin, and an
// intermediate value is written and read at cache speed instead of travelling to memory. The one thing to understand: a value is an address. A straight
// load is simply the address of the data, nothing is copied; a value that is stored straight is computed right where it belongs; only what
// lies between needs a register, a tile of scratch that is used again when its value is dead.
using System.Runtime.CompilerServices;
using MiniDL.Ops;

namespace MiniDL.Cpu;

/// <summary>A fused body made ready to run on the CPU.</summary>
internal sealed unsafe class TileKernel : IDisposable
{
    /// <summary>Elements of a tile, unless rows are longer: 4 KB, a twelfth of a first-level cache.</summary>
    public const int TileLength = 1024;

    /// <summary>What happens to one value of the body in one tile.</summary>
    private sealed class Step
    {
        public required Instruction Instruction { get; init; }
        public StridedReader? Reader { get; init; }       // for loads
        public bool ByAddress { get; init; }              // a load that is an address
        public TileRoutine? Routine { get; init; }        // for compute steps; null keeps the lanes as they are
        public int Register { get; set; } = -1;           // scratch tile, or -1
        public Store? Direct { get; set; }                // computed straight into this store's buffer
    }

    private readonly Step[] _steps;
    private readonly (Store Store, StridedReader Writer)[] _copiedStores;   // stores whose value was not computed in place
    private readonly Memory _memory;
    private readonly int _columns;
    private readonly int _pitch;                  // floats from one register to the next
    private readonly Scratch _registers;          // worker -> registers, then the addresses of all values
    private readonly long _perWorker;
    private readonly int _registerCount;

    public TileKernel(FusedBody body, Memory memory, int workers, int kept = -1)
    {
        (Body, _memory, _columns) = (body, memory, body.Columns);
        RowsPerTile = Math.Max(1, TileLength / _columns);
        _pitch = (int)Scratch.Padded((long)RowsPerTile * _columns);
        _steps = [.. body.Instructions.Select(MakeStep)];
        _copiedStores = [.. body.Stores.Where(store => !TryStoreDirectly(store)).Select(store => (store, new StridedReader(store.View.Map)))];
        _registerCount = AssignRegisters(kept);
        _perWorker = Scratch.Padded((long)_registerCount * _pitch + 2L * _steps.Length);
        _registers = new Scratch(_perWorker * workers);
        for (int worker = 0; worker < workers; worker++) FillNumbers(worker);
    }

    /// <summary>The body.</summary>
    public FusedBody Body { get; }

    /// <summary>Rows of a full tile; positions, when the body has one column.</summary>
    public int RowsPerTile { get; }

    private float* Register(int worker, int register) => _registers.Floats + worker * _perWorker + (long)register * _pitch;

    private float** Values(int worker) => (float**)(_registers.Floats + worker * _perWorker + (long)_registerCount * _pitch);

    /// <summary>The address of a value that is kept or stored, of the tile that this worker ran last.</summary>
    public float* Value(int worker, int value) => Values(worker)[value];

    /// <summary>Evaluates rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="rows"/> - 1, at most
    /// <see cref="RowsPerTile"/>, and stores what is to be stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int start, int rows, int worker, in RunState run)
    {
        float** values = Values(worker);
        for (int i = 0; i < _steps.Length; i++)
        {
            Step step = _steps[i];
            bool full = step.Instruction.Level == Level.Full;
            int first = full ? start * _columns : start, count = full ? rows * _columns : rows;
            values[i] = step.Direct is { } direct ? _memory.Floats(direct.View) + first : step.Register >= 0 ? Register(worker, step.Register) : null;
            switch (step.Instruction)
            {
                case Load load:
                    LoadTile(step, load, values, i, first, count);
                    break;
                case Compute compute:
                    ComputeTile(step, compute, values, i, count);
                    break;
                case RandomNumbers random:
                    RandomTile(random.Op, run, (uint)first, new Span<float>(values[i], count));
                    break;
                case RowReduce reduce:
                    Tile.ReduceRows(reduce.Kind, new ReadOnlySpan<float>(values[reduce.A], rows * _columns), new Span<float>(values[i], rows));
                    break;
                case Stretch stretch:
                    Tile.StretchRows(new ReadOnlySpan<float>(values[stretch.A], rows), new Span<float>(values[i], rows * _columns));
                    break;
            }
        }
        foreach ((Store store, StridedReader writer) in _copiedStores)
        {
            bool full = _steps[store.Value].Instruction.Level == Level.Full;
            StoreTile(store, writer, values[store.Value], full ? start * _columns : start, full ? rows * _columns : rows);
        }
    }

    private void LoadTile(Step step, Load load, float** values, int i, int first, int count)
    {
        byte* source = _memory.At(load.View);
        if (step.ByAddress) values[i] = (float*)source + first;
        else if (load.DType != DType.Bool) step.Reader!.Read((float*)source, values[i], first, count);
        else
        {
            // Bools are bytes in memory and masks in a tile: read the bytes to the end of the register, then widen them.
            byte* bytes = (byte*)(values[i] + _pitch) - count;
            step.Reader!.Read(source, bytes, first, count);
            WidenBools(bytes, values[i], count);
        }
    }

    private static void WidenBools(byte* bytes, float* masks, int count)
    {
        // In blocks, each taken out before it is overwritten: the bytes are at the end of the same register.
        bool* block = stackalloc bool[256];
        for (int i = 0; i < count; i += 256)
        {
            int length = Math.Min(256, count - i);
            new ReadOnlySpan<byte>(bytes + i, length).CopyTo(new Span<byte>(block, length));
            Tile.BoolsToMask(new ReadOnlySpan<bool>(block, length), new Span<uint>(masks + i, length));
        }
    }

    private static void ComputeTile(Step step, Compute compute, float** values, int i, int count)
    {
        var y = new Span<float>(values[i], count);
        var a = new ReadOnlySpan<float>(values[compute.A], count);
        if (step.Routine is null) a.CopyTo(y);
        else step.Routine(a, compute.B < 0 ? default : new ReadOnlySpan<float>(values[compute.B], count), compute.C < 0 ? default : new ReadOnlySpan<float>(values[compute.C], count), y);
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

    private static Step MakeStep(Instruction instruction)
    {
        switch (instruction)
        {
            case Load load:
                var reader = new StridedReader(load.View.Map);
                return new Step { Instruction = instruction, Reader = reader, ByAddress = reader.IsContiguous && load.DType != DType.Bool };
            case Compute { Op: Elementwise op } compute:
                return new Step { Instruction = instruction, Routine = op.TileFor(compute.Origin.Inputs[op.Arity - 1].DType) };
            case Compute { Op: Cast cast } compute:
                return new Step { Instruction = instruction, Routine = cast.TileFrom(compute.Origin.Inputs[0].DType) };
            case Compute compute:
                throw new InvalidOperationException($"the tile engine does not know {compute.Op}");
            default:
                return new Step { Instruction = instruction };
        }
    }

    /// <summary>Computes a value right in its buffer if it is stored straight, it is no bool, and no later instruction still reads, by address, what
    /// the buffer held before.</summary>
    private bool TryStoreDirectly(Store store)
    {
        Step step = _steps[store.Value];
        bool straight = store.View.Map.IsContiguous && store.View.Buffer.DType != DType.Bool && step.Direct is null;
        if (!straight || step.Instruction is Load or Number) return false;
        for (int i = store.Value + 1; i < _steps.Length; i++)
            foreach (int operand in Operands(_steps[i].Instruction))
                if (_steps[operand] is { Instruction: Load load } && load.View.Buffer.Overlaps(store.View.Buffer)) return false;
        for (int i = store.Value + 1; i < _steps.Length; i++)
            if (_steps[i].Instruction is Load later && later.View.Buffer.Overlaps(store.View.Buffer)) return false;
        // A second store of the same body may copy a loaded value out of this memory at the end.
        foreach (Store other in Body.Stores)
            if (_steps[other.Value].Instruction is Load copied && copied.View.Buffer.Overlaps(store.View.Buffer)) return false;
        step.Direct = store;
        return true;
    }

    private static IEnumerable<int> Operands(Instruction instruction) => instruction switch
    {
        Compute compute => new[] { compute.A, compute.B, compute.C }.Where(value => value >= 0),
        RowReduce reduce => [reduce.A],
        Stretch stretch => [stretch.A],
        _ => [],
    };

    /// <summary>Gives each value that needs one a register, used again after the value's last use; numbers keep theirs for good, and value
    /// <paramref name="kept"/> until the tile is done, for whoever runs this to read.</summary>
    private int AssignRegisters(int kept)
    {
        int count = 0;
        var free = new Stack<int>();
        var lastUse = new int[_steps.Length];
        for (int i = 0; i < _steps.Length; i++)
            foreach (int operand in Operands(_steps[i].Instruction)) lastUse[operand] = i;
        foreach (Store store in Body.Stores) lastUse[store.Value] = int.MaxValue;
        if (kept >= 0) lastUse[kept] = int.MaxValue;

        foreach (Step step in _steps)
            if (step.Instruction is Number) step.Register = count++;
        for (int i = 0; i < _steps.Length; i++)
        {
            Step step = _steps[i];
            bool elementwise = step.Instruction is Compute;
            // An elementwise op may write over a dying operand; a row op may not: its levels differ.
            if (elementwise) Release(i);
            if (step.Instruction is not Number && step.Direct is null && !step.ByAddress) step.Register = free.TryPop(out int register) ? register : count++;
            if (!elementwise) Release(i);
        }
        return count;

        void Release(int at)
        {
            foreach (int operand in Operands(_steps[at].Instruction).Distinct())
                if (lastUse[operand] == at && _steps[operand].Register >= 0 && _steps[operand].Instruction is not Number) free.Push(_steps[operand].Register);
        }
    }

    private void FillNumbers(int worker)
    {
        for (int i = 0; i < _steps.Length; i++)
        {
            if (_steps[i].Instruction is not Number number) continue;
            float* tile = Register(worker, _steps[i].Register);
            if (number.DType == DType.Float32) new Span<float>(tile, _pitch).Fill((float)number.Value);
            else new Span<int>(tile, _pitch).Fill(number.DType == DType.Int32 ? (int)number.Value : number.Value != 0 ? -1 : 0);
        }
    }

    public void Dispose() => _registers.Dispose();
}
