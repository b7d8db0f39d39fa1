// What there is to transpose, and the launch of kernels/transpose/08_fitted.cu for it: tiles that fit the matrix, and how wide its accesses may be.
//
// The planner of stages and the ladder of transposes both ask here. The one thing to understand: a matrix that is narrower than a tile gets a tile of its own width, and so
// much longer; a matrix that is wide both ways, and aligned, is moved in vectors of four.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Sizes of y[batch, row, column] = x[batch, column, row], in elements of 4 bytes.</summary>
/// <param name="Batch">Matrices.</param>
/// <param name="Rows">Of a matrix of y.</param>
/// <param name="Columns">Of a matrix of y.</param>
/// <param name="BatchStep">Elements of x from one matrix to the next.</param>
/// <param name="Step">Elements of x from one row to the next, at least <paramref name="Rows"/>.</param>
internal readonly record struct TransposeSizes(int Batch, int Rows, int Columns, int BatchStep, int Step)
{
    private const int Threads = 256, Side = 32, VectorSide = 64;

    /// <summary>A batch of matrices that lie in one piece.</summary>
    /// <example><code>TransposeSizes.Of(1, 784, 10)   // a matrix of 10 x 784 becomes one of 784 x 10</code></example>
    public static TransposeSizes Of(int batch, int rows, int columns) => new(batch, rows, columns, rows * columns, rows);

    /// <summary>The sizes as the kernels' macros.</summary>
    public IReadOnlyList<(string Name, object Value)> Macros => [("BATCH", Batch), ("ROWS", Rows), ("COLUMNS", Columns), ("BATCH_STEP", BatchStep), ("STEP", Step)];

    /// <summary>True if four neighbours, counted from the begin of a row on either side, always are a whole vector of 16 bytes.</summary>
    /// <param name="aligned">x and y begin at multiples of 16 bytes.</param>
    public bool InVectors(bool aligned) => aligned && Rows % 4 == 0 && Columns % 4 == 0 && (Columns == 1 || Step % 4 == 0) && (Batch == 1 || BatchStep % 4 == 0);

    /// <summary>The kernel that the executor runs, and its launch.</summary>
    /// <param name="aligned">x and y begin at multiples of 16 bytes.</param>
    public (KernelSource Source, LaunchShape Shape) Fitted(bool aligned)
    {
        bool inVectors = InVectors(aligned) && Rows >= VectorSide && Columns >= VectorSide;
        (int tileRows, int tileColumns) = inVectors ? (VectorSide, VectorSide) : Tile();
        KernelSource source = LibraryKernel.Of("transpose/08_fitted.cu",
            [.. Macros, ("TILE_ROWS", tileRows), ("TILE_COLUMNS", tileColumns), ("VECTOR", inVectors ? "uint4" : "uint"), ("THREADS", Threads)]);
        return (source, new LaunchShape(new Dim3(Tiles(tileRows, tileColumns)), new Dim3(Threads)));
    }

    /// <summary>Blocks of a launch that has one for each tile.</summary>
    public int Tiles(int tileRows, int tileColumns) => checked(Batch * ((Rows + tileRows - 1) / tileRows) * ((Columns + tileColumns - 1) / tileColumns));

    /// <summary>A tile of about 32 x 32, or as wide as the matrix if that is less, and longer by whole sectors.</summary>
    private (int Rows, int Columns) Tile()
    {
        if (Columns < Side) return (Math.Min(Rows, Side * Side / Columns / Side * Side), Columns);
        if (Rows < Side) return (Rows, Math.Min(Columns, Side * Side / Rows / Side * Side));
        return (Side, Side);
    }
}
