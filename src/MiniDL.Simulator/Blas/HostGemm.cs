// cuBLAS' matrix product, done on the host: C = alpha * op(A) op(B) + beta * C, column-major, argument by argument as cublasSgemmStridedBatched takes them.
//
// C is cut into blocks of 128 rows times 96 columns, shared out over the cores. For 512 steps of K at a time a worker packs op(B)'s columns, then op(A)'s rows 16 by 16,
// and sums tiles of 16 x 6 in registers: 12 vectors of sums, two of A, one number of B for all lanes.
//
// The one thing to understand: an element of C is summed in the order of k, in blocks of 512 that K alone decides. How many threads share the work changes nothing.
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MiniDL.Gpu;
using MiniDL.Simulator.Arithmetic;

namespace MiniDL.Simulator.Blas;

/// <summary>Matrix products on the host with cuBLAS' meaning.</summary>
public static unsafe class HostGemm
{
    private const int BlockRows = 128, BlockColumns = 96, BlockK = 512, TileRows = 16, TileColumns = 6;

    /// <summary>Refuses what cuBLAS refuses.</summary>
    /// <exception cref="GpuException">CUBLAS_STATUS_INVALID_VALUE: a negative size, or a leading dim below the rows of its matrix.</exception>
    public static void Check(in GemmCall call)
    {
        (int rowsA, int rowsB) = (call.OperandA == GemmOperand.AsIs ? call.M : call.K, call.OperandB == GemmOperand.AsIs ? call.K : call.N);
        Require(call is { M: >= 0, N: >= 0, K: >= 0, Batch: >= 0 }, $"m = {call.M}, n = {call.N}, k = {call.K}, batch = {call.Batch}: none may be negative");
        Require(call is { StrideA: >= 0, StrideB: >= 0, StrideC: >= 0 }, $"strides {call.StrideA}, {call.StrideB}, {call.StrideC}: a batch goes forward");
        Require(Math.Max(call.StrideA, Math.Max(call.StrideB, call.StrideC)) <= long.MaxValue / 4 / Math.Max(1, call.Batch), "the batch goes beyond any memory");
        Require(call.LdA >= Math.Max(1, rowsA), $"lda = {call.LdA}, but A as it lies in memory has {rowsA} rows");
        Require(call.LdB >= Math.Max(1, rowsB), $"ldb = {call.LdB}, but B as it lies in memory has {rowsB} rows");
        Require(call.LdC >= Math.Max(1, call.M), $"ldc = {call.LdC}, but C has {call.M} rows");

        static void Require(bool holds, string what)
        {
            if (!holds) throw new GpuException("cublasSgemm", "CUBLAS_STATUS_INVALID_VALUE", what + ". Matrices are column-major: a leading dim is the distance between columns.");
        }
    }

    /// <summary>Elements from the first to behind the last that a call touches in each matrix, for checking bounds. 0 where nothing is touched.</summary>
    public static (long A, long B, long C) Extents(in GemmCall call)
    {
        if (call.M == 0 || call.N == 0 || call.Batch == 0) return default;
        bool reads = call.K > 0 && call.Alpha != 0;
        (int rowsA, int columnsA) = call.OperandA == GemmOperand.AsIs ? (call.M, call.K) : (call.K, call.M);
        (int rowsB, int columnsB) = call.OperandB == GemmOperand.AsIs ? (call.K, call.N) : (call.N, call.K);
        return (reads ? Extent(rowsA, columnsA, call.LdA, call.StrideA, call.Batch) : 0, reads ? Extent(rowsB, columnsB, call.LdB, call.StrideB, call.Batch) : 0,
            Extent(call.M, call.N, call.LdC, call.StrideC, call.Batch));

        static long Extent(int rows, int columns, int ld, long stride, int batch) => checked(stride * (batch - 1) + ((long)columns - 1) * ld + rows);
    }

    /// <summary>Computes the product.</summary>
    /// <param name="call">The call; its addresses are not used.</param>
    /// <param name="a">A in the host's memory.</param>
    /// <param name="b">B in the host's memory.</param>
    /// <param name="c">C in the host's memory; overlaps neither A nor B. Not read if beta is 0.</param>
    /// <param name="threads">The most threads to use.</param>
    /// <example><code>HostGemm.Run(new GemmCall(GemmOperand.AsIs, GemmOperand.AsIs, M, N, K, 1, 0, M, 0, 0, K, 0, 0, 0, M, 0), a, b, c, threads: 2);</code></example>
    /// <exception cref="GpuException">The arguments are wrong: see <see cref="Check"/>.</exception>
    public static void Run(in GemmCall call, float* a, float* b, float* c, int threads)
    {
        Check(call);
        if (call.M == 0 || call.N == 0 || call.Batch == 0) return;
        Work work = new(call, a, b, c);
        long multiplications = (long)call.M * call.N * call.K * call.Batch;
        if (threads <= 1 || work.Items == 1 || multiplications < 100_000)
        {
            for (int item = 0; item < work.Items; item++) work.Do(item);
        }
        else
        {
            Parallel.For(0, work.Items, new ParallelOptions { MaxDegreeOfParallelism = threads }, work.Do);
        }
    }

    /// <summary>A call with its pointers, cut into blocks of C.</summary>
    private sealed class Work(GemmCall call, float* a, float* b, float* c)
    {
        private readonly int _down = (call.M + BlockRows - 1) / BlockRows, _across = (call.N + BlockColumns - 1) / BlockColumns;

        /// <summary>Blocks of C in the whole batch.</summary>
        public int Items => checked(_down * _across * call.Batch);

