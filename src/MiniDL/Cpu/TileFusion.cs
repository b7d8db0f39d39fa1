// Joins the steps of a fused body where two or three can be one pass over the tile.
//
//   t = x * x;  s = row_sum(t)              ->  s = sum of products of x and x          where nobody else reads t
//   t = x - m;  u = t * a;  y = u + b       ->  y = ((x - m) * a) + b, one chain        where nobody else reads t and u
//
// The one thing to understand: going through a tile costs as much as the arithmetic done to it on the way, also in the first-level cache, so two ops in one pass take the time of one.
// What is joined is rounded as before, and gives the same bits.
namespace MiniDL.Cpu;

/// <summary>Finds what can be joined.</summary>
internal static class TileFusion
{
    /// <summary>Joins steps. <paramref name="remaining"/>: the values that are read after the last step. <paramref name="longRows"/>: rows are worth a loop each.</summary>
    public static void Join(TileStep[] steps, IEnumerable<int> remaining, bool longRows)
    {
        var uses = new int[steps.Length];
        foreach (TileStep step in steps)
            foreach (int operand in step.Operands) uses[operand]++;
        foreach (int value in remaining) uses[value]++;

        for (int i = steps.Length - 1; i >= 0; i--)
        {
            if (longRows && steps[i].Instruction is RowReduce { Kind: ReduceKind.Sum, DType: DType.Float32 }) JoinProduct(steps, i, uses);
            else if (LinkOf(steps[i]) is not null) JoinChain(steps, i, uses);
        }
    }

    /// <summary>The two factors of a product or square of float32, or null.</summary>
    public static (int A, int B)? Factors(Instruction instruction) => instruction is not Compute { DType: DType.Float32 } compute ? null
        : ReferenceEquals(compute.Op, Arithmetic.Mul) ? (compute.A, compute.B)
        : ReferenceEquals(compute.Op, Arithmetic.Square) ? (compute.A, compute.A) : null;

    /// <summary>The link that a step is in a chain, its first input being v; null if it is none.</summary>
    public static ChainOp? LinkOf(TileStep step) => step is not { Kind: StepKind.Compute, Instruction: Compute { DType: DType.Float32 } compute } ? null
        : ReferenceEquals(compute.Op, Arithmetic.Add) ? ChainOp.Add
        : ReferenceEquals(compute.Op, Arithmetic.Sub) ? ChainOp.Sub
        : ReferenceEquals(compute.Op, Arithmetic.Mul) ? ChainOp.Mul
        : ReferenceEquals(compute.Op, Arithmetic.Div) ? ChainOp.Div : null;

    private static void JoinProduct(TileStep[] steps, int sum, int[] uses)
    {
        TileStep product = steps[steps[sum].A];
        if (uses[steps[sum].A] != 1 || product.Kind != StepKind.Compute || Factors(product.Instruction) is not var (a, b)) return;
        (steps[sum].Kind, steps[sum].A, steps[sum].B) = (StepKind.SumOfProducts, a, b);
        Absorb(product);
    }

    /// <summary>Follows a chain upwards from its last link, through the operand that nobody else reads.</summary>
    private static void JoinChain(TileStep[] steps, int last, int[] uses)
    {
        var links = new List<(ChainOp Op, int Operand)>();   // last first
        int v = last;
        while (links.Count < ArithmeticChain.MaxLinks && LinkOf(steps[v]) is { } op && (v == last || (uses[v] == 1 && steps[v].IsRow == steps[last].IsRow)))
        {
            (int a, int b) = (steps[v].A, steps[v].B);
            bool throughB = !Continues(a) && Continues(b);
            links.Add(throughB ? (Turned(op), a) : (op, b));
            if (v != last) Absorb(steps[v]);
            v = throughB ? b : a;
        }
        if (links.Count < 2) return;

        links.Reverse();
        TileStep chain = steps[last];
        (chain.Kind, chain.Links) = (StepKind.Chain, [.. links.Select(link => link.Op)]);
        (chain.A, chain.B, chain.C, chain.D) = (v, links[0].Operand, links[1].Operand, links.Count > 2 ? links[2].Operand : -1);

        bool Continues(int value) => uses[value] == 1 && LinkOf(steps[value]) is not null && steps[value].IsRow == steps[last].IsRow;
    }

    /// <summary>Makes a step a chain of one link, so that its operands may be less than whole tiles.</summary>
    public static void MakeChain(TileStep step) => (step.Links, step.Kind) = ([LinkOf(step)!.Value], StepKind.Chain);

    /// <summary>The link for the second input being v.</summary>
    private static ChainOp Turned(ChainOp op) => op switch { ChainOp.Sub => ChainOp.SubFrom, ChainOp.Div => ChainOp.DivInto, _ => op };

    private static void Absorb(TileStep step) => (step.Kind, step.A, step.B, step.C) = (StepKind.Nothing, -1, -1, -1);
}
