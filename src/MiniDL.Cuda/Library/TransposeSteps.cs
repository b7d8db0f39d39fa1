// Copies that are transposes: recognised by their index map, and done through shared memory by kernels/transpose.
//
// The core has no transpose stage, since a transpose is an index map that its reader reads through; only where a reader needs its operand in one piece does a copy
// stage remain (Materialise.cs). Generated as a map, it would read a sector for each element. The one thing to understand: whatever permutation of axes a
// copy is, if after merging axes that lie in order it has the innermost axis of its source second to last, it is a batch of plain transposes:
// (B, H, W, C) from (B, C, H, W) is one of H*W x C.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Plans copy stages that are transposes.</summary>
internal static class TransposeSteps
{
    /// <summary>The launch, or null if the stage is not a transpose, batched or not, of 4-byte elements.</summary>
    /// <example><code>return TransposeSteps.TryPlan(stage, options) ?? FusedSteps.Plan(stage, options);</code></example>
    public static IReadOnlyList<Step>? TryPlan(FusedStage stage, PlanOptions options)
    {
        if (stage.Bodies is not [{ Instructions: [Load load], Stores: [{ Value: 0 } store] }]) return null;
        if (load.DType.Size() != 4 || !store.View.Map.IsContiguous || load.View.Map.Shape.Count != store.View.Map.Shape.Count || load.View.Map.Shape.Count == 0) return null;
        if (Merge(load.View.Map) is not [.. var batch, (var rows, 1), (var columns, var step)] || batch.Length > 1 || step < rows) return null;

        (int count, int batchStep) = batch.Length == 1 ? batch[0] : (1, 0);
        bool aligned = load.View.Map.Offset % 4 == 0 && store.View.Map.Offset % 4 == 0;   // buffers themselves are
        (KernelSource source, LaunchShape shape) = new TransposeSizes(count, rows, columns, batchStep, step).Fitted(aligned);
        return [new KernelStep(stage, source, shape, [KernelArgument.Of(load.View), KernelArgument.Of(store.View)])];
    }

    /// <summary>The (size, stride) of each axis, without axes of 1, and with neighbours merged that one stride goes through.</summary>
    private static (int Size, int Stride)[] Merge(IndexMap map)
    {
        var axes = new List<(int Size, int Stride)>();
        for (int axis = 0; axis < map.Shape.Rank; axis++)
        {
            (int size, int stride) = (map.Shape[axis], map.Strides[axis]);
            if (size == 1) continue;
            if (axes.Count > 0 && axes[^1].Stride == stride * size) axes[^1] = (axes[^1].Size * size, stride);
            else axes.Add((size, stride));
        }
        return [.. axes];
    }
}
