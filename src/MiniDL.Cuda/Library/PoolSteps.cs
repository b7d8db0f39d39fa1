// Pooling on a GPU: which file of kernels/pool a stage runs, and which share of the planes a block gets.
//
// It stands between StagePlanner and the kernels, as PoolCpuStage does on the CPU. The one thing to understand: a block's operands lie in shared memory, so its
// share is whole planes, several if they are small, or a band of rows of one plane; PoolShare works that out and pool.cuh explains it.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Plans pooling stages.</summary>
internal static class PoolSteps
{
    private const int Threads = 256;

    /// <summary>The launch of a pooling: one kernel, or none if there is nothing to compute.</summary>
    /// <param name="stage">The pooling.</param>
    /// <param name="ends">What is fused into it: <c>STORE_Y</c> of the values, <c>LOAD_G</c> of gradients, <c>STORE_X</c> of unpooled planes; or null.</param>
    /// <param name="options">Not used: a pooling is the same on every GPU.</param>
    /// <example><code>IReadOnlyList&lt;Step&gt; steps = PoolSteps.Plan(stage, ends: null, options);</code></example>
    public static IReadOnlyList<Step> Plan(PoolStage stage, Ends? ends, PlanOptions options)
    {
        bool backward = stage.Kind is PoolKind.MaxUnpool or PoolKind.AverageUnpool;
        View result = (stage.Value ?? stage.Index)!;
        Shape image = backward ? result.Map.Shape : stage.Kind == PoolKind.Gather ? stage.Inputs[1].Map.Shape : stage.Inputs[0].Map.Shape;
        Shape pooled = backward ? stage.Inputs[^1].Map.Shape : result.Map.Shape;
        if (result.Map.Shape.Count == 0) return [];

        var share = PoolShare.Of(stage, image, pooled);
        var sizes = new List<(string, object)>(Sizes(stage, image, pooled)) { ("BLOCK", Threads), ("PLANES", share.Planes), ("BAND", share.Band), ("TILE", share.Tile) };
        string file = stage.Kind switch
        {
            PoolKind.Max => "pool/max_pool.cu",
            PoolKind.MaxUnpool => "pool/max_unpool.cu",
            PoolKind.Gather => "pool/pool_gather.cu",
            PoolKind.Average => "pool/avg_pool.cu",
            _ => "pool/avg_unpool.cu",
        };
        int blocks = stage.Kind == PoolKind.Gather ? (int)((result.Map.Shape.Count + Threads - 1) / Threads) : share.Blocks;
        KernelArgument[] arguments = [.. stage.Reads.Concat(stage.Writes).Select(KernelArgument.Of), .. ends?.Arguments ?? []];
        return [new KernelStep(stage, LibraryKernel.Of(file, sizes, ends), new LaunchShape(new Dim3(blocks), new Dim3(Threads)), arguments)];
    }

    private static IEnumerable<(string, object)> Sizes(PoolStage stage, Shape image, Shape pooled)
    {
        bool anyWindow = stage.Geometry is null;
        PoolGeometry windows = stage.Geometry ?? new PoolGeometry(1, 1, 1, 1, 0, 0, false);
        return
        [
            ("P", image[0] * image[1]), ("H", image[2]), ("W", image[3]), ("OH", pooled[2]), ("OW", pooled[3]),
            ("WINDOW_Y", windows.WindowY), ("WINDOW_X", windows.WindowX), ("STRIDE_Y", windows.StrideY), ("STRIDE_X", windows.StrideX),
            ("PAD_Y", windows.PadY), ("PAD_X", windows.PadX), ("ANY_WINDOW", anyWindow ? 1 : 0), ("COUNT_PADDING", stage.CountPadding ? 1 : 0),
            ("WITH_VALUE", stage.Value is null ? 0 : 1), ("WITH_INDEX", stage.Index is null ? 0 : 1),
        ];
    }
}
