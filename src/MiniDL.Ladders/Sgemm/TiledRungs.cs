// The upper rungs of the sgemm ladder: tiles whose sizes the host chooses, as the executor does.
//
// All of them take an operand's layout as macros (SgemmProblem.Layout) and share warp_tile.cuh. The one thing to understand: rungs 8, 9 and 10 run the same tile over the same blocks and
// differ only in how the next slab gets to shared memory; rung 11 is 9 with more blocks, and 12 is 9 on other units.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>Rungs 8 to 12 of <c>kernels/sgemm</c>.</summary>
internal static class TiledRungs
{
    private const string WarpTileFile = "sgemm/08_warp_tile.cu", DoubleBufferFile = "sgemm/09_double_buffer.cu", AsyncCopyFile = "sgemm/10_async_copy.cu",
        SplitFile = "sgemm/11_split_k.cu", TensorFile = "sgemm/12_tensor_cores.cu";

    /// <summary>Slabs in shared memory of rung 10.</summary>
    private const int Stages = 3;

    /// <summary>The tile of rung 12: a warp has 64 x 64 elements, a lane 16 x 8 of them.</summary>
    private static readonly BlockTile s_tensorTile = new(128, 128, 16, 16, 8);

    /// <summary>In order.</summary>
    public static IReadOnlyList<Rung> All { get; } =
    [
        new(8, "warp tile", WarpTileFile, "a warp's lanes stand as 8 x 4 over a tile of its own", "wavefronts of shared memory a multiply-add", problem => OneLaunch(WarpTileFile, problem)),
        new(9, "double buffer", DoubleBufferFile, "the next slab is loaded into registers while one is multiplied, and put into a second buffer", "barriers: one a slab",
            problem => OneLaunch(DoubleBufferFile, problem)),
        new(10, "async copy", AsyncCopyFile, "slabs are copied to shared memory in the background, two ahead", "instructions of shared memory", AsyncCopy) { Needs = (8, 0) },
        new(11, "split K", SplitFile, "several blocks share a tile's sum, and a second pass adds their parts", "waves", SplitK),
        new(12, "tensor cores (TF32)", TensorFile, "a warp multiplies 16 x 8 x 8 by one instruction, of rounded operands", "instructions; the limiter", TensorCores) { IsFloat32 = false, Needs = (8, 0) },
    ];

    private static RungPlan OneLaunch(string file, Problem problem) => OneLaunch(file, problem, TileOf(problem));

    private static RungPlan OneLaunch(string file, Problem problem, BlockTile tile) => new([new RungLaunch(Source(file, problem, tile), Shape(problem, tile), ["a", "b", "c"])]);

    private static RungPlan AsyncCopy(Problem problem)
    {
        BlockTile tile = TileOf(problem);
        int aPitch = tile.BM + 4, slabBytes = sizeof(float) * tile.BK * (aPitch + tile.BN);   // PITCH of warp_tile.cuh: A lies along K
        LaunchShape shape = Shape(problem, tile) with { DynamicSharedBytes = Stages * slabBytes };
        return new RungPlan([new RungLaunch(Source(AsyncCopyFile, problem, tile, ("STAGES", Stages)), shape, ["a", "b", "c"])]);
    }

    /// <summary>As many parts as the executor makes, and at least two where it makes one.</summary>
    private static RungPlan SplitK(Problem problem)
    {
        (int m, int n, int k) = (problem["M"], problem["N"], problem["K"]);
        (BlockTile tile, KSplit split) = BlockTile.Choose(m, n, k);
        if (split.Count == 1) split = tile.SplitInto(2, k);
        int count = checked(m * n);
        KernelSource second = LibraryKernel.Of("sgemm/sum_splits.cu", [("COUNT", count), ("SPLITS", split.Count), .. problem.Macros.Where(macro => macro.Name is "ALPHA" or "BETA")]);
        return new RungPlan(
        [
            new RungLaunch(Source(SplitFile, problem, tile, [.. split.Sizes]), new LaunchShape(new Dim3(checked((int)tile.Tiles(m, n) * split.Count)), new Dim3(tile.Threads)),
                ["a", "b", RungArgument.Scratch()]),
            new RungLaunch(second, new LaunchShape(new Dim3((count + 31) / 32), new Dim3(32, 8)), [RungArgument.Scratch(), "c"]),
        ], ScratchBytes: sizeof(float) * (long)split.Count * count);
    }

    private static RungPlan TensorCores(Problem problem) => OneLaunch(TensorFile, problem, s_tensorTile);

    private static BlockTile TileOf(Problem problem) => BlockTile.Choose(problem["M"], problem["N"], problem["K"], maySplit: false).Tile;

    private static LaunchShape Shape(Problem problem, BlockTile tile) => new(new Dim3(checked((int)tile.Tiles(problem["M"], problem["N"]))), new Dim3(tile.Threads));

    private static KernelSource Source(string file, Problem problem, BlockTile tile, params (string, object)[] more)
    {
        (int m, int n, int k) = (problem["M"], problem["N"], problem["K"]);
        var operands = new SgemmProblem(1, m, n, k, 1, 0, Operand(m, k, side: 1, along: 2), Operand(k, n, side: 2, along: 1));
        string vector = problem.IsAligned && n % 4 == 0 ? "float4" : "float";
        return LibraryKernel.Of(file, [("BATCH", 1), .. problem.Macros, .. operands.Layout, ("C_VECTOR", vector), .. more, .. tile.Sizes]);

        SgemmOperand Operand(int rows, int columns, int side, int along) => SgemmOperand.Of(new IndexMap([1, rows, columns], [0, columns, 1], problem.Offset), side, along);
    }
}
