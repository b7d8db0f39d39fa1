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
    public static IReadOnlyList<Step> Plan(Stage stage, PlanOptions options) => stage switch
    {
        FusedStage fused => FusedSteps.Plan(fused, options),
        _ => throw new InvalidOperationException($"no plan for stage {stage.Name} yet ({stage.GetType().Name} on {options.Gpu.Name})"),
    };
}
