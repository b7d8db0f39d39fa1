// The expression of a fused stage: a straight line of instructions, each naming a value that later ones use.
//
// A body is evaluated over a range of positions at once (a tile on the CPU, a thread's elements on a GPU). Values have one of two levels: full,
// one element for each position of R rows of C columns, or row, one for each of the R rows. Between them lead row reductions (full to row)
// and stretches (row to full). A stage without reductions has full values only. The one thing to understand: positions are row-major, and each load
// carries its own index map, so what is fused may have been a matrix here and a batch of images there.
namespace MiniDL;

/// <summary>How many elements a value of a fused body has.</summary>
public enum Level
{
    /// <summary>One per position: R * C.</summary>
    Full,

    /// <summary>One per row: R.</summary>
    Row,
}

/// <summary>One instruction of a fused body. Its index in the body is the name of its value.</summary>
/// <param name="Level">The level of its value.</param>
/// <param name="DType">The dtype of its value.</param>
/// <param name="Origin">The graph node it computes, for names and source lines.</param>
public abstract record Instruction(Level Level, DType DType, Tensor Origin);

/// <summary>Reads a buffer through an index map over the level's positions.</summary>
public sealed record Load(Level Level, DType DType, Tensor Origin, View View) : Instruction(Level, DType, Origin);

/// <summary>The same number everywhere.</summary>
public sealed record Number(Level Level, DType DType, Tensor Origin, double Value) : Instruction(Level, DType, Origin);

/// <summary>An elementwise op or cast on values <paramref name="A"/>, <paramref name="B"/>, <paramref name="C"/> (-1 if unused) of the same level.</summary>
public sealed record Compute(Level Level, DType DType, Tensor Origin, Op Op, int A, int B, int C) : Instruction(Level, DType, Origin);

/// <summary>Random numbers; the element index of the generator is the position.</summary>
public sealed record RandomNumbers(Level Level, DType DType, Tensor Origin, RandomOp Op) : Instruction(Level, DType, Origin);

/// <summary>Combines each row of a full value.</summary>
public sealed record RowReduce(DType DType, Tensor Origin, ReduceKind Kind, int A) : Instruction(Level.Row, DType, Origin);

/// <summary>Repeats each element of a row value along its row.</summary>
public sealed record Stretch(DType DType, Tensor Origin, int A) : Instruction(Level.Full, DType, Origin);

/// <summary>A value that is written to a buffer through an index map over its level's positions.</summary>
public readonly record struct Store(int Value, View View);

/// <summary>A fused expression over R rows of C columns.</summary>
/// <param name="Rows">R.</param>
/// <param name="Columns">C; 1 means that rows do not matter and any range of positions may be evaluated.</param>
/// <param name="Instructions">In order of evaluation.</param>
/// <param name="Stores">What is kept. All loads of a position come before its stores, so a buffer may be read and replaced in place.</param>
public sealed record FusedBody(int Rows, int Columns, IReadOnlyList<Instruction> Instructions, IReadOnlyList<Store> Stores)
{
    /// <summary>R * C.</summary>
    public long Positions => (long)Rows * Columns;

    /// <summary>Rough work per position, an addition being 1.</summary>
    public int Weight => Instructions.Sum(WeightOf);

    private static int WeightOf(Instruction instruction) => instruction switch
    {
        Compute { Op: Elementwise op } => op.Weight,
        RandomNumbers => 8,
        Number => 0,
        _ => 1,
    };

    /// <summary>One instruction per line: <c>v3 = mul(v1, v2)</c>.</summary>
    public IEnumerable<string> Lines()
    {
        for (int i = 0; i < Instructions.Count; i++)
        {
            string right = Instructions[i] switch
            {
                Load load => load.View.ToString(),
                Number number => number.Value.ToString("G7"),
                Compute compute => $"{compute.Op}({string.Join(", ", new[] { compute.A, compute.B, compute.C }.Where(v => v >= 0).Select(v => $"v{v}"))})",
                RandomNumbers random => random.Op.ToString(),
                RowReduce reduce => $"row_{reduce.Kind.ToString().ToLowerInvariant()}(v{reduce.A})",
                Stretch stretch => $"stretch(v{stretch.A})",
                var other => other.ToString(),
            };
            string source = Instructions[i] is Load or Number ? "" : $"   # {Instructions[i].Origin.Source}";
            yield return $"v{i} = {right}{source}";
        }
        foreach (Store store in Stores) yield return $"{store.View} = v{store.Value}";
    }
}
