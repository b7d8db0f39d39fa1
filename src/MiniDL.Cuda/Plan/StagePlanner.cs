// Which planner is asked for which stage.
//
// Lowering says what is computed, in six kinds of stages; each kind has a planner that says with which kernels, over how many blocks. The one thing to
// understand: a planner sees one stage and the device's limits, nothing else, so a plan can be read, tested and compiled without a program around it.
namespace MiniDL.Cuda;

/// <summary>Turns stages into steps.</summary>
internal static class StagePlanner
{
    /// <summary>The launches that compute a stage, in order; none if it has no elements.</summary>
    /// <exception cref="InvalidOperationException">No planner knows the stage: a mistake in MiniDL.</exception>
    public static IReadOnlyList<Step> Plan(Stage stage, PlanOptions options) =>
        stage is StageWithEnds ended ? Plan(ended.Core, EndsWriter.Write(ended), options) : Plan(stage, null, options);

    private static IReadOnlyList<Step> Plan(Stage stage, Ends? ends, PlanOptions options) => stage switch
    {
        FusedStage fused => TransposeSteps.TryPlan(fused, options) ?? FusedSteps.Plan(fused, options),
        ReduceStage reduce => ReduceSteps.Plan(reduce, options),
        GemmStage gemm => GemmSteps.Plan(gemm, ends, options),
        ConvStage conv => ConvSteps.Plan(conv, ends, options),
        PoolStage pool => PoolSteps.Plan(pool, ends, options),
        IndexStage index => IndexSteps.Plan(index, options),
        _ => throw new InvalidOperationException($"no planner knows stage {stage.Name}, a {stage.GetType().Name}"),
    };
}
