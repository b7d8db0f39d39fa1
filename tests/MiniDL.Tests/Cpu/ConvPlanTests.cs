using MiniDL.Cpu;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed unsafe class ConvPlanTests
{
    private static readonly ConvShape[] s_shapes =
    [
        new(1, 1, 1, 1, 1, 1, 1),
        new(2, 1, 5, 6, 3, 3, 3),
        new(9, 3, 7, 5, 17, 3, 3) { PadTop = 1, PadBottom = 1, PadLeft = 1, PadRight = 1 },
        new(17, 5, 6, 8, 33, 3, 2) { PadTop = 2, PadBottom = 0, PadLeft = 1, PadRight = 3 },
        new(5, 4, 9, 11, 6, 3, 3) { StrideY = 2, StrideX = 3, PadTop = 1, PadLeft = 2, PadRight = 1 },
        new(8, 2, 10, 10, 50, 1, 1) { StrideY = 2, StrideX = 2 },
        new(3, 7, 12, 31, 20, 5, 5) { PadTop = 4, PadBottom = 4, PadLeft = 4, PadRight = 4 },
        new(1, 3, 40, 37, 16, 7, 7) { StrideY = 2, StrideX = 2, PadTop = 3, PadBottom = 3, PadLeft = 3, PadRight = 3 },
        new(12, 1, 4, 4, 8, 3, 3) { PadTop = 3, PadBottom = 3, PadLeft = 3, PadRight = 3 },
        new(6, 9, 2, 3, 5, 4, 4) { PadTop = 2, PadBottom = 2, PadLeft = 1, PadRight = 1 },
        new(16, 32, 15, 15, 64, 3, 3),
    ];

    private sealed class Images(int count) : IConvEpilogue
    {
        public readonly int[] Times = new int[count];

        public void Apply(int image, int worker) => Interlocked.Increment(ref Times[image]);
    }

    /// <summary>Calls back for every product that the definition names: indices of the elements of X, F and Y.</summary>
    private static void ForEachProduct(ConvShape s, Action<int, int, int> product)
    {
        for (int b = 0; b < s.B; b++)
            for (int o = 0; o < s.O; o++)
                for (int c = 0; c < s.C; c++)
                    for (int oy = 0; oy < s.OH; oy++)
                        for (int ox = 0; ox < s.OW; ox++)
                            for (int ky = 0; ky < s.KH; ky++)
                                for (int kx = 0; kx < s.KW; kx++)
                                {
                                    int y = oy * s.StrideY + ky - s.PadTop, x = ox * s.StrideX + kx - s.PadLeft;
                                    if (y >= 0 && y < s.H && x >= 0 && x < s.W)
                                        product(((b * s.C + c) * s.H + y) * s.W + x, ((o * s.C + c) * s.KH + ky) * s.KW + kx,
                                            ((b * s.O + o) * s.OH + oy) * s.OW + ox);
                                }
    }

    private sealed record Sizes(int X, int F, int Y)
    {
        public Sizes(ConvShape s) : this(s.B * s.C * s.H * s.W, s.O * s.C * s.KH * s.KW, s.B * s.O * s.OH * s.OW) { }
    }

    /// <summary>Y, dX and dF by the plans, into memory that held NaN.</summary>
    private static (float[] Y, float[] DX, float[] DF) Run(ConvShape s, Scratch x, Scratch f, Scratch dY, int threads, int lanes)
    {
        var sizes = new Sizes(s);
        using var team = new ThreadTeam(threads);
        MicroKernelSet kernels = MicroKernelSet.OfWidth(lanes);
        using Scratch y = Numbers.Filled(sizes.Y, float.NaN), dX = Numbers.Filled(sizes.X, float.NaN), dF = Numbers.Filled(sizes.F, float.NaN);
        using var forward = new ConvForwardPlan(s, team, kernels: kernels);
        using var inputGradient = new ConvInputGradientPlan(s, team, kernels: kernels);
        using var filterGradient = new ConvFilterGradientPlan(s, team, kernels);
        forward.Run(x.Floats, f.Floats, y.Floats);
        inputGradient.Run(dY.Floats, f.Floats, dX.Floats);
        filterGradient.Run(x.Floats, dY.Floats, dF.Floats);
        return (Numbers.ToArray(y.Floats, sizes.Y), Numbers.ToArray(dX.Floats, sizes.X), Numbers.ToArray(dF.Floats, sizes.F));
    }

    [Test]
    public void AllDirectionsAgreeWithTheDefinition([Values(4, 8, 16)] int lanes)
    {
        foreach (ConvShape s in s_shapes)
        {
            var sizes = new Sizes(s);
            using Scratch x = Numbers.Random(sizes.X, 1), f = Numbers.Random(sizes.F, 2), dY = Numbers.Random(sizes.Y, 3);
            double[] y = new double[sizes.Y], dX = new double[sizes.X], dF = new double[sizes.F];
            nint px = (nint)x.Floats, pf = (nint)f.Floats, pdY = (nint)dY.Floats;
            ForEachProduct(s, (i, j, k) =>
            {
                double xi = ((float*)px)[i], fj = ((float*)pf)[j], dYk = ((float*)pdY)[k];
                y[k] += xi * fj;
                dX[i] += dYk * fj;
                dF[j] += xi * dYk;
            });
            (float[] actualY, float[] actualDX, float[] actualDF) = Run(s, x, f, dY, 2, lanes);
            Close(actualY, y, s.C * s.Taps, $"Y of {s}");
            Close(actualDX, dX, s.O * s.Taps, $"dX of {s}");
            Close(actualDF, dF, s.B * s.OutputPlane, $"dF of {s}");
        }
    }

    private static void Close(float[] actual, double[] expected, int terms, string what)
    {
        fixed (float* p = actual) Numbers.AssertClose(p, expected, Numbers.Tolerance(terms), what);
    }

    [Test]
    public void EveryNumberOfThreadsGivesTheSameBits()
    {
        foreach (ConvShape s in s_shapes)
        {
            var sizes = new Sizes(s);
            using Scratch x = Numbers.Random(sizes.X, 1), f = Numbers.Random(sizes.F, 2), dY = Numbers.Random(sizes.Y, 3);
            (float[] Y, float[] DX, float[] DF) one = Run(s, x, f, dY, 1, 16);
            foreach (int threads in (int[])[2, 3])
            {
                (float[] Y, float[] DX, float[] DF) many = Run(s, x, f, dY, threads, 16);
                using (Assert.EnterMultipleScope())
                {
                    Assert.That(many.Y.AsSpan().SequenceEqual(one.Y), $"Y of {s}");
                    Assert.That(many.DX.AsSpan().SequenceEqual(one.DX), $"dX of {s}");
                    Assert.That(many.DF.AsSpan().SequenceEqual(one.DF), $"dF of {s}");
                }
            }
        }
    }

    [Test]
    public void NaNReachesExactlyWhatTheDefinitionSays()
    {
        var s = new ConvShape(9, 2, 6, 6, 3, 3, 3) { PadTop = 1, PadBottom = 1, PadLeft = 1, PadRight = 1 };
        var sizes = new Sizes(s);
        using Scratch x = Numbers.Random(sizes.X, 1), f = Numbers.Random(sizes.F, 2), dY = Numbers.Random(sizes.Y, 3);
        x.Floats[100] = float.NaN;
        f.Floats[18 + 2] = float.NaN;                       // filter 1, channel 0, top right: misses X at the top and right edges
        dY.Floats[200] = float.PositiveInfinity;
        bool[] y = new bool[sizes.Y], dX = new bool[sizes.X], dF = new bool[sizes.F];
        ForEachProduct(s, (i, j, k) =>
        {
            y[k] |= i == 100 || j == 20;
            dX[i] |= k == 200 || j == 20;
            dF[j] |= i == 100 || k == 200;
        });
        (float[] actualY, float[] actualDX, float[] actualDF) = Run(s, x, f, dY, 2, 16);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(actualY.Select(value => !float.IsFinite(value)), Is.EqualTo(y));
            Assert.That(actualDX.Select(value => !float.IsFinite(value)), Is.EqualTo(dX));
            Assert.That(actualDF.Select(value => !float.IsFinite(value)), Is.EqualTo(dF));
        }
    }

    [Test]
    public void TheEpilogueSeesEveryImageOnce([Values(1, 3)] int threads)
    {
        using var team = new ThreadTeam(threads);
        foreach (ConvShape s in s_shapes)
        {
            var sizes = new Sizes(s);
            var images = new Images(s.B);
            using Scratch x = new(sizes.X), f = new(sizes.F), y = new(sizes.Y);
            using var plan = new ConvForwardPlan(s, team, images);
            plan.Run(x.Floats, f.Floats, y.Floats);
            Assert.That(images.Times, Is.All.EqualTo(1), s.ToString());
        }
    }

    [Test]
    public void AWarmRunAllocatesNothing()
    {
        ConvShape s = s_shapes[2];
        var sizes = new Sizes(s);
        using var team = new ThreadTeam(2);
        using Scratch x = new(sizes.X), f = new(sizes.F), y = new(sizes.Y);
        using var forward = new ConvForwardPlan(s, team);
        using var inputGradient = new ConvInputGradientPlan(s, team);
        using var filterGradient = new ConvFilterGradientPlan(s, team);
        long bytes = Numbers.Allocated(() =>
        {
            forward.Run(x.Floats, f.Floats, y.Floats);
            inputGradient.Run(y.Floats, f.Floats, x.Floats);
            filterGradient.Run(x.Floats, y.Floats, f.Floats);
        });
        Assert.That(bytes, Is.Zero);
    }
}
