// How the rows of a body are laid over lanes, and what each lane keeps in registers from one pass over its row to the next.
//
// A row reduction needs the whole row before anything that depends on it can go on, so a body becomes a few passes: up to the maximum, up to the sum of
// exponentials, to the end. The one thing to understand: a value is computed in the pass that first uses it, and kept in registers only if a later pass uses
// it too. Should that be too much for the registers, nothing is kept, and each pass loads and computes again what it needs.
//
// The ladder of kernels/softmax shows why rows are laid out so: float4s where rows are whole numbers of them, and few lanes with much each, since combining lanes costs
// instructions, and warps of a block barriers, that elements of one lane do not. But where rows are few, many lanes must share each, or most of the device would idle.
namespace MiniDL.Cuda;

/// <summary>Lanes and passes of a body with rows.</summary>
internal sealed class RowPlan
{
    private const int MostKept = 64;            // registers of one lane for what is kept ...
    private const int BlockRegisters = 65_536;  // ... and at most a third of what a block of so many threads leaves each
    private const int MostUnrolled = 24;        // instructions of a pass that is unrolled though nothing is kept
    private const int ThreadsEnough = 32_768;   // that keep a device busy
    private const int ThreadsOfShortRows = 128;
    private static readonly int[] s_mostEach = [32, 16, 8];   // elements of a row that one lane has

    private readonly FusedBody _body;
    private readonly int[] _available;   // the first pass in which a value can be used
    private readonly int[] _pass;        // the pass in which a full value is computed; none for what nobody uses
    private readonly HashSet<int> _kept = [];

    public RowPlan(FusedBody body)
    {
        _body = body;
        (Rows, Columns) = (body.Rows, body.Columns);
        Load[] loads = [.. body.Instructions.OfType<Load>().Where(load => load.Level == Level.Full)];
        ByFour = Columns % 4 == 0 && loads.Length <= MapText.MostLoadsByFour && loads.All(load => new IndexText(load.View.Map).Four != FourKind.Scattered)
            && FullStores.All(store => new IndexText(store.View.Map).Four == FourKind.Straight);
        _available = new int[body.Instructions.Count];
        _pass = new int[body.Instructions.Count];

        // As few lanes as can hold a row, if registers allow, and if there are enough rows.
        foreach (int most in s_mostEach)
        {
            ShareOut(most);
            FindPasses();
            bool fits = Keep();
            if (fits && (long)Rows * Lanes >= ThreadsEnough) break;
        }
    }

    /// <summary>R.</summary>
    public int Rows { get; }

    /// <summary>C.</summary>
    public int Columns { get; }

    /// <summary>True when a lane takes four neighbouring elements at a time, as everything that is read or written along the row is straight.</summary>
    public bool ByFour { get; }

    /// <summary>Lanes of a row, a power of two; above 32, all threads of a block.</summary>
    public int Lanes { get; private set; }

    /// <summary>Elements that a lane takes at a time.</summary>
    public int Width => ByFour ? 4 : 1;

    /// <summary>How many times it does.</summary>
    public int Steps => (Columns / Width + Lanes - 1) / Lanes;

    /// <summary>Elements of a row that a lane has at most.</summary>
    public int Each => Steps * Width;

    /// <summary>Rows of a block.</summary>
    public int RowsPerBlock { get; private set; }

    /// <summary>Threads of a block.</summary>
    public int Threads => RowsPerBlock * Lanes;

    /// <summary>Blocks.</summary>
    public int Blocks => KernelText.Blocks(Rows, RowsPerBlock);

    /// <summary>True when some block has threads without a row.</summary>
    public bool HasRest => Rows % RowsPerBlock != 0;

    /// <summary>Passes over a row.</summary>
    public int Passes { get; private set; }

    /// <summary>True when passes are unrolled: what is kept must be, to be in registers; long passes of which nothing is kept would only want more of them.</summary>
    public bool IsUnrolled => _kept.Count > 0 || _body.Instructions.Count <= MostUnrolled;

    /// <summary>True when a full value stays in registers after the pass that computes it.</summary>
    public bool IsKept(int value) => _kept.Contains(value);

    /// <summary>The pass that computes a kept value.</summary>
    public int PassOf(int value) => _pass[value];

    /// <summary>Row reductions whose operand is complete after a pass.</summary>
    public IEnumerable<int> ReductionsOf(int pass) => Values(i => _body.Instructions[i] is RowReduce && _available[i] == pass + 1);

