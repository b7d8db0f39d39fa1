// The first seven rungs of the ladder of products: from one element a thread to a tile of 8 x 8 in its registers.
//
// The one thing to understand: what a launch's shape depends on, the part of C that a block computes (BM x BN) and that of a thread (TM x TN), is said here and goes to the file as
// macros. Everything else, such as how many k a block goes at a time, is the file's own, where a reader may change it without a build.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>Rungs 1 to 7 of <see cref="SgemmLadder"/>.</summary>
internal static class FirstRungs
{
    /// <summary>In order.</summary>
    public static IReadOnlyList<Rung> All { get; } =
    [
        new(1, "naive", "sgemm/01_naive.cu", "a thread computes one element, the lanes of a warp stand below each other",
            "sectors a load of A: 32", problem => Plan("sgemm/01_naive.cu", problem, new(32, 32), new Dim3(32, 32), xAlongM: true)),
        new(2, "coalesced", "sgemm/02_coalesced.cu", "x and y exchanged: the lanes of a warp stand along a row",
            "sectors a load: 16.5 -> 2.5", problem => Plan("sgemm/02_coalesced.cu", problem, new(32, 32), new Dim3(32, 32))),
        new(3, "shared tile", "sgemm/03_shared_tile.cu", "what a block reads of A and B is kept in shared memory",
            "global loads: 32 times fewer", problem => Plan("sgemm/03_shared_tile.cu", problem, new(32, 32), new Dim3(32, 32))),
        new(4, "1-D thread tile", "sgemm/04_thread_tile_1d.cu", "a thread computes 8 elements of a column",
            "shared wavefronts a multiply-add: 2 -> 1.1", problem => Plan("sgemm/04_thread_tile_1d.cu", problem, new(64, 64, TM: 8))),
        new(5, "2-D thread tile", "sgemm/05_thread_tile_2d.cu", "a thread computes 8 x 8 elements",
            "multiply-adds among instructions", problem => Plan("sgemm/05_thread_tile_2d.cu", problem, s_square)),
        new(6, "vectorised", "sgemm/06_vectorised.cu", "A transposed in shared memory; float4 from global and shared memory",
            "requests, global and shared: a quarter", problem => Plan("sgemm/06_vectorised.cu", problem, s_square, vectors: true)),
        new(7, "no bank conflicts", "sgemm/07_bank_conflicts.cu", "a thread's 8 columns are two runs of 4; rows of As are 4 words longer",
            "bank conflicts: 0", problem => Plan("sgemm/07_bank_conflicts.cu", problem, s_square, vectors: true)),
    ];

    /// <summary>The part of C that a block computes, and that of a thread.</summary>
    private readonly record struct Tile(int BM, int BN, int TM = 1, int TN = 1)
    {
        public int Threads => BM * BN / (TM * TN);

        public IEnumerable<(string Name, object Value)> Macros => [("BM", BM), ("BN", BN), .. TM > 1 ? [("TM", TM)] : NoMacros, .. TN > 1 ? [("TN", TN)] : NoMacros];
    }

    private static readonly Tile s_square = new(128, 128, 8, 8);

    private static IEnumerable<(string Name, object Value)> NoMacros => [];

    /// <summary>One launch, a block for each tile of C; tiles beside each other are neighbours in the grid.</summary>
    /// <param name="file">The rung's file.</param>
    /// <param name="problem">The problem.</param>
    /// <param name="tile">What blocks and threads compute.</param>
    /// <param name="block">Threads of a block, if not in a row.</param>
    /// <param name="xAlongM">The grid's x counts tiles along M, as only the first rung has it.</param>
    /// <param name="vectors">The file takes a macro VECTOR: float4 where every row of A, B and C begins at a multiple of 16 bytes, else float.</param>
    private static RungPlan Plan(string file, Problem problem, Tile tile, Dim3? block = null, bool xAlongM = false, bool vectors = false)
    {
        int tilesM = (problem["M"] + tile.BM - 1) / tile.BM, tilesN = (problem["N"] + tile.BN - 1) / tile.BN;
        string vector = problem.IsAligned && problem["N"] % 4 == 0 && problem["K"] % 4 == 0 ? "float4" : "float";
        KernelSource source = LibraryKernel.Of(file, [.. problem.Macros, .. tile.Macros, .. vectors ? [("VECTOR", vector)] : NoMacros]);
        Dim3 grid = xAlongM ? new Dim3(tilesM, tilesN) : new Dim3(tilesN, tilesM);
        return new RungPlan([new RungLaunch(source, new LaunchShape(grid, block ?? new Dim3(tile.Threads)), ["a", "b", "c"])]);
    }
}
