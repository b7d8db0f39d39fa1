// The ladder of convolution: y = relu(conv(x, f) + bias).
//
// The one thing to understand: all rungs do the same multiply-adds. Rung 2 makes a product of matrices of them, at the price of memory; rung 3 gets the price back; rung 4 saves the
// pass over y that bias and relu cost the other three.
using MiniDL.Cuda;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/conv/forward</c>.</summary>
internal sealed class ConvForwardLadder : Ladder
{
    public override string Name => "conv";

    public override string Folder => "conv";

    public override string Formula => "y = relu(bias[o] + sum over c,p,q of f[o,c,p,q] x[b, c, i SY + p - TOP, j SX + q - LEFT])";

    public override Measure Measure => Measure.GigaFlops;

    /// <summary>Images: n of them go through the second layer of the convnet.</summary>
    public override int DefaultSize => 128;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "direct", "conv/forward/01_direct.cu", "a thread computes one output by the definition", "FMA share of the instructions", Direct),
        new(2, "im2col", "conv/forward/02_im2col.cu", "windows are written out, and a product of matrices does the arithmetic", "FMA share; bytes written: KH KW times x", Im2Col),
        new(3, "implicit GEMM", "conv/forward/03_implicit_gemm.cu", "the product gathers its windows from x itself", "bytes: no columns written or read",
            problem => Implicit(problem, "conv/forward/03_implicit_gemm.cu")),
        new(4, "fused end", "conv/forward/04_fused_end.cu", "bias and relu where the product stores", "launches 2 -> 1; 8 bytes fewer for each output",
            problem => Implicit(problem, "conv/forward/04_fused_end.cu")),
    ];

    /// <summary>The executor runs rung 3's file with whatever follows as its end: this is the rung that does so here.</summary>
    public override Rung Best => Rungs[3];

    public override Problem OfSize(int n) => Of(Convolution.SecondLayer(n));

    public override IReadOnlyList<Problem> Checks { get; } = ConvProblems.Checks(Of);

    /// <summary>The problem of a size.</summary>
    /// <param name="size">The size.</param>
    /// <param name="spoiled">With NaN and infinity among the pixels.</param>
    internal static Problem Of(Convolution size, bool spoiled = false)
    {
        ProblemArray x = ConvProblems.Pixels("x", size.X, salt: 1), bias = ConvProblems.Signed("bias", [size.F[0]], salt: 3);
        return new Problem
        {
            Size = size.ToString(),
            Macros = size.Macros,
            Arrays = [spoiled ? ConvProblems.Spoiled(x) : x, ConvProblems.Signed("f", size.F, salt: 2), ConvProblems.Output("y", size.Y), bias],
            Flops = size.Flops,
            MinimumBytes = sizeof(float) * (double)(size.X.Count + size.F.Count + size.Y.Count + bias.Count),
            Reference = first => new Dictionary<string, double[]> { ["y"] = Convolve(size, first["x"], first["f"], first["bias"]) },
        };
    }

    private static double[] Convolve(Convolution size, double[] x, double[] f, double[] bias)
    {
        double[] y = new double[size.Y.Count];
        int plane = size.Y[2] * size.Y[3];
        for (int i = 0; i < y.Length; i++) y[i] = bias[i / plane % bias.Length];
        size.ForEachTerm((ix, tap, iy) => y[iy] += f[tap] * x[ix]);
        for (int i = 0; i < y.Length; i++) y[i] = Math.Max(y[i], 0);
        return y;
    }

    private static RungPlan Direct(Problem problem) =>
        new([ConvPlans.Elementwise("conv/forward/01_direct.cu", problem, Convolution.Of(problem).Y.Count, 256, "x", "f", "y"), BiasAndRelu(problem)]);

    /// <summary>Columns to scratch memory; y[b] = F columns[b], a batch of products.</summary>
    private static RungPlan Im2Col(Problem problem)
    {
        ConvStage stage = Stage(problem);
        Shape f = stage.F.Map.Shape, y = stage.Y.Map.Shape;
        int taps = checked((int)f.Product(1, 4)), plane = y[2] * y[3], bytes = ConvPlans.ScratchBytes((long)y[0] * taps * plane);
        var product = new SgemmProblem(y[0], f[0], plane, taps, 1, 0,
            SgemmOperand.Of(new IndexMap([y[0], f[0], taps], [0, taps, 1], stage.F.Map.Offset), side: 1, k: 2), SgemmOperand.Of(IndexMap.Contiguous([y[0], taps, plane]), side: 2, k: 1));
        IReadOnlyList<KernelStep> steps = GemmSteps.Kernels(stage, product, KernelArgument.Of(stage.F), new ScratchArgument(0), KernelArgument.Of(stage.Y), ends: null, scratchBefore: bytes);
        RungLaunch columns = ConvPlans.Elementwise("conv/forward/02_im2col.cu", problem, (long)y[0] * taps * plane, 256, "x", RungArgument.Scratch());
        return new RungPlan([columns, .. ConvPlans.Launches(problem, steps), BiasAndRelu(problem)], steps.Max(step => step.ScratchBytes));
    }

    /// <summary>The executor's own plan; rung 4's end takes bias as a further argument, as ends do.</summary>
    private static RungPlan Implicit(Problem problem, string file)
    {
        RungLaunch product = ConvPlans.Launches(problem, [ConvSteps.Forward(Stage(problem), file, ends: null)])[0];
        return file.Contains("fused_end", StringComparison.Ordinal) ? new RungPlan([product with { Arguments = [.. product.Arguments, "bias"] }]) : new RungPlan([product, BiasAndRelu(problem)]);
    }

    private static RungLaunch BiasAndRelu(Problem problem) => ConvPlans.Elementwise("conv/forward/bias_relu.cu", problem, Convolution.Of(problem).Y.Count, 256, "y", "bias");

    private static ConvStage Stage(Problem problem) => ConvPlans.Stage(problem, ConvDirection.Forward, "x", "f", "y");
}
