// A whole program as launches: the steps of its stages one after the other, the kernels they need, the scratch memory they share.
//
// It stands between Lower.ToProgram and EndFusion, which made the stages, and the executor, which compiles the kernels, gives buffers addresses and captures the steps. The
// one thing to understand: scratch is a single region as large as the greediest stage wants it, since stages follow each other on one stream.
namespace MiniDL.Cuda;

/// <summary>A program planned for one kind of GPU. Making one needs no GPU.</summary>
internal sealed class ProgramPlan
{
    private readonly int[] _firstStep;   // of each stage, and the number of steps at the end

    /// <summary>Plans every stage of a program as it is.</summary>
    /// <param name="program">What is computed.</param>
    /// <param name="options">For which device, by which means.</param>
    /// <param name="planner">Plans one stage.</param>
    public ProgramPlan(Program program, PlanOptions options, Func<Stage, PlanOptions, IReadOnlyList<Step>> planner)
    {
        Program = program;
        var steps = new List<Step>();
        _firstStep = new int[program.Stages.Count + 1];
        for (int i = 0; i < program.Stages.Count; i++)
        {
            steps.AddRange(planner(program.Stages[i], options));
            _firstStep[i + 1] = steps.Count;
        }
        Steps = steps;
        Sources = [.. steps.OfType<KernelStep>().Select(step => step.Source).DistinctBy(source => source.Text)];
        ScratchBytes = steps.OfType<KernelStep>().Select(step => step.ScratchBytes).DefaultIfEmpty(0).Max();
    }

    /// <summary>Fuses elementwise stages onto the ends of hand-written kernels, then plans every stage. The program given loses its memory plan to the one
    /// planned.</summary>
    /// <example><code>ProgramPlan plan = ProgramPlan.For(function.Program!, new PlanOptions(KnownGpus.A100));</code></example>
    public static ProgramPlan For(Program program, PlanOptions options) => new(EndFusion.Fuse(program, options), options, StagePlanner.Plan);

    /// <summary>What is computed: the program given, or its stages with ends fused.</summary>
    public Program Program { get; }

    /// <summary>All launches of a run, in order.</summary>
    public IReadOnlyList<Step> Steps { get; }

    /// <summary>The kernels; steps with equal text share one.</summary>
    public IReadOnlyList<KernelSource> Sources { get; }

    /// <summary>Bytes of scratch memory, which one stage at a time uses.</summary>
    public long ScratchBytes { get; }

    /// <summary>Kernels and cuBLAS calls of a run.</summary>
    public int Launches => Steps.Count;

    /// <summary>Calls of cuBLAS among them.</summary>
    public int Products => Steps.Count(step => step is GemmStep);

    /// <summary>The steps of one stage: from the first up to, not including, the end.</summary>
    public (int First, int End) StepsOf(int stage) => (_firstStep[stage], _firstStep[stage + 1]);
}
