// The ladder of layer norm, backward: from the gradient of y those of x, gamma and beta.
//
// The one thing to understand: dx wants sums along rows, dgamma and dbeta sums down columns, of the same numbers. Whoever has a row in registers for the first can add it to the
// second on the way, if the same thread always has the same columns.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/layernorm/backward</c>.</summary>
internal sealed class LayerNormBackwardLadder : Ladder
{
    private const string Of = "layernorm/backward/";
    private const int HeldByRows = 2, HeldByStrips = 5;         // rows that a thread has its part of in registers: g, x; and gamma and the two sums
    private const int PartBlocks = 1024, LeastPartRows = 64;    // blocks that column parts are cut for; a shorter part is not worth its second pass

    public override string Name => "layernorm-backward";

    public override string Folder => "layernorm";

    public override string Formula => "dx = rstd * (h - average h - xhat * average(h * xhat)), h = g * gamma; dgamma = sum g * xhat, dbeta = sum g over rows";

    public override Measure Measure => Measure.GigaBytes;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "naive", Of + "01_naive.cu", "a thread goes through a row for dx, then through a column for dgamma and dbeta",
            "32 sectors a request", problem => new([Launch("01_naive.cu", problem.Macros, Blocks(Math.Max(problem["ROWS"], problem["COLUMNS"]), 128), 1, 128,
                ["g", "x", "gamma", "mean", "rstd", "dx", "dgamma", "dbeta"])])),
        new(2, "rows", Of + "02_rows.cu", "dx by rows in registers; a kernel of its own for the columns",
            "bytes over the minimum: 14 -> 2.2", problem => new([RowsOf(problem),
                Launch("columns.cu", problem.Macros, Blocks(problem["COLUMNS"], 128), 1, 128, ["g", "x", "mean", "rstd", "dgamma", "dbeta"])])),
        new(3, "column parts", Of + "03_column_parts.cu", "columns are added up in parts, side by side; a second pass adds the parts",
            "blocks of the column sums: 8 -> 1024", ColumnParts),
        new(4, "strip", Of + "04_strip.cu", "a block does several rows, and adds up columns on the way",
            "bytes over the minimum: 2.2 -> 1.15", Strips),
    ];

    public override int DefaultSize => 1024;

    /// <summary>Rows of <paramref name="n"/> columns, as many as make 2^23 elements: 32 MiB each of g, x and dx, together more than the caches of GPUs hold.</summary>
    public override Problem OfSize(int n) => LayerNormBackwardProblem.Of(Math.Max(1, (1 << 23) / n), n);

    public override IReadOnlyList<Problem> Checks { get; } =
    [
        LayerNormBackwardProblem.Of(1, 1), LayerNormBackwardProblem.Of(67, 10), LayerNormBackwardProblem.Of(35, 31), LayerNormBackwardProblem.Of(9, 33), LayerNormBackwardProblem.Of(9000, 3),
        LayerNormBackwardProblem.Of(3, 1000), LayerNormBackwardProblem.Of(261, 203), LayerNormBackwardProblem.Of(260, 516), LayerNormBackwardProblem.Of(2, 4096),
        LayerNormBackwardProblem.Of(3, 5000), LayerNormBackwardProblem.Of(2, 8209),
        LayerNormBackwardProblem.Of(5, 100) with { Offset = 1 }, LayerNormBackwardProblem.Of(2, 5000) with { Offset = 1 }, LayerNormBackwardProblem.WithNaN(7, 100),
    ];

    private static RungLaunch RowsOf(Problem problem)
    {
        var share = new RowShare(problem["ROWS"], problem["COLUMNS"], problem.IsAligned, HeldByRows);
        return Launch("02_rows.cu", share.Macros, share.Launch.Grid.X, 1, RowShare.Threads, ["g", "x", "gamma", "mean", "rstd", "dx"]);
    }

    private static RungPlan ColumnParts(Problem problem)
    {
        // As many parts as make enough blocks, but none of a few rows only.
        int rows = problem["ROWS"], columns = problem["COLUMNS"], tiles = Blocks(columns, 32), wanted = Math.Max(1, PartBlocks / tiles);
        int partRows = Math.Max(LeastPartRows, Blocks(Blocks(rows, wanted), 8) * 8), parts = Blocks(rows, partRows);
        return new([RowsOf(problem), Launch("03_column_parts.cu", [.. problem.Macros, ("PART_ROWS", partRows)], tiles, parts, 256, ["g", "x", "mean", "rstd", RungArgument.Scratch()]),
            SumOf(parts, columns)], ScratchBytes(parts, columns));
    }

    private static RungPlan Strips(Problem problem)
    {
        var share = new RowShare(problem["ROWS"], problem["COLUMNS"], problem.IsAligned, HeldByStrips);
        int blocks = (int)share.LaunchOf(share.Strip).Grid.X;
        return new([Launch("04_strip.cu", [.. share.Macros, ("STRIP", share.Strip)], blocks, 1, RowShare.Threads, ["g", "x", "gamma", "mean", "rstd", "dx", RungArgument.Scratch()]),
            SumOf(blocks, share.Columns)], ScratchBytes(blocks, share.Columns));
    }

    private static RungLaunch SumOf(int parts, int columns) =>
        Launch("sum_parts.cu", [("PARTS", parts), ("COLUMNS", columns)], Blocks(2 * columns, 32), 1, 256, [RungArgument.Scratch(), "dgamma", "dbeta"]);

    private static long ScratchBytes(int parts, int columns) => sizeof(float) * 2L * parts * columns;

    private static RungLaunch Launch(string file, IEnumerable<(string Name, object Value)> macros, int blocksX, int blocksY, int threads, RungArgument[] arguments) =>
        new(LibraryKernel.Of(Of + file, macros), new LaunchShape(new Dim3(blocksX, blocksY), new Dim3(threads)), arguments);

    private static int Blocks(int count, int each) => (count + each - 1) / each;
}
