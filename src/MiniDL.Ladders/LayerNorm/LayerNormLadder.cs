// The ladder of layer norm, forward: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta by rows, and mean and reciprocal deviation for the way back.
//
// The one thing to understand: the variance wants the mean first. A kernel may read a row twice for that, or put right what it has as it goes (Welford), or keep the row in
// registers, where reading twice costs nothing. The last is the simplest and the fastest.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/layernorm/forward</c>.</summary>
internal sealed class LayerNormLadder : Ladder
{
    private static readonly RungArgument[] s_arguments = ["x", "gamma", "beta", "y", "mean", "rstd"];

    public override string Name => "layernorm";

    public override string Folder => "layernorm";

    public override string Formula => "y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, by rows";

    public override Measure Measure => Measure.GigaBytes;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "naive", "layernorm/forward/01_naive.cu", "a thread goes through a row three times: mean, variance, result",
            "32 sectors a request", problem => OneLaunch("layernorm/forward/01_naive.cu", problem, blocks: Blocks(problem["ROWS"], 128), threads: 128)),
        new(2, "block", "layernorm/forward/02_block.cu", "a block takes a row, neighbours read neighbours",
            "sectors a request: 32 -> 4", problem => OneLaunch("layernorm/forward/02_block.cu", problem, blocks: problem["ROWS"], threads: 256)),
        new(3, "Welford", "layernorm/forward/03_welford.cu", "mean and variance in one pass over the row",
            "reads of x: 3 -> 2, more instructions", problem => OneLaunch("layernorm/forward/03_welford.cu", problem, blocks: problem["ROWS"], threads: 256)),
        new(4, "warp, registers", "layernorm/forward/04_warp.cu", "a warp takes a row and keeps it in registers, where two passes cost nothing",
            "reads of x: 2 -> 1, instructions fall", problem => OneLaunch("layernorm/forward/04_warp.cu", problem, blocks: Blocks(problem["ROWS"], 4), threads: 128)),
        new(5, "float4", "layernorm/forward/05_float4.cu", "float4s, and as many lanes as the row is worth",
            "requests: a quarter", problem => OfRows("layernorm/forward/05_float4.cu", problem, held: 1, strips: false)),
        new(6, "strip", "layernorm/forward/06_strip.cu", "several rows one after the other, gamma and beta in registers",
            "bytes over the minimum: 2.0 -> 1.1", problem => OfRows("layernorm/forward/06_strip.cu", problem, held: 3, strips: true)),
    ];

    public override int DefaultSize => 1024;

    /// <summary>Rows of <paramref name="n"/> columns, as many as make 2^23 elements: 32 MiB each of x and y, together more than the caches of most GPUs hold.</summary>
    public override Problem OfSize(int n) => LayerNormProblem.Plain(Math.Max(1, (1 << 23) / n), n);

    public override IReadOnlyList<Problem> Checks { get; } =
    [
        LayerNormProblem.Plain(1, 1), LayerNormProblem.Plain(67, 10), LayerNormProblem.Plain(35, 31), LayerNormProblem.Plain(9, 33), LayerNormProblem.Plain(9000, 3),
        LayerNormProblem.Plain(3, 1000), LayerNormProblem.Plain(260, 1026), LayerNormProblem.Plain(2, 4096), LayerNormProblem.Plain(3, 5000), LayerNormProblem.Plain(2, 8209),
        LayerNormProblem.Plain(5, 100) with { Offset = 1 }, LayerNormProblem.Plain(2, 5000) with { Offset = 1 },
        LayerNormProblem.Special(100), LayerNormProblem.Special(5000),
    ];

    private static RungPlan OneLaunch(string file, Problem problem, int blocks, int threads) =>
        new([new RungLaunch(LibraryKernel.Of(file, problem.Macros), new LaunchShape(new Dim3(blocks), new Dim3(threads)), s_arguments)]);

    private static RungPlan OfRows(string file, Problem problem, int held, bool strips)
    {
        var share = new RowShare(problem["ROWS"], problem["COLUMNS"], problem.IsAligned, held);
        int strip = strips ? share.Strip : 1;
        return new([new RungLaunch(LibraryKernel.Of(file, [.. share.Macros, problem.Macros[2], ("STRIP", strip)]), share.LaunchOf(strip), s_arguments)]);
    }

    private static int Blocks(int count, int each) => (count + each - 1) / each;
}
