// Convolutions on a GPU: which file of kernels/conv a stage runs, over how many blocks.
//
// It stands between StagePlanner and the kernels, as ConvCpuStage does on the CPU. The one thing to understand: all three directions are products of matrices whose
// operands are gathered instead of stored (implicit GEMM), with M, N and K as below; only images with very few channels are convolved directly.
//
//                        M   N                                      K
//     forward            O   B OH OW                                C KH KW
//     input gradient     C   B ceil(H/SY) ceil(W/SX), SY SX times   O ceil(KH/SY) ceil(KW/SX)
//     filter gradient    O   C KH KW                                B OH OW, split over blocks
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Plans convolution stages.</summary>
internal static class ConvSteps
{
    /// <summary>A window of so many elements fits into a thread's registers.</summary>
    private const int MostRegisterTaps = 32;

    /// <summary>A sum that is split at all is split over so many blocks: two for each of some hundred multiprocessors. And the fewest terms of a part.</summary>
    private const int EnoughBlocks = 216, LeastTerms = 128;

    private const int FewChannelsThreads = 128, FewChannelsGroup = 32;

    /// <summary>The launches of a convolution: one, for a filter gradient two if its sum is split; none if it has no elements.</summary>
    /// <param name="stage">The convolution; its views are contiguous.</param>
    /// <param name="ends">What is fused into it: <c>STORE_Y</c> of forward, <c>STORE_X</c> of an input gradient; or null.</param>
    /// <param name="options">Not used: a convolution is the same on every GPU.</param>
    /// <exception cref="ArgumentException">A view is not contiguous, or ends for a filter gradient: mistakes in MiniDL.</exception>
    /// <example><code>IReadOnlyList&lt;Step&gt; steps = ConvSteps.Plan(stage, ends: null, options);</code></example>
    public static IReadOnlyList<Step> Plan(ConvStage stage, Ends? ends, PlanOptions options)
    {
        if (new[] { stage.X, stage.F, stage.Y }.FirstOrDefault(view => !view.Map.IsContiguous) is { } strided)
            throw new ArgumentException($"{stage.Name} takes contiguous operands, not {strided}");
        if (stage.Writes.Single().Map.Shape.Count == 0) return [];
        return stage.Direction switch
        {
            ConvDirection.Forward when stage.F.Map.Shape.Product(1, 4) <= MostRegisterTaps => [FewChannels(stage, ends)],
            ConvDirection.Forward => [Forward(stage, "conv/forward/03_implicit_gemm.cu", ends)],
            ConvDirection.InputGrad => [InputGradient(stage, ends)],
            _ => FilterGradient(stage, ends),
        };
    }

    /// <summary>Forward by a file that is implicit GEMM: that of rung 3 of its ladder, or of rung 4.</summary>
    internal static KernelStep Forward(ConvStage stage, string file, Ends? ends)
    {
        Shape f = stage.F.Map.Shape, y = stage.Y.Map.Shape;
        return ImplicitGemm(stage, file, f[0], Product(y[0], y[2], y[3]), Product(f[1], f[2], f[3]), 1, ends);
    }

    private static KernelStep InputGradient(ConvStage stage, Ends? ends)
    {
        Shape x = stage.X.Map.Shape, f = stage.F.Map.Shape;
        (int sy, int sx) = (stage.Geometry.StrideY, stage.Geometry.StrideX);
        int n = Product(x[0], Ceil(x[2], sy), Ceil(x[3], sx)), k = Product(f[0], Ceil(f[2], sy), Ceil(f[3], sx));
        return ImplicitGemm(stage, "conv/data/03_implicit_gemm.cu", f[1], n, k, checked(sy * sx), ends);
    }

    private static KernelStep FewChannels(ConvStage stage, Ends? ends)
    {
        Shape y = stage.Y.Map.Shape;
        int group = Math.Min(FewChannelsGroup, Ceil(y[1], 4) * 4);
        int blocks = checked(Ceil(Product(y[0], y[2], y[3]), FewChannelsThreads) * Ceil(y[1], group));
        return new KernelStep(stage, LibraryKernel.Of("conv/forward/conv_few_channels.cu", [.. Sizes(stage), ("GROUP", group)], ends),
            new LaunchShape(new Dim3(blocks), new Dim3(FewChannelsThreads)), Arguments(stage, ends));
    }

