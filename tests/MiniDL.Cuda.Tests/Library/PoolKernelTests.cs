// Pooling kernels on the simulated GPU against plain loops: to the bit, since sums have one order.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class PoolKernelTests
{
    // B, C, H, W; window, stride, padding; ceil. Rows that are no multiple of anything; overlaps; gaps; partial windows; windows larger than the plane.
    private static readonly (Shape X, PoolGeometry Windows)[] s_cases =
    [
        ([2, 3, 30, 30], new(2, 2, 2, 2, 0, 0, false)),
        ([2, 9, 13, 13], new(2, 2, 2, 2, 0, 0, true)),
        ([3, 50, 5, 5], new(2, 2, 2, 2, 0, 0, true)),
        ([2, 3, 5, 7], new(2, 2, 2, 2, 0, 0, false)),
        ([1, 3, 9, 11], new(3, 2, 1, 1, 0, 0, false)),
        ([2, 2, 9, 11], new(3, 3, 2, 2, 1, 1, false)),
        ([1, 2, 6, 7], new(1, 2, 2, 3, 0, 0, true)),
        ([2, 2, 9, 10], new(40, 9, 1, 2, 0, 0, true)),
        ([1, 2, 8, 8], new(2, 3, 1, 2, 1, 2, true)),
        ([1, 1, 90, 71], new(2, 2, 2, 2, 0, 0, true)),     // in bands
        ([1, 2, 75, 64], new(3, 3, 1, 2, 1, 1, true)),     // in bands that overlap
        ([1, 1, 3, 6500], new(2, 2, 1, 2, 0, 1, false)),   // in place: two rows are more than a block holds
    ];

    private SimulatedRun _gpu = null!;

    [OneTimeSetUp]
    public void Open() => _gpu = new SimulatedRun();

    [OneTimeTearDown]
    public void Close() => _gpu.Dispose();

    [TestCaseSource(nameof(Cases))]
    public void Maxima_and_their_places_and_both_gradients(int number)
    {
        (Shape shape, PoolGeometry windows) = s_cases[number];
        Tensor x = T.Input(shape, "x"), y = Tensor.Apply(new MaxPool(windows), x), index = Tensor.Apply(new MaxPoolIndex(windows), x);
        Tensor g = T.Input(y.Shape, "g"), dx = MaxUnpool.Of(index, g, x), u = T.Input(shape, "u"), v = Tensor.Apply(new PoolGather(), index, u);
        float[] xs = Values(shape, 1, withTies: true), gs = Values(g.Shape, 2), us = Values(shape, 3);
        (float[] ys, int[] chosen) = MaxOf(xs, shape, y.Shape, windows);

        Dictionary<Tensor, byte[]> results = RunAll([y, index, dx, v], (x, Bytes.Of(xs)), (g, Bytes.Of(gs)), (u, Bytes.Of(us)));
        int plane = shape[2] * shape[3], pooled = y.Shape[2] * y.Shape[3];
        float[] expected = new float[xs.Length];
        for (int o = 0; o < gs.Length; o++) expected[o / pooled * plane + chosen[o]] += gs[o];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Bytes.To<float>(results[y]), Is.EqualTo(ys), "y");
            Assert.That(Bytes.To<int>(results[index]), Is.EqualTo(chosen), "index");
            Assert.That(Bytes.To<float>(results[dx]), Is.EqualTo(expected), "dx");
            Assert.That(Bytes.To<float>(results[v]), Is.EqualTo(chosen.Select((at, o) => us[o / pooled * plane + at])), "v");
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void Means_and_their_gradient(int number)
    {
        (Shape shape, PoolGeometry windows) = s_cases[number];
        bool countPadding = number % 2 == 0;
        var pool = new AvgPool(windows, countPadding);
        Tensor x = T.Input(shape, "x"), y = Tensor.Apply(pool, x), g = T.Input(y.Shape, "g"), dx = AvgUnpool.Of(pool, g, x);
        float[] xs = Values(shape, 4), gs = Values(g.Shape, 5), ys = new float[gs.Length], expected = new float[xs.Length];
        Visit(shape, y.Shape, windows, (o, pixels) =>
        {
            float sum = 0, n = countPadding ? windows.WindowY * windows.WindowX : pixels.Count;
            foreach (int i in pixels) sum += xs[i];
            ys[o] = sum / n;
            foreach (int i in pixels) expected[i] += gs[o] / n;
        });

        Dictionary<Tensor, byte[]> results = RunAll([y, dx], (x, Bytes.Of(xs)), (g, Bytes.Of(gs)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Bytes.To<float>(results[y]), Is.EqualTo(ys), "y");
            Assert.That(Bytes.To<float>(results[dx]), Is.EqualTo(expected), "dx");
        }
    }

    [Test]
    public void Indices_from_anywhere_are_unpooled_in_their_order()
    {
        Tensor index = T.Input([2, 3, 6, 5], "index", DType.Int32), g = T.Input([2, 3, 6, 5], "g"), dx = Tensor.Apply(new MaxUnpool(4, 7), index, g);
        var random = new Random(6);
        int[] places = [.. Enumerable.Range(0, 180).Select(_ => random.Next(28))];
        float[] gs = Values(g.Shape, 7), expected = new float[6 * 28];
        for (int o = 0; o < gs.Length; o++) expected[o / 30 * 28 + places[o]] += gs[o];
        Assert.That(Bytes.To<float>(RunAll([dx], (index, Bytes.Of(places)), (g, Bytes.Of(gs)))[dx]), Is.EqualTo(expected));
    }

    [Test]
    public void Of_a_tie_the_first_wins_and_of_NaNs_the_first_and_never_the_padding()
    {
        Tensor x = T.Input([1, 1, 2, 6], "x"), y = T.MaxPool2D(x, (2, 2), padding: (1, 0)), index = Tensor.Apply(new MaxPoolIndex(((MaxPool)y.Op).Geometry), x);
        const float low = float.NegativeInfinity;
        float[] xs = [5, 5, float.NaN, float.NaN, low, low, 1, 9, float.NaN, 2, low, low];
        Dictionary<Tensor, byte[]> results = RunAll([y, index], (x, Bytes.Of(xs)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Bytes.To<float>(results[y]), Is.EqualTo(new[] { 5, float.NaN, low, 9, float.NaN, low }));
            Assert.That(Bytes.To<int>(results[index]), Is.EqualTo(new[] { 0, 2, 4, 7, 8, 10 }));
        }
    }

    [Test]
    public void A_view_that_starts_inside_a_buffer_is_pooled_from_there()
    {
        Tensor x = T.Input([3, 1, 5, 5], "x"), y = T.MaxPool2D(T.Slice(x, (1, 3)), (2, 2));
        float[] xs = Values(x.Shape, 8);
        Assert.That(Bytes.To<float>(RunAll([y], (x, Bytes.Of(xs)))[y]), Is.EqualTo(MaxOf(xs[25..], [2, 1, 5, 5], y.Shape, ((MaxPool)y.Op).Geometry).Values));
    }

    [Test]
    public void What_is_fused_on_its_ends_is_done_where_a_kernel_loads_and_stores()
    {
        // dx = 2 * unpool(g * e), e being an argument behind the kernel's own.
        Tensor x = T.Input([2, 3, 7, 5], "x"), y = T.MaxPool2D(x, (2, 2)), index = T.Input(y.Shape, "index", DType.Int32), g = T.Input(y.Shape, "g"), e = T.Input(y.Shape, "e");
        Tensor dx = MaxUnpool.Of(index, g, x);
        float[] xs = Values(x.Shape, 9), gs = Values(y.Shape, 10), es = Values(y.Shape, 11), expected = new float[xs.Length];
        int[] chosen = MaxOf(xs, x.Shape, y.Shape, ((MaxPool)y.Op).Geometry).Chosen;
        for (int o = 0; o < gs.Length; o++) expected[o / 6 * 35 + chosen[o]] += 2 * (gs[o] * es[o]);

        MiniDL.Program program = Lower.ToProgram([x, index, g, e], [dx], []);
        var ends = new Ends("""
            #define LOAD_G(i) (g[i] * e0[i])
            #define STORE_X(i, v) dx[i] = 2 * (v)
            #define ENDS_PARAMETERS , const float* e0

            """, [new BufferArgument(program.Inputs[3], 0)]);
        byte[][] inputs = [Bytes.Of(xs), Bytes.Of(chosen), Bytes.Of(gs), Bytes.Of(es)];
        var contents = program.Inputs.Zip(inputs).Append((program.Outputs[0], new byte[4 * xs.Length])).ToDictionary(pair => pair.Item1, pair => pair.Item2);
        _gpu.Run(PoolSteps.Plan((PoolStage)program.Stages.Single(), ends, Stages.Options), contents);
        Assert.That(Bytes.To<float>(contents[program.Outputs[0]]), Is.EqualTo(expected));
    }

    private static IEnumerable<TestCaseData> Cases() => s_cases.Select((_, i) => new TestCaseData(i).SetArgDisplayNames($"{s_cases[i].X}, {s_cases[i].Windows}"));

    /// <summary>Runs the pooling stages of a program on the GPU and gives back what its outputs hold.</summary>
    private Dictionary<Tensor, byte[]> RunAll(Tensor[] outputs, params (Tensor Input, byte[] Values)[] inputs)
    {
        MiniDL.Program program = Lower.ToProgram([.. inputs.Select(input => input.Input)], outputs, []);
        var contents = program.Buffers.ToDictionary(buffer => buffer, buffer => Bytes.Of([.. Enumerable.Repeat(float.NaN, buffer.Count)]));
        for (int i = 0; i < inputs.Length; i++) inputs[i].Values.CopyTo(contents[program.Inputs[i]], 0);
        IReadOnlyList<Step>[] plans = [.. program.Stages.Cast<PoolStage>().Select(stage => PoolSteps.Plan(stage, null, Stages.Options))];
        _gpu.Compile(plans.SelectMany(plan => plan).Cast<KernelStep>().Select(step => step.Source));
        foreach (IReadOnlyList<Step> plan in plans) _gpu.Run(plan, contents);
        return outputs.Select((output, i) => (output, program.Outputs[i])).ToDictionary(pair => pair.output, pair => contents[pair.Item2]);
    }

    private static float[] Values(Shape shape, int seed, bool withTies = false)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, (int)shape.Count).Select(_ => !withTies ? random.NextSingle() * 2 - 1
            : random.Next(40) switch { 0 => float.NaN, 1 => float.NegativeInfinity, var other => other % 5 })];
    }

    private static (float[] Values, int[] Chosen) MaxOf(float[] x, Shape shape, Shape pooled, PoolGeometry windows)
    {
        float[] y = new float[pooled.Count];
        int[] chosen = new int[pooled.Count];
        Visit(shape, pooled, windows, (o, pixels) =>
        {
            int best = pixels[0];
            foreach (int i in pixels)
                if (x[i] > x[best] || (float.IsNaN(x[i]) && !float.IsNaN(x[best]))) best = i;
            (y[o], chosen[o]) = (x[best], best % (shape[2] * shape[3]));
        });
        return (y, chosen);
    }

    /// <summary>Calls <paramref name="visit"/> with each window and its pixels, positions in the whole arrays, row-major.</summary>
    private static void Visit(Shape shape, Shape pooled, PoolGeometry windows, Action<int, List<int>> visit)
    {
        (int h, int w, int oh, int ow) = (shape[2], shape[3], pooled[2], pooled[3]);
        for (int o = 0; o < pooled.Count; o++)
        {
            int plane = o / (oh * ow), top = o / ow % oh * windows.StrideY - windows.PadY, left = o % ow * windows.StrideX - windows.PadX;
            var pixels = new List<int>();
            for (int row = Math.Max(0, top); row < Math.Min(h, top + windows.WindowY); row++)
                for (int column = Math.Max(0, left); column < Math.Min(w, left + windows.WindowX); column++) pixels.Add((plane * h + row) * w + column);
            visit(o, pixels);
        }
    }
}
