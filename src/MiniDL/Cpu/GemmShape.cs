// The sizes and strides of a matrix product. A transposed matrix is the same memory with its two strides exchanged.
namespace MiniDL.Cpu;

/// <summary>C[M,N] = Alpha * A[M,K] B[K,N] + Beta * C, for each matrix of a batch. Strides are in floats.</summary>
/// <example><code>
/// // dW[784,625] = X^T dZ: X is [128,784], so a step along A's rows is 1 and along A's columns (K) 784.
/// var shape = new GemmShape(784, 625, 128) { ARow = 1, AColumn = 784 };
/// </code></example>
internal sealed record GemmShape
{
    /// <summary>A row-major product of contiguous matrices; set the other properties for anything else.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative size.</exception>
    public GemmShape(int m, int n, int k)
    {
        if (m < 0 || n < 0 || k < 0)
            throw new ArgumentOutOfRangeException(nameof(m), $"a matrix product needs sizes of 0 or more, not M={m}, N={n}, K={k}");
        (M, N, K) = (m, n, k);
        (ARow, AColumn, BRow, BColumn, CRow) = (k, 1, n, 1, n);
    }

    /// <summary>Rows of A and C.</summary>
    public int M { get; }

    /// <summary>Columns of B and C.</summary>
    public int N { get; }

    /// <summary>Columns of A, rows of B: the summed dim.</summary>
    public int K { get; }

    /// <summary>From an element of A to the one below it, and to the one right of it.</summary>
    public nint ARow { get; init; }
    public nint AColumn { get; init; }

    /// <summary>The same for B.</summary>
    public nint BRow { get; init; }
    public nint BColumn { get; init; }

    /// <summary>The same for C, whose columns are contiguous.</summary>
    public nint CRow { get; init; }

    /// <summary>Factor of the product.</summary>
    public float Alpha { get; init; } = 1;

    /// <summary>Factor of what C held before; if it is 0, C is not read.</summary>
    public float Beta { get; init; }

    /// <summary>How many products, and the step from one's matrices to the next one's (0: all use the same).</summary>
    public int Batch { get; init; } = 1;
    public nint ABatch { get; init; }
    public nint BBatch { get; init; }
    public nint CBatch { get; init; }

    /// <summary>2 M N K for each product of the batch: a multiplication and an addition each.</summary>
    public double Flops => 2.0 * M * N * K * Batch;
}

/// <summary>What is done to C while it is still in the cache: bias, activation, dropout, ...</summary>
internal interface IGemmEpilogue
{
    /// <summary>Called once for each finished block of C; the blocks cover every element of C exactly once. In a batch, rows
    /// are counted through: matrix b's row i is row b * M + i.</summary>
    void Apply(int rowStart, int rows, int columnStart, int columns, int worker);
}
