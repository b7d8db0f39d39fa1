// Decides, before a fused body runs, how long its tiles are and where each of its values will be.
//
//   tile length   a thousand elements, whole rows if the body has rows, and a divisor of the runs in which its views lie
//   joined        steps that can be one pass (TileFusion.cs)
//   forms         a value that is the same along a tile, or along each row, stays one element, if everyone who reads it can take that
//   direct        a value that is stored in one piece is computed where it belongs
//   registers     what is left gets a tile of scratch, used again when the value is dead
//
// The one thing to understand: nothing of this changes a bit of any result; a tile routine gives an element the same bits wherever it stands.
namespace MiniDL.Cpu;

/// <summary>The steps of a fused body, and where their values are.</summary>
internal sealed class TilePlan
{
    /// <summary>Elements of a tile, unless rows are longer: 4 KB, a twelfth of a first-level cache.</summary>
    public const int TileLength = 1024;

    private const int ShortestTile = 256;   // below, going through the list of instructions would cost more than it saves

    private readonly FusedBody _body;
    private readonly int _kept;

    /// <summary>Plans a body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="block">The caller's ranges each lie within a block of this many positions, counted from 0; 0: not known; null: they are tiles of <see cref="RowsPerTile"/> rows.</param>
    /// <param name="kept">A value that must stay until the tile is done, for whoever runs this to read, or -1.</param>
    /// <param name="sumLinks">If above 0, that value is the last, will be summed, and need not be stored if it is a chain; of so many links at most.</param>
    public TilePlan(FusedBody body, int? block, int kept, int sumLinks = 0)
    {
        (_body, _kept) = (body, kept);
        RowsPerTile = body.Columns > 1 ? Math.Max(1, TileLength / body.Columns) : block is null ? LengthWithinRuns(body) : TileLength;
        int rows = Math.Min(RowsPerTile, body.Rows);
        var tile = new TileShape(rows, body.Columns, block ?? rows * body.Columns);
        Steps = [.. body.Instructions.Select(instruction => TileStep.Of(instruction, tile))];
        TileFusion.Join(Steps, Remaining, tile.HasLongRows, sumLinks > 0 ? kept : -1, sumLinks);
        FindForms();
        CopiedStores = [.. body.Stores.Where(store => !TryStoreDirectly(store)).Select(store => (store, new StridedReader(store.View.Map)))];
        Registers = AssignRegisters();
    }

    /// <summary>What happens to each value, in order.</summary>
    public TileStep[] Steps { get; }

    /// <summary>Rows of a full tile; positions, when the body has one column.</summary>
    public int RowsPerTile { get; }

    /// <summary>Stores of values that were not computed in place.</summary>
    public (Store Store, StridedReader Writer)[] CopiedStores { get; }

    /// <summary>The number of registers.</summary>
    public int Registers { get; }

    /// <summary>The values that are read after the last step.</summary>
    private IEnumerable<int> Remaining => _body.Stores.Select(store => store.Value).Concat(_kept < 0 ? [] : [_kept]);

    /// <summary>The largest length at most <see cref="TileLength"/> that divides the runs of the views that are not read straight, so that no tile crosses from one run to
    /// the next: a map of 28 x 28 has one mean, and a tile of 784 sees one number. The usual length if there is no such length that is worth while.</summary>
    private static int LengthWithinRuns(FusedBody body)
    {
        int run = 0;
        foreach (Load load in body.Instructions.OfType<Load>())
        {
            var reader = new StridedReader(load.View.Map);
            if (!reader.IsContiguous && reader.Stride is 0 or 1 && reader.Run >= ShortestTile) run = CommonDivisor(run, reader.Run);
        }
        for (int length = Math.Min(run, TileLength); length >= ShortestTile; length--)
            if (run % length == 0) return length;
        return TileLength;
    }

    /// <summary>The greatest (Euclid, "Elements", VII.2); 0 is divided by everything.</summary>
    private static int CommonDivisor(int a, int b) => b == 0 ? a : CommonDivisor(b, a % b);