    private static KernelStep ImplicitGemm(ConvStage stage, string file, int m, int n, int k, int phases, Ends? ends)
    {
        BlockTile tile = BlockTile.Choose(m, n, k, phases, maySplit: false).Tile;
        bool aligned = k % 4 == 0 && stage.F.Map.Offset % 4 == 0;
        KernelSource source = LibraryKernel.Of(file, [.. Sizes(stage), ("FILTER_VECTOR", aligned ? "float4" : "float"), .. tile.Sizes], ends);
        return new KernelStep(stage, source, new LaunchShape(new Dim3(checked((int)(tile.Tiles(m, n) * phases))), new Dim3(tile.Threads)), Arguments(stage, ends));
    }

    private static IReadOnlyList<Step> FilterGradient(ConvStage stage, Ends? ends)
    {
        if (ends is not null) throw new ArgumentException($"{stage.Name} takes no fused ends: its sum may be split");
        Shape f = stage.F.Map.Shape, y = stage.Y.Map.Shape;
        int m = f[0], n = Product(f[1], f[2], f[3]), plane = Product(y[2], y[3]), k = Product(y[0], plane);
        (BlockTile tile, KSplit split) = SplitOf(m, n, k);
        bool aligned = plane % 4 == 0 && stage.Y.Map.Offset % 4 == 0;
        KernelSource source = LibraryKernel.Of("conv/filters/03_implicit_gemm.cu", [.. Sizes(stage), ("GRADIENT_VECTOR", aligned ? "float4" : "float"), .. split.Sizes, .. tile.Sizes]);
        var shape = new LaunchShape(new Dim3(checked((int)tile.Tiles(m, n) * split.Count)), new Dim3(tile.Threads));
        if (split.Count == 1) return [new KernelStep(stage, source, shape, Arguments(stage, null))];
        var parts = new ScratchArgument(0);
        return
        [
            new KernelStep(stage, source, shape, [KernelArgument.Of(stage.X), KernelArgument.Of(stage.Y), parts]) { ScratchBytes = 4L * split.Count * m * n },
            GemmSteps.SumOfSplits(stage, split.Count, checked(m * n), 1, 0, parts, KernelArgument.Of(stage.F), null),
        ];
    }

    /// <summary>The tile and split of a filter gradient. Whatever GPU it is, its last wave of blocks is rarely full; with few blocks that is much of the time.</summary>
    private static (BlockTile Tile, KSplit Split) SplitOf(int m, int n, int k)
    {
        (BlockTile tile, KSplit split) = BlockTile.Choose(m, n, k);
        int parts = Math.Min(Ceil(EnoughBlocks, (int)tile.Tiles(m, n)), k / LeastTerms);
        return (tile, split.Count > 1 && parts > split.Count ? tile.SplitInto(parts, k) : split);
    }

    /// <summary>What is read, what is written, what the ends want.</summary>
    private static KernelArgument[] Arguments(ConvStage stage, Ends? ends) => [.. stage.Reads.Concat(stage.Writes).Select(KernelArgument.Of), .. ends?.Arguments ?? []];

    /// <summary>The macros of <c>kernels/conv/common.cuh</c>, and B, C and O.</summary>
    private static IEnumerable<(string Name, object Value)> Sizes(ConvStage stage)
    {
        Shape x = stage.X.Map.Shape, f = stage.F.Map.Shape, y = stage.Y.Map.Shape;
        ConvGeometry g = stage.Geometry;
        return
        [
            ("B", x[0]), ("C", x[1]), ("H", x[2]), ("W", x[3]), ("O", f[0]), ("KH", f[2]), ("KW", f[3]), ("OH", y[2]), ("OW", y[3]),
            ("SY", g.StrideY), ("SX", g.StrideX), ("TOP", g.Top), ("LEFT", g.Left),
        ];
    }

    private static int Product(int a, int b, int c = 1) => checked(a * b * c);

    private static int Ceil(int a, int b) => (a + b - 1) / b;
}
