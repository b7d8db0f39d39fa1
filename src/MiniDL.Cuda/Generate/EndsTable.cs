// Which operands and results of which stages may have a fused end, and what their kernels call them.
//
// The one thing to understand: a kernel is in this table if it loads the operand, or stores the result, once for each element or nearly so. What an end does is then done as
// often as in a stage of its own, and a pass over memory is saved.
namespace MiniDL.Cuda;

/// <summary>An operand or result of a kernel.</summary>
/// <param name="Macro">The macro that loads or stores it.</param>
/// <param name="Pointer">The kernel's parameter.</param>
internal readonly record struct EndSite(string Macro, string Pointer);

/// <summary>The kernels that take ends.</summary>
internal static class EndsTable
{
    /// <summary>Where a stage loads an operand, if that may have an end.</summary>
    public static EndSite? LoadOf(Stage stage, Buffer operand) => stage switch
    {
        PoolStage { Kind: PoolKind.MaxUnpool or PoolKind.AverageUnpool } pool when pool.Inputs[^1].Buffer == operand => new("LOAD_G", "g"),
        _ => null,
    };

    /// <summary>Where a stage stores a result, if that may have an end.</summary>
    public static EndSite? StoreOf(Stage stage, Buffer result, PlanOptions options) => stage switch
    {
        PoolStage { Kind: PoolKind.Max or PoolKind.Average } pool when pool.Value?.Buffer == result => new("STORE_Y", "y"),
        PoolStage { Kind: PoolKind.MaxUnpool or PoolKind.AverageUnpool } => new("STORE_X", "dx"),
        ConvStage { Direction: ConvDirection.Forward } => new("STORE_Y", "y"),
        ConvStage { Direction: ConvDirection.InputGrad } => new("STORE_X", "dx"),
        GemmStage { Beta: 0 } when options.Gemm == GemmChoice.Handwritten => new("STORE_C", "c"),
        _ => null,
    };

    /// <summary>The stage with another buffer in the place of an operand, read in the same shape.</summary>
    public static Stage WithOperand(Stage stage, Buffer operand, Buffer instead) => stage switch
    {
        PoolStage pool => pool with { Inputs = [.. pool.Inputs.Select(view => view.Buffer == operand ? view with { Buffer = instead } : view)] },
        _ => throw NotInTable(stage),
    };

    /// <summary>The stage with another buffer in the place of its result, written in the same shape, and holding another node.</summary>
    public static Stage WithResult(Stage stage, Buffer result, Buffer instead, Tensor node)
    {
        int at = stage.Writes.Select(view => view.Buffer).ToList().IndexOf(result);
        Tensor[] nodes = [.. stage.Nodes.Select((old, i) => i == at ? node : old)];
        return stage switch
        {
            PoolStage pool => pool with { Value = pool.Value! with { Buffer = instead }, Nodes = nodes },
            ConvStage { Direction: ConvDirection.Forward } conv => conv with { Y = conv.Y with { Buffer = instead }, Nodes = nodes },
            ConvStage conv => conv with { X = conv.X with { Buffer = instead }, Nodes = nodes },
            GemmStage gemm => gemm with { C = gemm.C with { Buffer = instead }, Nodes = nodes },
            _ => throw NotInTable(stage),
        };
    }

    private static InvalidOperationException NotInTable(Stage stage) => new($"{stage.Name} takes no ends: a mistake in MiniDL");
}