        public void Do(int item)
        {
            (int rest, int down) = Math.DivRem(item, _down);
            (int batch, int across) = Math.DivRem(rest, _across);
            int row = down * BlockRows, rows = Math.Min(BlockRows, call.M - row), column = across * BlockColumns, columns = Math.Min(BlockColumns, call.N - column);
            float[] scratch = ArrayPool<float>.Shared.Rent(BlockRows * BlockColumns + BlockK * (TileRows + BlockColumns));
            fixed (float* sums = scratch)
            {
                float* packedA = sums + BlockRows * BlockColumns, packedB = packedA + BlockK * TileRows;
                new Span<float>(sums, BlockRows * BlockColumns).Clear();
                for (int k = 0; k < call.K && call.Alpha != 0; k += BlockK)
                {
                    int steps = Math.Min(BlockK, call.K - k);
                    for (int j = 0; j < columns; j += TileColumns) PackB(packedB + j * BlockK, b + batch * call.StrideB, column + j, Math.Min(TileColumns, columns - j), k, steps);
                    for (int i = 0; i < rows; i += TileRows)
                    {
                        PackA(packedA, a + batch * call.StrideA, row + i, k, steps);
                        for (int j = 0; j < columns; j += TileColumns) Multiply(sums + j * BlockRows + i, packedA, packedB + j * BlockK, steps);
                    }
                }
                Store(sums, c + batch * call.StrideC, row, rows, column, columns);
            }
            ArrayPool<float>.Shared.Return(scratch);
        }

        /// <summary>Rows row .. row+15 of op(A), steps k .. k+steps-1, as [steps, 16]; rows beyond M are 0.</summary>
        private void PackA(float* to, float* from, int row, int k, int steps)
        {
            int rows = Math.Min(TileRows, call.M - row);
            (long acrossRows, long acrossK) = call.OperandA == GemmOperand.AsIs ? (1L, (long)call.LdA) : (call.LdA, 1L);
            from += row * acrossRows + k * acrossK;
            for (int i = 0; i < TileRows; i++)
                for (int step = 0; step < steps; step++)
                    to[step * TileRows + i] = i < rows ? Taken(from[i * acrossRows + step * acrossK]) : 0;
        }

        /// <summary>Columns of op(B) as [steps, 6]; missing ones are 0.</summary>
        private void PackB(float* to, float* from, int column, int columns, int k, int steps)
        {
            (long acrossK, long acrossColumns) = call.OperandB == GemmOperand.AsIs ? (1L, (long)call.LdB) : (call.LdB, 1L);
            from += column * acrossColumns + k * acrossK;
            for (int j = 0; j < TileColumns; j++)
                for (int step = 0; step < steps; step++)
                    to[step * TileColumns + j] = j < columns ? Taken(from[j * acrossColumns + step * acrossK]) : 0;
        }

        /// <summary>An operand's element as the arithmetic takes it.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private float Taken(float x) => call.Compute == GemmCompute.TensorFloat32 ? SmallFloat.ToTensorFloat32(x) : x;

        /// <summary>C = alpha * sums + beta * C.</summary>
        private void Store(float* sums, float* to, int row, int rows, int column, int columns)
        {
            for (int j = 0; j < columns; j++)
            {
                float* cColumn = to + (long)(column + j) * call.LdC + row, sum = sums + j * BlockRows;
                for (int i = 0; i < rows; i++) cColumn[i] = call.Beta == 0 ? call.Alpha * sum[i] : call.Alpha * sum[i] + call.Beta * cColumn[i];
            }
        }
    }

    /// <summary>A tile of sums, 6 columns 128 apart of 16 rows, += A's panel [steps, 16] times B's columns [steps, 6].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* sums, float* a, float* b, int steps)
    {
        Vector256<float> s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default;
        Vector256<float> s30 = default, s31 = default, s40 = default, s41 = default, s50 = default, s51 = default;
        for (int step = 0; step < steps; step++, a += TileRows, b += TileColumns)
        {
            Vector256<float> a0 = Vector256.Load(a), a1 = Vector256.Load(a + 8);
            Vector256<float> bk = Vector256.Create(b[0]);
            (s00, s01) = (Vector256.FusedMultiplyAdd(a0, bk, s00), Vector256.FusedMultiplyAdd(a1, bk, s01));
            bk = Vector256.Create(b[1]);
            (s10, s11) = (Vector256.FusedMultiplyAdd(a0, bk, s10), Vector256.FusedMultiplyAdd(a1, bk, s11));
            bk = Vector256.Create(b[2]);
            (s20, s21) = (Vector256.FusedMultiplyAdd(a0, bk, s20), Vector256.FusedMultiplyAdd(a1, bk, s21));
            bk = Vector256.Create(b[3]);
            (s30, s31) = (Vector256.FusedMultiplyAdd(a0, bk, s30), Vector256.FusedMultiplyAdd(a1, bk, s31));
            bk = Vector256.Create(b[4]);
            (s40, s41) = (Vector256.FusedMultiplyAdd(a0, bk, s40), Vector256.FusedMultiplyAdd(a1, bk, s41));
            bk = Vector256.Create(b[5]);
            (s50, s51) = (Vector256.FusedMultiplyAdd(a0, bk, s50), Vector256.FusedMultiplyAdd(a1, bk, s51));
        }
        AddTo(sums, s00, s01);
        AddTo(sums + BlockRows, s10, s11);
        AddTo(sums + 2 * BlockRows, s20, s21);
        AddTo(sums + 3 * BlockRows, s30, s31);
        AddTo(sums + 4 * BlockRows, s40, s41);
        AddTo(sums + 5 * BlockRows, s50, s51);
    }

    private static void AddTo(float* sums, Vector256<float> upper, Vector256<float> lower)
    {
        (Vector256.Load(sums) + upper).Store(sums);
        (Vector256.Load(sums + 8) + lower).Store(sums + 8);
    }
}
