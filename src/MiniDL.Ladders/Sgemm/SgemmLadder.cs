// The ladder of matrix products: C = alpha A B + beta C.
//
// Every rung takes A (M x K), B (K x N) and C (M x N) row-major, and sizes as macros. The one thing to understand: they all do the same 2 M N K operations; what changes is
// how often each number is fetched, from where, and by how many instructions.
using MiniDL.Cuda;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/sgemm</c>.</summary>
internal sealed class SgemmLadder : Ladder
{
    public override string Name => "sgemm";

    public override string Folder => "sgemm";

    public override string Formula => "C = alpha A B + beta C";

    public override Measure Measure => Measure.GigaFlops;

    public override int DefaultSize => 4096;

    public override IReadOnlyList<Rung> Rungs { get; } = [.. FirstRungs.All, .. TiledRungs.All];

    /// <summary>The double buffer in registers: what <c>--gemm handwritten</c> runs.</summary>
    public override Rung? Best => Rungs[8];

    public override Problem OfSize(int n) => Of(n, n, n);

    /// <summary>Tails of every extent, alone and together; with rows that float4 can read and with others; one slab and several; with every alpha and beta that a kernel treats
    /// as a case of its own.</summary>
    public override IReadOnlyList<Problem> Checks { get; } =
    [
        Of(1, 1, 1), Of(31, 33, 35), Of(35, 79, 19), Of(129, 257, 65), Of(1, 130, 7), Of(131, 1, 6), Of(37, 70, 1),
        Of(128, 128, 96), Of(132, 128, 16), Of(128, 60, 16), Of(64, 128, 20),
        Of(128, 128, 16, alpha: 1, beta: 0), Of(35, 79, 19, alpha: -1, beta: 0), Of(36, 80, 20, alpha: 0.5f, beta: 1),
        Of(35, 79, 101) with { Offset = 1 }, Of(128, 128, 16) with { Offset = 1 }, Of(36, 80, 20, alpha: 3, beta: 0) with { Offset = 1 },
    ];

    /// <summary>A product of an M x K and a K x N matrix of small whole numbers. With beta = 0 C holds NaN before, and must not be read.</summary>
    internal static Problem Of(int m, int n, int k, float alpha = 2, float beta = 3) => new()
    {
        Size = $"{m} x {n} x {k}",
        Macros = [("M", m), ("N", n), ("K", k), ("ALPHA", CudaText.Literal(alpha, DType.Float32)), ("BETA", CudaText.Literal(beta, DType.Float32))],
        Arrays =
        [
            new ProblemArray("a", m * k, ArrayRole.Input, i => ProblemArray.Whole(i, 1)), new ProblemArray("b", k * n, ArrayRole.Input, i => ProblemArray.Whole(i, 2)),
            new ProblemArray("c", m * n, beta == 0 ? ArrayRole.Output : ArrayRole.InputOutput, i => ProblemArray.Whole(i, 3)),
        ],
        Flops = 2.0 * m * n * k,
        MinimumBytes = 4.0 * ((double)m * k + (double)k * n + (beta == 0 ? 1.0 : 2.0) * m * n),
        Reference = first => new Dictionary<string, double[]> { ["c"] = Multiply(m, n, k, alpha, beta, first["a"], first["b"], first["c"]) },
    };

    private static double[] Multiply(int m, int n, int k, double alpha, double beta, double[] a, double[] b, double[] c)
    {
        double[] result = new double[m * n];
        for (int row = 0; row < m; row++)
            for (int col = 0; col < n; col++)
            {
                double sum = 0;
                for (int i = 0; i < k; i++) sum += a[row * k + i] * b[i * n + col];
                result[row * n + col] = beta == 0 ? alpha * sum : alpha * sum + beta * c[row * n + col];
            }
        return result;
    }
}
