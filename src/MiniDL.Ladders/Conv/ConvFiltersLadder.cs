// The ladder of the convolution's gradient for its filters: df from x and dy.
//
// The one thing to understand: the result is tiny and each of its sums is very long, one term for each output position of each image. So the question is how to spread a sum
// over a GPU and still add it in the same order each time: in parts, with a second pass.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/conv/filters</c>.</summary>
internal sealed class ConvFiltersLadder : Ladder
{
    public override string Name => "conv-filters";

    public override string Folder => "conv";

    public override string Formula => "df[o,c,p,q] = sum over b,i,j of dy[b,o,i,j] x[b, c, i SY + p - TOP, j SX + q - LEFT]";

    public override Measure Measure => Measure.GigaFlops;

    /// <summary>Images: n of them went through the second layer of the convnet.</summary>
    public override int DefaultSize => 128;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "direct", "conv/filters/01_direct.cu", "a thread adds up one element of df by the definition", "waves; memory latency", Direct),
        new(2, "im2col, K split", "conv/filters/02_im2col.cu", "windows are written out; a product for each image, and the products are added up", "FMA share; bytes written: KH KW times x, and a df for each image", Im2Col),
        new(3, "implicit GEMM, K split", "conv/filters/03_implicit_gemm.cu", "the product gathers its windows from x, and K is split into as many parts as fill a GPU",
            "bytes: no windows written or read, fewer parts", problem => Plan(problem, ConvSteps.Plan(Stage(problem), null, new PlanOptions(KnownGpus.A100)))),
    ];

    /// <summary>The executor's.</summary>
    public override Rung Best => Rungs[2];

    public override Problem OfSize(int n) => Of(Convolution.SecondLayer(n));

    public override IReadOnlyList<Problem> Checks { get; } = ConvProblems.Checks(Of);

    /// <summary>The problem of a size.</summary>
    /// <param name="size">The size.</param>
    /// <param name="spoiled">With NaN and infinity among the pixels.</param>
    internal static Problem Of(Convolution size, bool spoiled = false)
    {
        ProblemArray x = ConvProblems.Pixels("x", size.X, salt: 1);
        return new Problem
        {
            Size = size.ToString(),
            Macros = size.Macros,
            Arrays = [spoiled ? ConvProblems.Spoiled(x) : x, ConvProblems.Signed("dy", size.Y, salt: 2), ConvProblems.Output("df", size.F)],
            Flops = size.Flops,
            MinimumBytes = sizeof(float) * (double)(size.X.Count + size.F.Count + size.Y.Count),
            Reference = first => new Dictionary<string, double[]> { ["df"] = Gradient(size, first["x"], first["dy"]) },
        };
    }

    private static double[] Gradient(Convolution size, double[] x, double[] dy)
    {
        double[] df = new double[size.F.Count];
        size.ForEachTerm((ix, tap, iy) => df[tap] += x[ix] * dy[iy]);
        return df;
    }

    private static RungPlan Direct(Problem problem) => new([ConvPlans.Elementwise("conv/filters/01_direct.cu", problem, Convolution.Of(problem).F.Count, 128, "x", "dy", "df")]);

    /// <summary>Rows to scratch memory; a part of df for each image, dy[b] rows[b], behind them; then the parts are added up.</summary>
    private static RungPlan Im2Col(Problem problem)
    {
        ConvStage stage = Stage(problem);
        Shape f = stage.F.Map.Shape, y = stage.Y.Map.Shape;
        int taps = checked((int)f.Product(1, 4)), plane = y[2] * y[3], images = y[0], count = checked((int)f.Count);
        int rowBytes = ConvPlans.ScratchBytes((long)images * plane * taps), partBytes = ConvPlans.ScratchBytes((long)images * count);
        var product = new SgemmProblem(images, f[0], taps, plane, 1, 0,
            SgemmOperand.Of(IndexMap.Contiguous([images, f[0], plane]) with { Offset = stage.Y.Map.Offset }, side: 1, k: 2), SgemmOperand.Of(IndexMap.Contiguous([images, plane, taps]), side: 2, k: 1));
        KernelArgument parts = images == 1 ? KernelArgument.Of(stage.F) : new ScratchArgument(rowBytes);
        List<Step> steps = [.. GemmSteps.Kernels(stage, product, KernelArgument.Of(stage.Y), new ScratchArgument(0), parts, ends: null, scratchBefore: rowBytes + partBytes)];
        if (images > 1) steps.Add(GemmSteps.SumOfSplits(stage, images, count, 1, 0, parts, KernelArgument.Of(stage.F), null));
        RungLaunch rows = ConvPlans.Elementwise("conv/filters/02_im2col.cu", problem, (long)images * plane * taps, 256, "x", RungArgument.Scratch());
        RungPlan products = Plan(problem, steps);
        return products with { Launches = [rows, .. products.Launches] };
    }

    private static RungPlan Plan(Problem problem, IReadOnlyList<Step> steps) => new(ConvPlans.Launches(problem, steps), steps.Cast<KernelStep>().Max(step => step.ScratchBytes));

    private static ConvStage Stage(Problem problem) => ConvPlans.Stage(problem, ConvDirection.FilterGrad, "x", "df", "dy");
}
