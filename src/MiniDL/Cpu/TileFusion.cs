// Joins the steps of a fused body where two or three can be one pass over the tile.
//
//   t = x - m;  u = t * a;  y = u + b        ->  y = ((x - m) * a) + b, one chain          where nobody else reads t and u
//   t = x - m;  u = t * t;  s = row_sum(u)   ->  s = sum of the chain (x - m) squared      likewise: what is summed is not stored
//
// The one thing to understand: going through a tile costs as much as the arithmetic done to it on the way, also in the first-level cache, so two ops in one pass take the time of one.
// What is joined is rounded as before, and gives the same bits.
namespace MiniDL.Cpu;

/// <summary>Finds what can be joined.</summary>
internal sealed class TileFusion
{
    private readonly TileStep[] _steps;
    private readonly int[] _uses;

    private TileFusion(TileStep[] steps, IEnumerable<int> remaining)
    {
        (_steps, _uses) = (steps, new int[steps.Length]);
        foreach (TileStep step in steps)
            foreach (int operand in step.Operands) _uses[operand]++;
        foreach (int value in remaining) _uses[value]++;
    }

    /// <summary>Joins steps.</summary>
    /// <param name="steps">The steps of a body.</param>
    /// <param name="remaining">The values that are read after the last step.</param>
    /// <param name="longRows">Rows are worth a loop each.</param>
    /// <param name="summed">The value that the caller wants summed and not stored, the last one; or -1.</param>
    /// <param name="maxLinks">The most links of the chain that is summed.</param>
    public static void Join(TileStep[] steps, IEnumerable<int> remaining, bool longRows, int summed, int maxLinks)
    {
        var fusion = new TileFusion(steps, remaining);
        if (summed >= 0 && LinkOf(steps[summed]) is not null)
        {
            fusion.JoinChain(summed, maxLinks);
            if (steps[summed].Kind == StepKind.Compute) MakeChain(steps[summed]);
            steps[summed].Kind = StepKind.SumOfChain;
        }
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            if (longRows && steps[i].Instruction is RowReduce { Kind: ReduceKind.Sum, DType: DType.Float32 }) fusion.JoinSum(steps[i]);
            else if (LinkOf(steps[i]) is not null) fusion.JoinChain(i, ArithmeticChain.MaxLinks);
        }
    }

    /// <summary>The link that a step is in a chain, its first input being v; null if it is none.</summary>
    public static ChainOp? LinkOf(TileStep step) => step is not { Kind: StepKind.Compute, Instruction: Compute { DType: DType.Float32 } compute } ? null
        : ReferenceEquals(compute.Op, Arithmetic.Add) ? ChainOp.Add
        : ReferenceEquals(compute.Op, Arithmetic.Sub) ? ChainOp.Sub
        : ReferenceEquals(compute.Op, Arithmetic.Mul) ? ChainOp.Mul
        : ReferenceEquals(compute.Op, Arithmetic.Div) ? ChainOp.Div
        : ReferenceEquals(compute.Op, Arithmetic.Square) ? ChainOp.Square : null;

    /// <summary>Makes a step a chain of one link, so that its operands may be less than whole tiles.</summary>
    public static void MakeChain(TileStep step) => (step.Links, step.Kind) = ([LinkOf(step)!.Value], StepKind.Chain);

    /// <summary>A row's sum of what only it reads, a chain or a link: the sum computes it as it goes.</summary>
    private void JoinSum(TileStep sum)
    {
        TileStep what = _steps[sum.A];
        if (_uses[sum.A] != 1 || LinkOf(what) is null) return;
        JoinChain(sum.A, ArithmeticChain.MaxLinks);
        if (what.Kind == StepKind.Compute) MakeChain(what);
        (sum.Kind, sum.Links, sum.A, sum.B, sum.C, sum.D) = (StepKind.SumOfChain, what.Links, what.A, what.B, what.C, what.D);
        Absorb(what);
    }

    /// <summary>Follows a chain upwards from its last link, through the operand that nobody else reads.</summary>
    private void JoinChain(int last, int maxLinks)
    {
        var links = new List<(ChainOp Op, int Operand)>();   // last first
        int v = last;
        while (links.Count < maxLinks && LinkOf(_steps[v]) is { } op && (v == last || Continues(v, last)))
        {
            (int a, int b) = (_steps[v].A, _steps[v].B);
            bool throughB = b >= 0 && !Continues(a, last) && Continues(b, last);
            links.Add(throughB ? (Turned(op), a) : (op, b));
            if (v != last) Absorb(_steps[v]);
            v = throughB ? b : a;
        }
        if (links.Count < 2) return;

        links.Reverse();
        TileStep chain = _steps[last];
        (chain.Kind, chain.Links) = (StepKind.Chain, [.. links.Select(link => link.Op)]);
        (chain.A, chain.B, chain.C, chain.D) = (v, links[0].Operand, links[1].Operand, links.Count > 2 ? links[2].Operand : -1);
    }

    private bool Continues(int value, int last) => _uses[value] == 1 && LinkOf(_steps[value]) is not null && _steps[value].IsRow == _steps[last].IsRow;

    /// <summary>The link for the second input being v.</summary>
    private static ChainOp Turned(ChainOp op) => op switch { ChainOp.Sub => ChainOp.SubFrom, ChainOp.Div => ChainOp.DivInto, _ => op };

    private static void Absorb(TileStep step) => (step.Kind, step.A, step.B, step.C, step.D) = (StepKind.Nothing, -1, -1, -1, -1);
}
