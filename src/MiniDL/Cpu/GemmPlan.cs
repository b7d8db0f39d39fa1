// A matrix product, planned once for its shape and then run many times.
//
// It stands in the run phase as one stage of a program. The loop nest, outermost first:
//
//     item   = a column panel (up to 3 vectors wide) x a chunk of rows      shared out among the team
//     kBlock = up to 1024 steps of K: pack B's slice of it, [kBlock x panel], into the worker's scratch (stays in L2)
//     tile   = 8 rows of the chunk: the micro-kernel sums the kBlock in registers and writes to C
//
// The one thing to understand: nothing here decides a result. How C is cut into panels, chunks and tiles may depend on the
// number of threads, since each element of C sums its K in one fixed order whoever computes it; only the K blocks round
// in between, and they depend on K alone.
// Small products live from what is not done: A is read in place unless its rows are far apart, B too if a few rows use it,
// and when N is less than a vector but M is not, the product is computed transposed, C^T = B^T A^T, so that lanes run along M.
using System.Runtime.CompilerServices;

namespace MiniDL.Cpu;

/// <summary>C = alpha * A B + beta * C by packed panels and register tiles. See <see cref="GemmShape"/>.</summary>
internal sealed unsafe class GemmPlan : ITeamWork, IDisposable
{
    /// <summary>The longest stretch of K that is summed in registers.</summary>
    private const int MaxKBlock = 1024;

    /// <summary>Below this many FLOPs (about 3 microseconds) a product is not worth handing to other threads.</summary>
    private const double MinParallelFlops = 4e5;

    private readonly ThreadTeam _team;
    private readonly IGemmEpilogue? _epilogue;
    private readonly MicroKernelSet _kernels;
    private readonly GemmShape _shape;        // as the loops see it: exchanged when _transposed
    private readonly bool _transposed;        // computing C^T = B^T A^T
    private readonly bool _packA;
    private readonly bool _directB;
    private readonly int _kBlocks, _panels, _chunks, _vectors, _rowTiles, _rowsPerTile, _tallTiles, _items;
    private readonly Scratch? _aPanels;       // all of A in panels of Rows rows; per batch entry unless it is shared
    private readonly Scratch _bPanels;        // per worker: a packed panel of B, then one tile
    private readonly long _bPitch;
    private readonly int[] _held;             // per worker: the panel of B that its scratch holds
    private readonly Scratch _noOffsets = new(2);
    private float* _a, _b, _c;
    private bool _packing;

    /// <summary>Plans the product and allocates its scratch memory.</summary>
    public GemmPlan(GemmShape shape, ThreadTeam team, IGemmEpilogue? epilogue = null, MicroKernelSet? kernels = null)
    {
        _team = team;
        _epilogue = epilogue;
        _kernels = kernels ?? MicroKernelSet.Best();
        _transposed = shape.N < _kernels.Lanes && shape.M >= 2 * _kernels.Lanes && shape.ARow == 1;
        _shape = _transposed ? Exchanged(shape) : shape;

        // Cut N into panels of nearly equal numbers of vectors, K into nearly equal blocks.
        _vectors = Ceiling(_shape.N, _kernels.Lanes);
        _panels = Ceiling(_vectors, _kernels.Vectors);
        _rowTiles = Ceiling(_shape.M, _kernels.Rows);
        (_rowsPerTile, _tallTiles) = Math.DivRem(_shape.M, Math.Max(1, _rowTiles));
        _kBlocks = Math.Max(1, Ceiling(_shape.K, MaxKBlock));
        bool serial = shape.Flops < MinParallelFlops;
        _chunks = serial ? 1 : Chunks(team.Threads);
        _items = _panels * _chunks * _shape.Batch;

        // Decide what to pack.
        _packA = _shape.AColumn != 1 && (_panels > 2 || _shape.ARow != 1) && !(serial && _shape.K <= 64);
        _directB = _shape.BColumn == 1 && (_rowTiles <= 2 || _rowTiles <= 16 && _shape.BRow * _shape.K <= 16384);
        if (_packA) _aPanels = new Scratch((long)(_shape.ABatch == 0 ? 1 : _shape.Batch) * _rowTiles * APanel);
        _bPitch = Scratch.Padded((long)Ceiling(_shape.K, _kBlocks) * _kernels.Vectors * _kernels.Lanes);
        _bPanels = new Scratch(team.Threads * (_bPitch + MicroKernelSet.MaxTile));
        _held = new int[team.Threads * 16];
    }

