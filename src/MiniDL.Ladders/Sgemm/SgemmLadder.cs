// The ladder of matrix products: C = alpha A B + beta C.
//
// Every rung takes A (M x K), B (K x N) and C (M x N) row-major, and sizes as macros. The one thing to understand: they all do the same 2 M N K operations; what changes is
// how often each number is fetched, from where, and by how many instructions.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/sgemm</c>.</summary>
internal sealed class SgemmLadder : Ladder
{
    public override string Name => "sgemm";

    public override string Folder => "sgemm";

    public override string Formula => "C = alpha A B + beta C";

    public override Measure Measure => Measure.GigaFlops;

    public override int DefaultSize => 4096;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "naive", "sgemm/01_naive.cu", "a thread computes one element, neighbours in a warp one column",
            "sectors a load", problem => OneLaunch("sgemm/01_naive.cu", problem, new Dim3(Blocks(problem["M"], 16), Blocks(problem["N"], 16)), new Dim3(16, 16))),
        .. TiledRungs.All,
    ];

    public override Problem OfSize(int n) => Of(n, n, n);

    public override IReadOnlyList<Problem> Checks { get; } =
    [
        Of(1, 1, 1), Of(31, 33, 35), Of(35, 79, 19), Of(64, 64, 64), Of(35, 79, 19) with { Offset = 1 }, Of(64, 64, 64) with { Offset = 1 },
    ];

    /// <summary>A product of an M x K and a K x N matrix of small whole numbers.</summary>
    internal static Problem Of(int m, int n, int k, float alpha = 2, float beta = 3) => new()
    {
        Size = $"{m} x {n} x {k}",
        Macros = [("M", m), ("N", n), ("K", k), ("ALPHA", CudaText.Literal(alpha, DType.Float32)), ("BETA", CudaText.Literal(beta, DType.Float32))],
        Arrays =
        [
            new ProblemArray("a", m * k, ArrayRole.Input, i => ProblemArray.Whole(i, 1)), new ProblemArray("b", k * n, ArrayRole.Input, i => ProblemArray.Whole(i, 2)),
            new ProblemArray("c", m * n, ArrayRole.InputOutput, i => ProblemArray.Whole(i, 3)),
        ],
        Flops = 2.0 * m * n * k,
        MinimumBytes = 4.0 * ((double)m * k + (double)k * n + 2.0 * m * n),
        Reference = first => new Dictionary<string, double[]> { ["c"] = Multiply(m, n, k, alpha, beta, first["a"], first["b"], first["c"]) },
    };

    private static RungPlan OneLaunch(string file, Problem problem, Dim3 grid, Dim3 block) => new([new RungLaunch(LibraryKernel.Of(file, problem.Macros), new LaunchShape(grid, block), ["a", "b", "c"])]);

    private static int Blocks(int count, int each) => (count + each - 1) / each;

    private static double[] Multiply(int m, int n, int k, double alpha, double beta, double[] a, double[] b, double[] c)
    {
        double[] result = new double[m * n];
        for (int row = 0; row < m; row++)
            for (int col = 0; col < n; col++)
            {
                double sum = 0;
                for (int i = 0; i < k; i++) sum += a[row * k + i] * b[i * n + col];
                result[row * n + col] = alpha * sum + beta * c[row * n + col];
            }
        return result;
    }
}
