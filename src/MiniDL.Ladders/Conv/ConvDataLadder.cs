// The ladder of the convolution's gradient for its input: dx from dy and the filters.
//
// The one thing to understand: every rung gathers. Whoever writes a dx asks which windows it was in; nothing is added from outside, so no atomics and the same bits each time.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/conv/data</c>.</summary>
internal sealed class ConvDataLadder : Ladder
{
    public override string Name => "conv-data";

    public override string Folder => "conv";

    public override string Formula => "dx[b,c,h,w] = sum over o,p,q of f[o,c,p,q] dy[b, o, (h + TOP - p) / SY, (w + LEFT - q) / SX]";

    public override Measure Measure => Measure.GigaFlops;

    /// <summary>Images: n of them come back through the second layer of the convnet.</summary>
    public override int DefaultSize => 128;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "direct", "conv/data/01_direct.cu", "a thread gathers one element of dx by the definition", "FMA share of the instructions", Direct),
        new(2, "col2im", "conv/data/02_col2im.cu", "a product of matrices makes the columns' gradients, which each pixel gathers", "FMA share; bytes read: KH KW times dx", Col2Im),
        new(3, "implicit GEMM", "conv/data/03_implicit_gemm.cu", "the product gathers from dy itself, a phase of the strides at a time", "bytes: no columns written or read",
            problem => new RungPlan(ConvPlans.Launches(problem, ConvSteps.Plan(Stage(problem), null, new PlanOptions(KnownGpus.A100))))),
    ];

    /// <summary>The executor's.</summary>
    public override Rung Best => Rungs[2];

    public override Problem OfSize(int n) => Of(Convolution.SecondLayer(n));

    public override IReadOnlyList<Problem> Checks { get; } = ConvProblems.Checks(Of);

    /// <summary>The problem of a size.</summary>
    /// <param name="size">The size.</param>
    /// <param name="spoiled">With NaN and infinity among dy.</param>
    internal static Problem Of(Convolution size, bool spoiled = false)
    {
        ProblemArray dy = ConvProblems.Signed("dy", size.Y, salt: 1);
        return new Problem
        {
            Size = size.ToString(),
            Macros = size.Macros,
            Arrays = [spoiled ? ConvProblems.Spoiled(dy) : dy, ConvProblems.Signed("f", size.F, salt: 2), ConvProblems.Output("dx", size.X)],
            Flops = size.Flops,
            MinimumBytes = sizeof(float) * (double)(size.X.Count + size.F.Count + size.Y.Count),
            Reference = first => new Dictionary<string, double[]> { ["dx"] = Gradient(size, first["dy"], first["f"]) },
        };
    }

    private static double[] Gradient(Convolution size, double[] dy, double[] f)
    {
        double[] dx = new double[size.X.Count];
        size.ForEachTerm((ix, tap, iy) => dx[ix] += f[tap] * dy[iy]);
        return dx;
    }

    private static RungPlan Direct(Problem problem) => new([ConvPlans.Elementwise("conv/data/01_direct.cu", problem, Convolution.Of(problem).X.Count, 256, "dy", "f", "dx")]);

    /// <summary>columns[b] = F' dy[b] to scratch memory, a batch of products; then dx gathers.</summary>
    private static RungPlan Col2Im(Problem problem)
    {
        ConvStage stage = Stage(problem);
        Shape f = stage.F.Map.Shape, y = stage.Y.Map.Shape;
        int taps = checked((int)f.Product(1, 4)), plane = y[2] * y[3], bytes = ConvPlans.ScratchBytes((long)y[0] * taps * plane);
        var product = new SgemmProblem(y[0], taps, plane, f[0], 1, 0,
            SgemmOperand.Of(new IndexMap([y[0], taps, f[0]], [0, 1, taps], stage.F.Map.Offset), side: 1, k: 2),
            SgemmOperand.Of(IndexMap.Contiguous([y[0], f[0], plane]) with { Offset = stage.Y.Map.Offset }, side: 2, k: 1));
        IReadOnlyList<KernelStep> steps = GemmSteps.Kernels(stage, product, KernelArgument.Of(stage.F), KernelArgument.Of(stage.Y), new ScratchArgument(0), ends: null, scratchBefore: bytes);
        RungLaunch gather = ConvPlans.Elementwise("conv/data/02_col2im.cu", problem, stage.X.Map.Shape.Count, 256, RungArgument.Scratch(), "dx");
        return new RungPlan([.. ConvPlans.Launches(problem, steps), gather], steps.Max(step => step.ScratchBytes));
    }

    private static ConvStage Stage(Problem problem) => ConvPlans.Stage(problem, ConvDirection.InputGrad, "dx", "f", "dy");
}
