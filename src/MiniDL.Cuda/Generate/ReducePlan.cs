// How a reduction is laid over threads.
//
// Neighbouring axes that are both kept or both reduced are merged, axes of 1 dropped; what is left alternates. N results are kept, T terms make one result. If the innermost
// axis is reduced, lanes take neighbouring terms of one result; if it is kept, lanes take neighbouring results, and several rows of lanes share the terms:
//
//   (N x T) runs        W lanes a result               (T x N) columns      32 columns
//   r0 | l0 l1 l2 ... |                                lane row 0:  t = 0 | c0 c1 c2 ... c31 |
//   r1 | l0 l1 l2 ... |                                lane row 1:  t = 1 | c0 c1 c2 ... c31 |     then t = 8, 9, ...
//
// Either way neighbouring lanes read neighbouring addresses. The one thing to understand: where there are few results of many terms, the terms are cut into parts, by
// the shape alone, each a block of its own; a second kernel combines the parts' results. So the same bits come out each time, on any device, without atomics.
namespace MiniDL.Cuda;

/// <summary>Axes, threads and parts of a reduction.</summary>
internal sealed class ReducePlan
{
    private const int WarpsTerms = 1024;            // terms that one warp takes on
    private const int BlocksEnough = 128;           // blocks that fill a device well enough
    private const int BlocksWanted = 256;
    private const int MostSerial = 128, LeastSerial = 16;   // terms that one thread adds up: more cost precision, fewer are not worth a part
    private const int WidestWhole = 128;            // columns that a block takes whole; more are cut into tiles of 32
    private const int MostRow = Grouping.MaxColumns;

    public ReducePlan(Shape shape, Ints reducedAxes)
    {
        List<(int Count, int Step, bool Reduced)> axes = ReduceStage.MergeAxes(shape, reducedAxes);
        Kept = [.. axes.Where(axis => !axis.Reduced).Select(axis => (axis.Count, axis.Step))];
        Reduced = [.. axes.Where(axis => axis.Reduced).Select(axis => (axis.Count, axis.Step))];
        (Results, Terms) = (ProductOf(Kept), ProductOf(Reduced));
        IsColumns = axes.Count > 0 && !axes[^1].Reduced;
        IsRows = axes.Count is 1 or 2 && axes[^1].Reduced && Terms <= MostRow;
        InnerTerms = IsColumns || axes.Count == 0 ? 1 : axes[^1].Count;
        if (IsColumns) PlanColumns(axes[^1].Count);
        else PlanRuns();
    }

    /// <summary>Kept axes, outermost first, with their steps in positions.</summary>
    public (int Count, int Step)[] Kept { get; }

    /// <summary>Reduced axes.</summary>
    public (int Count, int Step)[] Reduced { get; }

    /// <summary>N.</summary>
    public int Results { get; }

    /// <summary>T.</summary>
    public int Terms { get; }

    /// <summary>Terms that follow each other in memory.</summary>
    public int InnerTerms { get; }

    /// <summary>True when the innermost axis is kept.</summary>
    public bool IsColumns { get; }

    /// <summary>True when it is a plain reduction of short rows, which is what bodies with rows are for.</summary>
    public bool IsRows { get; }

    /// <summary>For runs, threads of one result; for columns, rows of lanes.</summary>
    public int Lanes { get; private set; }

    /// <summary>For columns, how many a block takes.</summary>
    public int Width { get; private set; } = 1;

    /// <summary>For columns, tiles of that width.</summary>
    public int Tiles { get; private set; } = 1;

    /// <summary>For columns, results beside each other.</summary>
    public int Columns { get; private set; } = 1;

    /// <summary>Parts that the terms of a result are cut into.</summary>
    public int Parts { get; private set; } = 1;

    /// <summary>Terms of a part.</summary>
    public int PartTerms { get; private set; }

    /// <summary>Threads of a block.</summary>
    public int Threads => IsColumns ? Width * Lanes : Math.Max(Lanes, KernelText.BlockFor((long)Results * Lanes));

    /// <summary>For runs, results of a block.</summary>
    public int ResultsPerBlock => Threads / Lanes;

    /// <summary>Blocks.</summary>
    public int Blocks => checked(IsColumns ? Results / Columns * Tiles * Parts : Parts > 1 ? Results * Parts : KernelText.Blocks(Results, ResultsPerBlock));

    /// <summary>Threads that share so many terms of one of so many results: lanes of a warp, or a block.</summary>
    public static int LanesFor(int terms, int results)
    {
        if (terms > WarpsTerms || (terms > 256 && results <= 64)) return KernelText.Threads;
        int lanes = 1;
        while (lanes < 32 && lanes < terms) lanes *= 2;
        return lanes;
    }

    private void PlanRuns()
    {
        Lanes = LanesFor(Terms, Results);
        if (Lanes == KernelText.Threads) CutTerms(Results);
        else PartTerms = Terms;
    }

    private void PlanColumns(int columns)
    {
        Columns = columns;
        Width = columns <= WidestWhole ? columns : 32;
        Tiles = KernelText.Blocks(columns, Width);
        Lanes = Math.Clamp(KernelText.Threads / Width, 4, Math.Max(4, Terms));
        CutTerms(Results / columns * Tiles);
    }

    /// <summary>Cuts the terms if one block for each result or tile would be too few blocks, or leave each thread too many.</summary>
    private void CutTerms(int blocks)
    {
        bool tooFew = blocks < BlocksEnough && Terms > Lanes * LeastSerial, tooLong = Terms > Lanes * MostSerial;
        PartTerms = Terms;
        if (!tooFew && !tooLong) return;
        int wanted = (BlocksWanted + blocks - 1) / blocks, unit = 4 * Lanes;
        long terms = Math.Clamp((Terms + wanted - 1) / wanted, Lanes * LeastSerial, Lanes * MostSerial);
        PartTerms = (int)((terms + unit - 1) / unit * unit);
        Parts = KernelText.Blocks(Terms, PartTerms);
    }

    private static int ProductOf((int Count, int Step)[] axes) => axes.Aggregate(1, (product, axis) => checked(product * axis.Count));
}