    /// <summary>Row values other than reductions that can be computed before a pass, and no earlier.</summary>
    public IEnumerable<int> RowValuesBefore(int pass) => Values(i => _body.Instructions[i] is Load or Compute or RandomNumbers && _body.Instructions[i].Level == Level.Row && _available[i] == pass);

    /// <summary>The full values to compute in a pass, in order.</summary>
    public IEnumerable<int> FullValuesOf(int pass)
    {
        var needed = new SortedSet<int>();
        foreach (int reduction in ReductionsOf(pass)) Need(((RowReduce)_body.Instructions[reduction]).A);
        if (pass == Passes - 1)
            foreach (Store store in FullStores) Need(store.Value);
        foreach (int value in _kept.Where(value => _pass[value] == pass)) Need(value);
        return needed;

        void Need(int value)
        {
            Instruction instruction = _body.Instructions[value];
            bool isComputed = instruction is Load or Compute or RandomNumbers && instruction.Level == Level.Full;
            if (!isComputed || (_kept.Contains(value) && _pass[value] < pass) || !needed.Add(value)) return;
            foreach (int operand in BodyText.Operands(instruction)) Need(operand);
        }
    }

    /// <summary>The stores of full values.</summary>
    public IEnumerable<Store> FullStores => _body.Stores.Where(store => _body.Instructions[store.Value].Level == Level.Full);

    /// <summary>The stores of row values.</summary>
    public IEnumerable<Store> RowStores => _body.Stores.Where(store => _body.Instructions[store.Value].Level == Level.Row);

    private IEnumerable<int> Values(Predicate<int> which) => Enumerable.Range(0, _body.Instructions.Count).Where(i => which(i));

    /// <summary>One lane for each element or four, up to a warp; then a warp while no lane has too many elements; then a block.</summary>
    private void ShareOut(int mostEach)
    {
        Lanes = 1;
        while (Lanes * Width < Columns && (Lanes < 32 || Lanes * mostEach < Columns)) Lanes *= 2;
        RowsPerBlock = Lanes > 32 ? 1 : Math.Min(ThreadsOfShortRows, KernelText.BlockFor((long)Rows * Lanes)) / Lanes;
    }

    private void FindPasses()
    {
        for (int i = 0; i < _available.Length; i++)
        {
            _available[i] = BodyText.Operands(_body.Instructions[i]).Select(operand => _available[operand]).DefaultIfEmpty(0).Max() + (_body.Instructions[i] is RowReduce ? 1 : 0);
            Passes = Math.Max(Passes, _body.Instructions[i].Level == Level.Full ? _available[i] + 1 : _available[i]);
        }

        // From the last value to the first: the earliest of the passes that use it.
        Array.Fill(_pass, int.MaxValue);
        foreach (Store store in FullStores) _pass[store.Value] = Passes - 1;
        for (int i = _pass.Length - 1; i >= 0; i--)
        {
            int use = _body.Instructions[i] is RowReduce ? _available[i] - 1 : _pass[i];
            if (_body.Instructions[i] is RowReduce || _body.Instructions[i].Level == Level.Full)
                foreach (int operand in BodyText.Operands(_body.Instructions[i])) _pass[operand] = Math.Min(_pass[operand], use);
        }
    }

    /// <summary>Chooses what stays in registers.</summary>
    /// <returns>False if it would be too much, and nothing does.</returns>
    private bool Keep()
    {
        _kept.Clear();

        // Loads are asked for at once, so that their latencies overlap, if there are not too many.
        int[] loads = [.. Values(i => _body.Instructions[i] is Load { Level: Level.Full } && _pass[i] != int.MaxValue)];
        if (loads.Length * Each <= MostKept / 2)
            foreach (int load in loads) _pass[load] = 0;

        for (int i = 0; i < _pass.Length; i++)
        {
            int use = _body.Instructions[i] is RowReduce ? _available[i] - 1 : _pass[i];
            if (use == int.MaxValue) continue;
            foreach (int operand in BodyText.Operands(_body.Instructions[i])) KeepUntil(operand, use);
        }
        foreach (Store store in FullStores) KeepUntil(store.Value, Passes - 1);
        if (_kept.Count * Each <= Math.Min(MostKept, BlockRegisters / Threads / 3)) return true;
        _kept.Clear();
        return false;
    }

    private void KeepUntil(int value, int use)
    {
        Instruction instruction = _body.Instructions[value];
        if (instruction is Load or Compute or RandomNumbers && instruction.Level == Level.Full && use > _pass[value]) _kept.Add(value);
    }
}
