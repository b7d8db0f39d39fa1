// Products of matrices on a GPU: a call of cuBLAS, or MiniDL's own kernel.
//
// It stands between StagePlanner and the executor, as GemmCpuStage does on the CPU. The one thing to understand: cuBLAS is column-major, MiniDL row-major, and a
// row-major matrix is its own transpose in column-major eyes. So row-major C = A B is asked for as C' = B' A': B is the first operand, M and N change places,
// and nothing is moved. An operand goes as it lies if its columns are neighbours, as transposed if its rows are; if neither, a copy in scratch memory does.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Plans products.</summary>
internal static class GemmSteps
{
    private const int Threads = 256, ScratchAlignment = 256;

    /// <summary>The launches of a product; none if it has no elements.</summary>
    /// <param name="stage">The product; its result is contiguous.</param>
    /// <param name="ends">What is fused into it, <c>STORE_C</c>; or null. cuBLAS takes none.</param>
    /// <param name="options">Who computes products.</param>
    /// <exception cref="ArgumentException">The result is not contiguous, or ends for cuBLAS: mistakes in MiniDL.</exception>
    /// <example><code>IReadOnlyList&lt;Step&gt; steps = GemmSteps.Plan(stage, ends: null, options);</code></example>
    public static IReadOnlyList<Step> Plan(GemmStage stage, Ends? ends, PlanOptions options)
    {
        if (!stage.C.Map.IsContiguous) throw new ArgumentException($"the result of product {stage.Name} must be contiguous, not {stage.C}");
        if (stage.C.Map.Shape.Count == 0) return [];
        if (options.Gemm == GemmChoice.CuBlas)
            return ends is null ? CuBlas(stage, options) : throw new ArgumentException($"product {stage.Name} by cuBLAS takes no fused ends");
        return Kernels(stage, SgemmProblem.Of(stage), KernelArgument.Of(stage.A), KernelArgument.Of(stage.B), KernelArgument.Of(stage.C), ends);
    }

    /// <summary>The launches of kernels/sgemm for a product: one, or two if the sum is split.</summary>
    internal static IReadOnlyList<KernelStep> Kernels(Stage stage, SgemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c, Ends? ends, int scratchBefore = 0)
    {
        (BlockTile tile, KSplit split) = BlockTile.Choose(problem.M, problem.N, problem.K, problem.Batch);
        return Kernels(stage, problem, tile, split, a, b, c, ends, scratchBefore);
    }

    /// <summary>The same with a tile and a split of one's own.</summary>
    internal static IReadOnlyList<KernelStep> Kernels(Stage stage, SgemmProblem problem, BlockTile tile, KSplit split,
        KernelArgument a, KernelArgument b, KernelArgument c, Ends? ends, int scratchBefore = 0)
    {
        int blocks = checked((int)(tile.Tiles(problem.M, problem.N) * split.Count * problem.Batch)), count = checked(problem.Batch * problem.M * problem.N);
        var shape = new LaunchShape(new Dim3(blocks), new Dim3(tile.Threads));
        if (split.Count == 1)
        {
            KernelSource source = LibraryKernel.Of("sgemm/09_double_buffer.cu", [.. problem.Sizes, ResultVector(problem.N, c, ends), .. tile.Sizes], ends);
            return [new KernelStep(stage, source, shape, [a, b, c, .. ends?.Arguments ?? []]) { ScratchBytes = scratchBefore }];
        }
        var parts = new ScratchArgument(scratchBefore);
        KernelSource firstPass = LibraryKernel.Of("sgemm/11_split_k.cu", [.. problem.Sizes, ResultVector(problem.N, parts, ends: null), .. split.Sizes, .. tile.Sizes]);
        return
        [
            new KernelStep(stage, firstPass, shape, [a, b, parts]) { ScratchBytes = scratchBefore + 4L * split.Count * count },
            SumOfSplits(stage, split.Count, count, problem.Alpha, problem.Beta, parts, c, ends),
        ];
    }

    /// <summary>How results are written: four at a time where every row begins at a multiple of 16 bytes and nothing is fused into single elements.</summary>
    private static (string Name, object Value) ResultVector(int n, KernelArgument c, Ends? ends)
    {
        bool aligned = c switch { BufferArgument buffer => buffer.Offset % 4 == 0, ScratchArgument scratch => scratch.ByteOffset % 16 == 0, _ => false };
        return ("C_VECTOR", aligned && n % 4 == 0 && ends is null ? "float4" : "float");
    }

