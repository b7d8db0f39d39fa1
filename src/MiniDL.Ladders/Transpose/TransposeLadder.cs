// The ladder of transposes: y[batch, row, column] = x[batch, column, row].
//
// Nothing is computed, so all that a rung can do well or badly is to move bytes: how many sectors a request touches, how many banks a warp meets, how many bytes are on their way.
// The one thing to understand: rungs differ in the tile that a block takes and in how many of its elements a thread takes; all else is in kernels/transpose/common.cuh.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/transpose</c>.</summary>
internal sealed class TransposeLadder : Ladder
{
    private const int Warp = 32, VectorSide = 16;

    public override string Name => "transpose";

    public override string Folder => "transpose";

    public override string Formula => "y[r, c] = x[c, r]";

    public override Measure Measure => Measure.GigaBytes;

    public override int DefaultSize => 4096;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "naive reads", "transpose/01_naive_reads.cu", "a warp reads 32 neighbours and writes them down a column",
            "sectors a store: 32", problem => OneLaunch("transpose/01_naive_reads.cu", problem, Warp, 8, new Dim3(Warp, 8))),
        new(2, "naive writes", "transpose/02_naive_writes.cu", "a warp writes 32 neighbours and reads down a column, where a cache helps",
            "sectors a store: 32 -> 4, a load: 4 -> 32", problem => OneLaunch("transpose/02_naive_writes.cu", problem, 8, Warp, new Dim3(Warp, 8))),
        new(3, "tiled", "transpose/03_tiled.cu", "a tile goes through shared memory, so that lanes run along rows on both sides",
            "sectors a load: 32 -> 4; 31 bank conflicts a store into the tile", problem => OneLaunch("transpose/03_tiled.cu", problem, Warp, Warp, new Dim3(Warp, Warp))),
        new(4, "padded", "transpose/04_padded.cu", "rows of the tile are 33 words apart, so that a column lies in 32 banks",
            "bank conflicts: 31 -> 0", problem => OneLaunch("transpose/04_padded.cu", problem, Warp, Warp, new Dim3(Warp, Warp))),
        new(5, "swizzled", "transpose/05_swizzled.cu", "columns of the tile are exchanged by XOR, and the padding goes",
            "bank conflicts: 0; shared memory: 4224 -> 4096 bytes", problem => OneLaunch("transpose/05_swizzled.cu", problem, Warp, Warp, new Dim3(Warp, Warp))),
        new(6, "rows", "transpose/06_rows.cu", "a warp has four rows of the tile on their way at once",
            "waits a warp: 1 for 4 loads; warps: a quarter", problem => OneLaunch("transpose/06_rows.cu", problem, Warp, Warp, new Dim3(Warp, 8))),
        new(7, "vectors", "transpose/07_vectors.cu", "four elements an access, turned 4 x 4 in registers",
            "sectors a request: 4 -> 16; warp instructions", Vectors),
        new(8, "fitted", "transpose/08_fitted.cu", "the tile has the width of a narrow matrix, so that its requests are full, too",
            "requests of ROWS x 10: a third", problem => Launch(problem, SizesOf(problem).Fitted(problem.IsAligned))),
    ];

    /// <summary>The executor transposes matrices of any shape: with the tile that fits.</summary>
    public override Rung Best => Rungs[7];

    /// <summary>A matrix of n x n.</summary>
    public override Problem OfSize(int n) => Of(TransposeSizes.Of(1, n, n));

    public override IReadOnlyList<Problem> Checks { get; } =
    [
        Of(TransposeSizes.Of(1, 1, 1)), Of(TransposeSizes.Of(1, 1, 97)), Of(TransposeSizes.Of(1, 97, 1)), Of(TransposeSizes.Of(1, 31, 33)), Of(TransposeSizes.Of(1, 128, 64)),
        Of(TransposeSizes.Of(1, 68, 132)), Of(TransposeSizes.Of(1, 300, 10)), Of(TransposeSizes.Of(1, 10, 300)), Of(TransposeSizes.Of(1, 1000, 3)),
        Of(TransposeSizes.Of(3, 35, 79)), Of(TransposeSizes.Of(2, 64, 68)),
        Of(new TransposeSizes(2, 64, 36, 90 * 40, 90)),       // a part of larger matrices, rows that begin anywhere
        Of(new TransposeSizes(2, 64, 64, 100 * 70, 100)),     // and at multiples of four
        Of(TransposeSizes.Of(1, 64, 64)) with { Offset = 1 }, Of(TransposeSizes.Of(2, 35, 79)) with { Offset = 1 },
    ];

    /// <summary>The problem of some sizes. Each element of x is another number (float32 counts to 2^24), so that none can come from the wrong place.</summary>
    internal static Problem Of(TransposeSizes sizes)
    {
        (int batch, int rows, int columns, int batchStep, int step) = sizes;
        int count = batch * rows * columns, last = (batch - 1) * batchStep + (columns - 1) * step + rows;
        return new Problem
        {
            Size = (batch > 1 ? $"{batch} x " : "") + $"{rows} x {columns}" + (step > rows ? $", rows {step} apart" : ""),
            Macros = sizes.Macros,
            Arrays = [new ProblemArray("x", last, ArrayRole.Input, i => i % (1 << 24)), new ProblemArray("y", count, ArrayRole.Output, _ => 0)],
            Flops = 0,
            MinimumBytes = 8.0 * count,
            Reference = first => new Dictionary<string, double[]> { ["y"] = Transpose(sizes, first["x"]) },
        };
    }

    private static RungPlan Vectors(Problem problem)
    {
        bool inVectors = SizesOf(problem).InVectors(problem.IsAligned);
        int side = inVectors ? 4 * VectorSide : VectorSide;
        KernelSource source = LibraryKernel.Of("transpose/07_vectors.cu", [.. problem.Macros, ("VECTOR", inVectors ? "uint4" : "uint")]);
        return Launch(problem, (source, new LaunchShape(new Dim3(SizesOf(problem).Tiles(side, side)), new Dim3(VectorSide, VectorSide))));
    }

    private static RungPlan OneLaunch(string file, Problem problem, int tileRows, int tileColumns, Dim3 block) =>
        Launch(problem, (LibraryKernel.Of(file, problem.Macros), new LaunchShape(new Dim3(SizesOf(problem).Tiles(tileRows, tileColumns)), block)));

    private static RungPlan Launch(Problem problem, (KernelSource Source, LaunchShape Shape) launch) => new([new RungLaunch(launch.Source, launch.Shape, [.. problem.Arrays.Select(array => (RungArgument)array.Name)])]);

    private static TransposeSizes SizesOf(Problem problem) => new(problem["BATCH"], problem["ROWS"], problem["COLUMNS"], problem["BATCH_STEP"], problem["STEP"]);

    private static double[] Transpose(TransposeSizes sizes, double[] x)
    {
        double[] y = new double[sizes.Batch * sizes.Rows * sizes.Columns];
        for (int batch = 0; batch < sizes.Batch; batch++)
            for (int row = 0; row < sizes.Rows; row++)
                for (int column = 0; column < sizes.Columns; column++)
                    y[(batch * sizes.Rows + row) * sizes.Columns + column] = x[batch * sizes.BatchStep + column * sizes.Step + row];
        return y;
    }
}
