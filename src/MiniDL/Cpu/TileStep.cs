// One value of a fused body as the tile engine sees it: how it is made in a tile, and where it then is.
//
// The one thing to understand: a value is an address, and only some values need memory of their own. A load that lies in one piece is the address of the data; a
// value that is stored in one piece is computed where it belongs; a value that is the same all along a tile is the address of one element.
namespace MiniDL.Cpu;

/// <summary>How a value comes to be in a tile.</summary>
internal enum StepKind
{
    /// <summary>A number: its register was filled once and for all.</summary>
    Number,

    /// <summary>A load whose elements lie side by side, or are one and the same, in each tile: an address in the buffer.</summary>
    Address,

    /// <summary>A load that is copied through its strides.</summary>
    Copy,

    /// <summary>A load of bools, copied and widened to masks.</summary>
    Bools,

    /// <summary>An elementwise op or a cast.</summary>
    Compute,

    /// <summary>Up to three sums, differences, products, quotients, squares at once.</summary>
    Chain,

    /// <summary>Random numbers.</summary>
    Random,

    /// <summary>Rows combined to one number each.</summary>
    Reduce,

    /// <summary>The sum of a chain, for each row; or, of a body whose last value the caller wants summed, for the caller to ask for.</summary>
    SumOfChain,

    /// <summary>A link that is computed where it is used: never stored.</summary>
    Nothing,

    /// <summary>A number for each row, repeated along the row.</summary>
    Stretch,

    /// <summary>The same, left as it is for those who can take a number for each row.</summary>
    SameAddress,
}

/// <summary>The tiles of a body: at most so many rows of so many columns, each tile within a block of so many positions, counted from 0 (0: that is not known).</summary>
internal readonly record struct TileShape(int Rows, int Columns, int Block)
{
    private const int LongRow = 128;

    /// <summary>Rows are taken one by one by those who can, so that a number for a row need not be stretched along it.</summary>
    public bool HasLongRows => Columns >= LongRow;
}

/// <summary>How many elements are at a value's address.</summary>
internal enum TileForm
{
    /// <summary>One for each position of the tile.</summary>
    Whole,

    /// <summary>One for all of them.</summary>
    Single,

    /// <summary>One for each row of a tile of several.</summary>
    SinglePerRow,

    /// <summary>One row, which all rows of a tile of several have in common.</summary>
    OneRow,
}

/// <summary>What happens to one value of the body in one tile.</summary>
internal sealed class TileStep
{
    public required Instruction Instruction { get; init; }

    public required StepKind Kind { get; set; }

    /// <summary>One element for each row instead of each position.</summary>
    public required bool IsRow { get; init; }

    /// <summary>How many elements are at its address; only chains can take anything but whole tiles.</summary>
    public TileForm Form { get; set; }

    /// <summary>Makes a whole tile of a value that would be less.</summary>
    public void MakeWhole()
    {
        if (Form == TileForm.Whole) return;
        Form = TileForm.Whole;
        if (Kind == StepKind.Address) Kind = StepKind.Copy;
    }

    /// <summary>For loads: how positions lead to elements.</summary>
    public StridedReader? Reader { get; init; }

    /// <summary>For compute steps: the routine; null keeps the lanes as they are.</summary>
    public TileRoutine? Routine { get; init; }

    /// <summary>For chains: their links.</summary>
    public ChainOp[] Links { get; set; } = [];

    /// <summary>The values that it reads; -1 where there is none.</summary>
    public int A { get; set; } = -1;

    /// <inheritdoc cref="A"/>
    public int B { get; set; } = -1;

    /// <inheritdoc cref="A"/>
    public int C { get; set; } = -1;

    /// <inheritdoc cref="A"/>
    public int D { get; set; } = -1;

    /// <summary>The register that holds it, or -1.</summary>
    public int Register { get; set; } = -1;

    /// <summary>The buffer that a load reads, or that the value is computed straight into; -1 if there is none.</summary>
    public int Buffer { get; set; } = -1;

    /// <summary>Whether the value is computed straight into its buffer.</summary>
    public bool IsDirect { get; set; }

    /// <summary>Elements in front of the view in its buffer.</summary>
    public long Offset { get; set; }

    /// <summary>The values that it reads.</summary>
    public IEnumerable<int> Operands
    {
        get
        {
            if (A >= 0) yield return A;
            if (B >= 0) yield return B;
            if (C >= 0) yield return C;
            if (D >= 0) yield return D;
        }
    }

    /// <summary>The step of an instruction, in tiles of a shape.</summary>
    public static TileStep Of(Instruction instruction, TileShape tile) => instruction switch
    {
        Load load => OfLoad(load, new StridedReader(load.View.Map), tile),
        Compute { Op: Elementwise op } compute => OfCompute(compute, op.TileFor(compute.Origin.Inputs[op.Arity - 1].DType)),
        Compute { Op: Cast cast } compute => OfCompute(compute, cast.TileFrom(compute.Origin.Inputs[0].DType)),
        Number { DType: DType.Float32 } => Of(instruction, StepKind.Number, TileForm.Single),
        Number => Of(instruction, StepKind.Number),
        RandomNumbers => Of(instruction, StepKind.Random),
        RowReduce reduce => Of(instruction, StepKind.Reduce, a: reduce.A),
        Stretch stretch when stretch.DType == DType.Float32 && tile.HasLongRows => Of(instruction, StepKind.Stretch, tile.Rows > 1 ? TileForm.SinglePerRow : TileForm.Single, stretch.A),
        Stretch stretch => Of(instruction, StepKind.Stretch, a: stretch.A),
        _ => throw new InvalidOperationException($"the tile engine does not know {instruction}"),
    };

    private static TileStep Of(Instruction instruction, StepKind kind, TileForm form = TileForm.Whole, int a = -1) =>
        new() { Instruction = instruction, IsRow = instruction.Level == Level.Row, Kind = kind, Form = form, A = a };

    /// <summary>A load is an address if its elements in a tile lie side by side, or are one and the same, or are a row that all rows have in common.</summary>
    private static TileStep OfLoad(Load load, StridedReader reader, TileShape tile)
    {
        bool isRow = load.Level == Level.Row;
        int block = isRow ? tile.Rows : tile.Block;
        bool inOneRun = block > 0 && reader.Run % block == 0;
        bool isAddress = reader.IsContiguous || block == 1 || (inOneRun && reader.Stride == 1);
        TileForm form = isAddress || load.DType != DType.Float32 ? TileForm.Whole
            : inOneRun && reader.Stride == 0 ? TileForm.Single
            : !isRow && tile is { Rows: > 1, HasLongRows: true } && reader.Run == tile.Columns && reader is { Stride: 1, OnlyRunMoves: true } ? TileForm.OneRow : TileForm.Whole;
        return new TileStep
        {
            Instruction = load,
            IsRow = isRow,
            Kind = load.DType == DType.Bool ? StepKind.Bools : isAddress || form != TileForm.Whole ? StepKind.Address : StepKind.Copy,
            Form = form,
            Reader = reader,
            Buffer = load.View.Buffer.Id,
            Offset = load.View.Map.Offset,
        };
    }

    private static TileStep OfCompute(Compute compute, TileRoutine? routine) => new()
    {
        Instruction = compute,
        IsRow = compute.Level == Level.Row,
        Kind = StepKind.Compute,
        Routine = routine,
        A = compute.A,
        B = compute.B,
        C = compute.C,
    };
}