    /// <summary>The second pass of a split sum.</summary>
    internal static KernelStep SumOfSplits(Stage stage, int splits, int count, float alpha, float beta, KernelArgument parts, KernelArgument result, Ends? ends)
    {
        _ = checked(splits * count);   // the kernel's positions are ints
        KernelSource source = LibraryKernel.Of("sgemm/sum_splits.cu",
            [("COUNT", count), ("SPLITS", splits), ("ALPHA", CudaText.Literal(alpha, DType.Float32)), ("BETA", CudaText.Literal(beta, DType.Float32))], ends);
        return new KernelStep(stage, source, new LaunchShape(new Dim3((count + 31) / 32), new Dim3(32, 8)), [parts, result, .. ends?.Arguments ?? []]);
    }

    private static IReadOnlyList<Step> CuBlas(GemmStage stage, PlanOptions options)
    {
        var copies = new List<KernelStep>();
        long scratch = 0;
        Operand a = OperandOf(stage, stage.A, copies, ref scratch), b = OperandOf(stage, stage.B, copies, ref scratch);
        var call = new GemmCall(
            b.Taken, a.Taken, stage.N, stage.M, stage.K,
            stage.Alpha, 0, b.LeadingDim, b.BatchStride, 0, a.LeadingDim, a.BatchStride,
            stage.Beta, 0, stage.N, stage.Batch == 1 ? 0 : (long)stage.M * stage.N, stage.Batch,
            options.TensorFloat32 ? GemmCompute.TensorFloat32 : GemmCompute.Float32);
        return [.. copies.Select(copy => copy with { ScratchBytes = scratch }), new GemmStep(stage, call, b.Place, a.Place, KernelArgument.Of(stage.C))];
    }

    private readonly record struct Operand(GemmOperand Taken, int LeadingDim, long BatchStride, KernelArgument Place);

    /// <summary>An operand as cuBLAS takes it, copied first if it must be.</summary>
    private static Operand OperandOf(GemmStage stage, View view, List<KernelStep> copies, ref long scratch)
    {
        (int rows, int columns, int rowStride, int columnStride) = (view.Map.Shape[1], view.Map.Shape[2], view.Map.Strides[1], view.Map.Strides[2]);
        int batchStride = view.Map.Shape[0] == 1 || view.Map.Shape.Count == 0 ? 0 : view.Map.Strides[0];
        if (batchStride >= 0 && AsTaken(rows, columns, rowStride, columnStride) is var (taken, leadingDim))
            return new Operand(taken, leadingDim, batchStride, KernelArgument.Of(view));

        // Copy it, the dim with the smaller stride innermost; a matrix that is repeated over the batch, once.
        bool byRows = Along(columns, columnStride) <= Along(rows, rowStride);
        int batch = batchStride == 0 ? 1 : view.Map.Shape[0], count = checked(batch * rows * columns);
        KernelSource source = LibraryKernel.Of("sgemm/copy_matrix.cu",
        [
            ("BATCH", batch), ("ROWS", byRows ? rows : columns), ("COLUMNS", byRows ? columns : rows),
            ("BATCH_STRIDE", batchStride), ("ROW_STRIDE", byRows ? rowStride : columnStride), ("COLUMN_STRIDE", byRows ? columnStride : rowStride),
        ]);
        var place = new ScratchArgument(scratch);
        copies.Add(new KernelStep(stage, source, new LaunchShape(new Dim3((count + Threads - 1) / Threads), new Dim3(Threads)), [KernelArgument.Of(view), place]));
        scratch += (4L * count + ScratchAlignment - 1) / ScratchAlignment * ScratchAlignment;
        return new Operand(byRows ? GemmOperand.AsIs : GemmOperand.Transposed, byRows ? columns : rows, batchStride == 0 ? 0 : (long)rows * columns, place);
    }

    /// <summary>How cuBLAS takes a row-major matrix, and its leading dim; null if it cannot. The stride of a dim of 1 means nothing and may be any
    /// number, but a leading dim must be at least the size of what it leads over, and 1, even of an empty matrix.</summary>
    internal static (GemmOperand Taken, int LeadingDim)? AsTaken(int rows, int columns, int rowStride, int columnStride)
    {
        if (rows == 0 || columns == 0) return (GemmOperand.AsIs, Math.Max(1, columns));
        if ((columns == 1 || columnStride == 1) && (rows == 1 || rowStride >= columns)) return (GemmOperand.AsIs, rows == 1 ? columns : rowStride);
        if ((rows == 1 || rowStride == 1) && (columns == 1 || columnStride >= rows)) return (GemmOperand.Transposed, columns == 1 ? rows : columnStride);
        return null;
    }

    /// <summary>How far apart neighbours along a dim are; a dim of 1 has none.</summary>
    internal static int Along(int size, int stride) => size <= 1 ? int.MaxValue : Math.Abs(stride);
}
