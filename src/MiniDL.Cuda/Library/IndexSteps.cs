// Moving rows by index, and argmax, on a GPU: which kernel of kernels/gather and kernels/argmax a stage runs, and with how many threads for each row.
//
// It stands between StagePlanner and the kernels, as IndexCpuStage does on the CPU. The one thing to understand: neighbouring threads must touch
// neighbouring addresses, so whatever a row is, its elements are shared out among neighbours.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Plans gathers, scatters and argmax.</summary>
internal static class IndexSteps
{
    private const int Threads = 256;
    private const int WarpSize = 32;
    private const int ShortRow = 256;    // elements of a row that argmax takes through shared memory
    private const int LongRow = 4096;    // above, a block shares a row

    /// <summary>The launch of a move by index or an argmax: one kernel, or none if there is nothing to compute.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="options">Not used: it is the same on every GPU.</param>
    /// <remarks>An index that names no row of the table traps: the next synchronisation throws a <see cref="GpuException"/>.</remarks>
    /// <example><code>IReadOnlyList&lt;Step&gt; steps = IndexSteps.Plan(stage, options);</code></example>
    public static IReadOnlyList<Step> Plan(IndexStage stage, PlanOptions options)
    {
        if (stage.Output.Map.Shape.Count == 0) return [];
        return [stage.Kind switch { IndexKind.Gather => Gather(stage), IndexKind.ScatterAdd => ScatterAdd(stage), _ => ArgMax(stage) }];
    }

    private static KernelStep Gather(IndexStage stage)
    {
        Shape table = stage.Inputs[0].Map.Shape;
        int rows = (int)stage.Inputs[1].Map.Shape.Count, size = stage.Output.Buffer.DType.Size(), rowBytes = (int)table.Product(1, table.Rank) * size;

        // The widest unit that every row, read or written, starts at a multiple of.
        (string type, int unit) = new[] { ("uint4", 16), ("uint2", 8), ("uint", 4), ("unsigned char", 1) }
            .First(unit => rowBytes % unit.Item2 == 0 && stage.Inputs[0].Map.Offset * (long)size % unit.Item2 == 0 && stage.Output.Map.Offset * (long)size % unit.Item2 == 0);
        return Launch(stage, "gather/gather.cu", (long)rows * (rowBytes / unit),
            [("ROWS", rows), ("TABLE_ROWS", table[0]), ("UNIT", type), ("UNITS", rowBytes / unit), ("BLOCK", Threads)]);
    }

    private static KernelStep ScatterAdd(IndexStage stage)
    {
        Shape table = stage.Output.Map.Shape;
        if (stage.Output.Buffer.DType != DType.Float32) throw new GraphException($"{stage.Name}: adds float32 rows, not {stage.Output.Buffer.DType}; cast them first");
        int length = (int)table.Product(1, table.Rank), perLane = Math.Min(4, (length + WarpSize - 1) / WarpSize), chunk = WarpSize * perLane;
        return Launch(stage, "gather/scatter_add.cu", (long)table[0] * ((length + chunk - 1) / chunk) * WarpSize,
            [("ROWS", (int)stage.Inputs[0].Map.Shape.Count), ("TABLE_ROWS", table[0]), ("LENGTH", length), ("PER_LANE", perLane), ("BLOCK", Threads)]);
    }

    private static KernelStep ArgMax(IndexStage stage)
    {
        Shape x = stage.Inputs[0].Map.Shape;
        (int outer, int length, int inner) = (x[0], x[1], x[2]);
        bool isFloat = stage.Inputs[0].Buffer.DType == DType.Float32;
        (string, object)[] type = [("VALUE", isFloat ? "float" : "int"), ("LOWEST", isFloat ? "-INFINITY" : "INT_MIN"), ("OUTER", outer), ("LENGTH", length)];
        if (inner > 1) return Launch(stage, "argmax/argmax_columns.cu", (long)outer * inner, [.. type, ("INNER", inner), ("BLOCK", Threads)]);

        // Short rows: 16 elements a thread, so that a block of 128 threads keeps at most 2,048 of them, 8 KB.
        int lanes = length > LongRow ? Threads : length > ShortRow ? WarpSize : (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(length + 15) / 16);
        int block = length > LongRow ? Threads : Threads / 2;
        return Launch(stage, "argmax/argmax.cu", (long)outer * lanes, [.. type, ("LANES", lanes), ("TILE", length > ShortRow ? 0 : 1), ("BLOCK", block)], block);
    }

    /// <summary>A launch of at least so many threads.</summary>
    private static KernelStep Launch(IndexStage stage, string file, long threads, (string, object)[] sizes, int block = Threads) =>
        new(stage, LibraryKernel.Of(file, sizes), new LaunchShape(new Dim3(checked((int)((threads + block - 1) / block))), new Dim3(block)),
            [.. stage.Reads.Concat(stage.Writes).Select(KernelArgument.Of)]);
}