    /// <summary>A value that is less than a whole tile stays so if all of its readers are arithmetic, which becomes a chain then.</summary>
    private void FindForms()
    {
        foreach (int value in Remaining) Steps[value].MakeWhole();
        foreach (TileStep step in Steps)
            if (step.Kind is not (StepKind.Chain or StepKind.SumOfChain) && TileFusion.LinkOf(step) is null)
                foreach (int operand in step.Operands) Steps[operand].MakeWhole();

        foreach (TileStep step in Steps)
        {
            if (step.Kind == StepKind.Compute && step.Operands.Any(operand => Steps[operand].Form != TileForm.Whole)) TileFusion.MakeChain(step);
            if (step.Kind == StepKind.Stretch && step.Form != TileForm.Whole) step.Kind = StepKind.SameAddress;
        }
    }

    /// <summary>The value whose memory a value is in: its own, or that of the number it repeats.</summary>
    private int Holder(int value) => Steps[value].Kind == StepKind.SameAddress ? Steps[value].A : value;

    /// <summary>Computes a value right in its buffer if it is stored straight, it is no bool, and no later instruction still reads, by address, what
    /// the buffer held before.</summary>
    private bool TryStoreDirectly(Store store)
    {
        TileStep step = Steps[store.Value];
        bool straight = store.View.Map.IsContiguous && store.View.Buffer.DType != DType.Bool && !step.IsDirect;
        if (!straight || step.Instruction is Load or Number) return false;
        bool Replaces(int value) => Steps[Holder(value)].Instruction is Load load && load.View.Buffer.Overlaps(store.View.Buffer);
        for (int i = store.Value + 1; i < Steps.Length; i++)
            if (Replaces(i) || Steps[i].Operands.Any(Replaces)) return false;
        // A second store of the same body may copy a loaded value out of this memory at the end.
        if (_body.Stores.Any(other => Replaces(other.Value))) return false;
        (step.IsDirect, step.Buffer, step.Offset) = (true, store.View.Buffer.Id, store.View.Map.Offset);
        return true;
    }

    /// <summary>Gives each value that needs one a register, used again after the value's last use; numbers keep theirs for good.</summary>
    private int AssignRegisters()
    {
        int count = 0;
        var free = new Stack<int>();
        var lastUse = new int[Steps.Length];
        for (int i = 0; i < Steps.Length; i++)
            foreach (int operand in Steps[i].Operands) lastUse[Holder(operand)] = i;
        foreach (int value in Remaining) lastUse[value] = int.MaxValue;

        foreach (TileStep step in Steps)
            if (step.Kind == StepKind.Number) step.Register = count++;
        for (int i = 0; i < Steps.Length; i++)
        {
            TileStep step = Steps[i];
            // An elementwise op may write over a dying operand, position by position; not over one that has a number for each row, nor may a row op write over anything.
            bool elementwise = step.Kind is StepKind.Compute or StepKind.Chain;
            if (elementwise) Release(i, operand => Steps[operand].Form != TileForm.SinglePerRow);
            if (!step.IsDirect && NeedsMemory(step)) step.Register = free.TryPop(out int register) ? register : count++;
            Release(i, operand => !elementwise || Steps[operand].Form == TileForm.SinglePerRow);
        }
        return count;

        // Numbers have theirs already; of the others some are elsewhere, some nowhere.
        static bool NeedsMemory(TileStep step) => step.Kind switch
        {
            StepKind.Number or StepKind.Address or StepKind.SameAddress or StepKind.Nothing => false,
            StepKind.SumOfChain => step.IsRow,
            _ => true,
        };

        void Release(int at, Func<int, bool> which)
        {
            foreach (int operand in Steps[at].Operands.Where(which).Select(Holder).Distinct())
                if (lastUse[operand] == at && Steps[operand] is { Register: >= 0, Kind: not StepKind.Number }) free.Push(Steps[operand].Register);
        }
    }
}