    /// <summary>Floats in a packed panel of A.</summary>
    private long APanel => (long)_shape.K * _kernels.Rows;

    /// <summary>Computes C. The pointers' extents are those of the shape; C overlaps neither A nor B.</summary>
    public void Run(float* a, float* b, float* c)
    {
        if (_items == 0 || _shape.M == 0) return;
        _a = _transposed ? b : a;
        _b = _transposed ? a : b;
        _c = c;
        _held.AsSpan().Fill(-1);
        if (_packA)
        {
            _packing = true;
            Share(_rowTiles * (_shape.ABatch == 0 ? 1 : _shape.Batch));
            _packing = false;
        }
        Share(_items);
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose()
    {
        _aPanels?.Dispose();
        _bPanels.Dispose();
        _noOffsets.Dispose();
    }

    /// <inheritdoc/>
    void ITeamWork.Do(int item, int worker)
    {
        if (_packing) PackA(item);
        else ComputeBlock(item, worker);
    }

    private void Share(int items)
    {
        if (_shape.Flops >= MinParallelFlops) _team.Run(this, items);
        else
            for (int item = 0; item < items; item++) ((ITeamWork)this).Do(item, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackA(int item)
    {
        (int batch, int tile) = Math.DivRem(item, _rowTiles);
        Packing.Pack(_a + batch * _shape.ABatch + RowStart(tile) * _shape.ARow, _shape.ARow, _shape.AColumn,
            RowStart(tile + 1) - RowStart(tile), _shape.K, _aPanels!.Floats + item * APanel, _kernels.Rows);
    }

    /// <summary>One item: a chunk of rows of one column panel of C, from the first k to the epilogue.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ComputeBlock(int item, int worker)
    {
        // Items run through chunks first: a worker meets the same panel of B several times in a row.
        (int panelOfAll, int chunk) = Math.DivRem(item, _chunks);
        (int batch, int panel) = Math.DivRem(panelOfAll, _panels);
        int vector = VectorStart(panel), vectors = VectorStart(panel + 1) - vector;
        int column = vector * _kernels.Lanes, columns = Math.Min(vectors * _kernels.Lanes, _shape.N - column);
        int firstTile = (int)((long)_rowTiles * chunk / _chunks), endTile = (int)((long)_rowTiles * (chunk + 1) / _chunks);

        TileCall call = new() { Segments = 1, Offsets = _noOffsets.Ints, Alpha = _shape.Alpha };
        for (int block = 0; block < _kBlocks; block++)
        {
            call.K = KStart(block + 1) - KStart(block);
            call.Beta = block == 0 ? _shape.Beta : 1;
            SetB(&call, batch, panelOfAll, column, columns, vectors, KStart(block), worker);
            for (int tile = firstTile; tile < endTile; tile++)
            {
                SetA(&call, batch, tile, KStart(block));
                ComputeTile(&call, batch, RowStart(tile), RowStart(tile + 1) - RowStart(tile), column, columns, vectors, worker);
            }
        }
        Finish(batch, RowStart(firstTile), RowStart(endTile), column, columns, worker);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SetA(TileCall* call, int batch, int tile, int k)
    {
        if (_packA)
        {
            int panel = _shape.ABatch == 0 ? tile : batch * _rowTiles + tile;
            call->A = _aPanels!.Floats + panel * APanel + (nint)k * _kernels.Rows;
            call->ARow = 1;
            call->AStep = _kernels.Rows;
            return;
        }
        call->A = _a + batch * _shape.ABatch + RowStart(tile) * _shape.ARow + k * _shape.AColumn;
        call->ARow = _shape.ARow;
        call->AStep = _shape.AColumn;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SetB(TileCall* call, int batch, int panel, int column, int columns, int vectors, int k, int worker)
    {
        float* source = _b + batch * _shape.BBatch + column * _shape.BColumn + k * _shape.BRow;
        int width = vectors * _kernels.Lanes;
        if (_directB && columns == width)
        {
            call->B = source;
            call->BStep = _shape.BRow;
            return;
        }
        call->B = BPanel(worker);
        call->BStep = width;
        if (_kBlocks == 1 && _held[worker * 16] == panel) return;
        Packing.Pack(source, _shape.BColumn, _shape.BRow, columns, call->K, call->B, width);
        _held[worker * 16] = panel;
    }

    /// <summary>Runs the micro-kernel, straight into C if the tile lies in it whole and untransposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ComputeTile(TileCall* call, int batch, int row, int rows, int column, int columns, int vectors, int worker)
    {
        float* c = _c + batch * _shape.CBatch + (_transposed ? column * _shape.CRow + row : row * _shape.CRow + column);
        int width = vectors * _kernels.Lanes;
        if (columns == width && !_transposed)
        {
            call->C = c;
            call->CRow = _shape.CRow;
            _kernels[rows, vectors](call);
            return;
        }

        // The sums go to a tile of their own first; then those that exist go to C, by the same arithmetic.
        float beta = call->Beta;
        float* tile = BPanel(worker) + _bPitch;
        call->C = tile;
        call->CRow = width;
        call->Beta = 0;
        _kernels[rows, vectors](call);
        call->Beta = beta;
        if (_transposed && beta == 0) Packing.Transpose(tile, width, rows, columns, c, _shape.CRow);
        else
            for (int i = 0; i < rows; i++)
                AddRow(tile + i * width, columns, beta, _transposed ? c + i : c + i * _shape.CRow, _transposed ? _shape.CRow : 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRow(float* from, int count, float beta, float* to, nint step)
    {
        if (beta == 0)
            for (int j = 0; j < count; j++) to[j * step] = from[j];
        else
            for (int j = 0; j < count; j++) to[j * step] = MathF.FusedMultiplyAdd(beta, to[j * step], from[j]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(int batch, int row, int endRow, int column, int columns, int worker)
    {
        if (_epilogue is null) return;
        if (_transposed) _epilogue.Apply(batch * _shape.N + column, columns, row, endRow - row, worker);
        else _epilogue.Apply(batch * _shape.M + row, endRow - row, column, columns, worker);
    }

    /// <summary>The number of row chunks: as few as share the work evenly, each of at least 32 rows if there are that many.</summary>
    private int Chunks(int threads)
    {
        int panels = _panels * _shape.Batch;
        if (threads == 1 || panels % threads == 0 || panels >= 16 * threads) return 1;
        int most = Math.Max(1, _shape.M / 32);
        return Math.Min(most, panels >= threads ? threads : 4 * threads);
    }

    private float* BPanel(int worker) => _bPanels.Floats + worker * (_bPitch + MicroKernelSet.MaxTile);

    // Tiles are as equal as can be: the first M % tiles of them have a row more.
    private int RowStart(int tile) => tile * _rowsPerTile + Math.Min(tile, _tallTiles);

    private int VectorStart(int panel) => (int)((long)_vectors * panel / _panels);

    private int KStart(int block) => (int)((long)_shape.K * block / _kBlocks);

    private static int Ceiling(int count, int size) => (count + size - 1) / size;

    private static GemmShape Exchanged(GemmShape s) => new(s.N, s.M, s.K)
    {
        ARow = s.BColumn,
        AColumn = s.BRow,
        BRow = s.AColumn,
        BColumn = s.ARow,
        CRow = s.CRow,
        Alpha = s.Alpha,
        Beta = s.Beta,
        Batch = s.Batch,
        ABatch = s.BBatch,
        BBatch = s.ABatch,
        CBatch = s.CBatch,
    };
}
