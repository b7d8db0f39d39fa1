// The ladder of softmax over rows: y = exp(x - max x) / sum exp(x - max x).
//
// Every rung takes x and y (ROWS, COLUMNS). The one thing to understand: arithmetic hardly matters, and all rungs do nearly the same of it. What changes is how often a row is
// read, by how many instructions, and how long threads wait for each other in between.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/softmax</c>.</summary>
internal sealed class SoftmaxLadder : Ladder
{
    public override string Name => "softmax";

    public override string Folder => "softmax";

    public override string Formula => "y = exp(x - max x) / sum exp(x - max x), by rows";

    public override Measure Measure => Measure.GigaBytes;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "naive", "softmax/01_naive.cu", "a thread goes through a row three times: maximum, sum, result",
            "32 sectors a request", problem => OneLaunch("softmax/01_naive.cu", problem, blocks: Blocks(problem["ROWS"], 128), threads: 128)),
        new(2, "block, tree", "softmax/02_block_tree.cu", "a block takes a row, neighbours read neighbours; trees in shared memory combine",
            "sectors a request: 32 -> 4", problem => OneLaunch("softmax/02_block_tree.cu", problem, blocks: problem["ROWS"], threads: 256)),
        new(3, "shuffles", "softmax/03_shuffle.cu", "lanes combine by shuffles, only warps through shared memory",
            "barriers a row: 19 -> 2", problem => OneLaunch("softmax/03_shuffle.cu", problem, blocks: problem["ROWS"], threads: 256)),
        new(4, "online", "softmax/04_online.cu", "maximum and sum in one pass: the sum is rescaled when a larger element comes",
            "bytes an element: 16 -> 12, exps: 2 -> 3", problem => OneLaunch("softmax/04_online.cu", problem, blocks: problem["ROWS"], threads: 256)),
        new(5, "warp, registers", "softmax/05_warp.cu", "a warp takes a row and keeps it in registers",
            "bytes an element: 12 -> 8, exps: 3 -> 1", problem => OneLaunch("softmax/05_warp.cu", problem, blocks: Blocks(problem["ROWS"], 4), threads: 128)),
        new(6, "float4", "softmax/06_float4.cu", "float4s, and as many lanes as the row is worth: several rows a warp, or a block a row",
            "requests: a quarter", Float4),
    ];

    /// <summary>The scheme of the generated kernels: rows in registers, read once, written once.</summary>
    public override Rung Best => Rungs[5];

    public override int DefaultSize => 1024;

    /// <summary>Rows of <paramref name="n"/> columns, as many as make 2^23 elements: 32 MiB each of x and y, together more than the caches of most GPUs hold.</summary>
    public override Problem OfSize(int n) => SoftmaxProblem.Even(Math.Max(1, (1 << 23) / n), n);

    public override IReadOnlyList<Problem> Checks { get; } =
    [
        SoftmaxProblem.Even(1, 1), SoftmaxProblem.Even(67, 10), SoftmaxProblem.Even(35, 31), SoftmaxProblem.Even(9, 33),
        SoftmaxProblem.Even(5, 100), SoftmaxProblem.Even(3, 1000), SoftmaxProblem.Even(2, 4096), SoftmaxProblem.Even(2, 8209),
        SoftmaxProblem.Even(5, 100) with { Offset = 1 }, SoftmaxProblem.Even(2, 5000) with { Offset = 1 },
        SoftmaxProblem.Special(6), SoftmaxProblem.Special(1000), SoftmaxProblem.Special(5000), SoftmaxProblem.Special(1000) with { Offset = 1 },
    ];

    private static RungPlan OneLaunch(string file, Problem problem, int blocks, int threads) =>
        new([new RungLaunch(LibraryKernel.Of(file, problem.Macros), new LaunchShape(new Dim3(blocks), new Dim3(threads)), ["x", "y"])]);

    private static RungPlan Float4(Problem problem)
    {
        var share = new RowShare(problem["ROWS"], problem["COLUMNS"], problem.IsAligned);
        return new([new RungLaunch(LibraryKernel.Of("softmax/06_float4.cu", share.Macros), share.Launch, ["x", "y"])]);
    }

    private static int Blocks(int count, int each) => (count + each - 1) / each;
}
