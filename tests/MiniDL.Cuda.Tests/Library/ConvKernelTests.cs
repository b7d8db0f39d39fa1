// kernels/conv on the simulated GPU: forward, input gradient and filter gradient give the definition's numbers to the bit.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class ConvKernelTests
{
    private static readonly ConvGeometry s_uneven = new(1, 1, 0, 1, 1, 0), s_strides = new(2, 3, 1, 2, 2, 1);

    /// <summary>Images, filters, geometry: what networks have, and what they do not.</summary>
    private static IEnumerable<TestCaseData> Shapes()
    {
        yield return Case("one_of_everything", [1, 1, 1, 1], [1, 1, 1, 1]);
        yield return Case("the_first_layer_in_small", [2, 1, 10, 10], [32, 1, 3, 3], new(1, 1, 2, 2, 2, 2));
        yield return Case("the_second_in_small", [2, 32, 7, 7], [64, 32, 3, 3]);
        yield return Case("colours", [3, 3, 9, 11], [7, 3, 3, 3], new(1, 1, 1, 1, 1, 1));
        yield return Case("same_with_an_even_filter", [2, 5, 6, 7], [9, 5, 2, 2], s_uneven);
        yield return Case("a_filter_as_large_as_the_image", [5, 6, 4, 5], [10, 6, 4, 5]);
        yield return Case("points", [2, 40, 5, 5], [33, 40, 1, 1]);
        yield return Case("strides_that_divide_the_filter", [2, 4, 8, 8], [6, 4, 4, 2], new(2, 2, 1, 1, 0, 0));
        yield return Case("strides_that_do_not", [3, 12, 13, 11], [9, 12, 3, 4], s_strides);
        yield return Case("strides_above_the_filter", [2, 3, 21, 20], [4, 3, 1, 2], new(3, 3, 0, 0, 0, 0));
        yield return Case("rows_no_window_reaches", [2, 4, 8, 9], [5, 4, 3, 3], new(4, 4, 0, 0, 0, 0));
        yield return Case("more_padding_than_image", [1, 4, 2, 3], [3, 4, 5, 5], new(1, 2, 4, 3, 3, 4));
        yield return Case("a_row", [4, 16, 1, 33], [12, 16, 1, 5], new(1, 1, 0, 0, 2, 2));
    }

    [TestCaseSource(nameof(Shapes))]
    public void Forward(Shape x, Shape f, ConvGeometry geometry) => Check(Convolutions.Stage(ConvDirection.Forward, x, f, geometry));

    [TestCaseSource(nameof(Shapes))]
    public void Input_gradient(Shape x, Shape f, ConvGeometry geometry) => Check(Convolutions.Stage(ConvDirection.InputGrad, x, f, geometry));

    [TestCaseSource(nameof(Shapes))]
    public void Filter_gradient(Shape x, Shape f, ConvGeometry geometry) => Check(Convolutions.Stage(ConvDirection.FilterGrad, x, f, geometry));

    /// <summary>Geometries as the op table draws them, and wilder ones.</summary>
    [Test, Category("Long")]
    public void Any_geometry([Range(1, 12)] int seed, [Values] ConvDirection direction)
    {
        var random = new Random(seed);
        int kh = random.Next(1, 5), kw = random.Next(1, 5), h = random.Next(1, 20), w = random.Next(1, 20);
        var geometry = new ConvGeometry(random.Next(1, 4), random.Next(1, 4), random.Next(3), random.Next(3), random.Next(3), random.Next(3));
        Shape x = [random.Next(1, 4), random.Next(1, 14), Math.Max(h, kh), Math.Max(w, kw)], f = [random.Next(1, 40), x[1], kh, kw];
        Check(Convolutions.Stage(direction, x, f, geometry));
    }

    /// <summary>Batches that are large enough for larger tiles, and sums long enough to be split.</summary>
    [TestCase(ConvDirection.Forward, 64, 64, 1)]
    [TestCase(ConvDirection.InputGrad, 32, 128, 1)]
    [TestCase(ConvDirection.FilterGrad, 64, 64, 2)]
    public void The_second_layer_of_the_convnet(ConvDirection direction, int blockM, int blockN, int launches)
    {
        int images = direction == ConvDirection.FilterGrad ? 32 : 60;
        ConvStage stage = Convolutions.Stage(direction, [images, 32, 15, 15], [64, 32, 3, 3]);
        IReadOnlyList<Step> steps = ConvSteps.Plan(stage, null, Stages.Options);
        var first = (KernelStep)steps[0];
        Assert.That((Stages.Define(first, "BM"), Stages.Define(first, "BN"), steps.Count), Is.EqualTo(($"{blockM}", $"{blockN}", launches)));
        Check(stage, steps);
    }

    [Test]
    public void Nothing_to_write_no_launch_but_nothing_to_sum_writes_zeros()
    {
        Assert.That(ConvSteps.Plan(Convolutions.Stage(ConvDirection.Forward, [0, 2, 5, 5], [3, 2, 3, 3]), null, Stages.Options), Is.Empty);
        Assert.That(ConvSteps.Plan(Convolutions.Stage(ConvDirection.InputGrad, [0, 2, 5, 5], [3, 2, 3, 3]), null, Stages.Options), Is.Empty);
        Check(Convolutions.Stage(ConvDirection.FilterGrad, [0, 2, 5, 5], [3, 2, 3, 3]));
    }

    [Test]
    public void NaN_spoils_what_it_reaches_and_no_more([Values] ConvDirection direction)
    {
        ConvStage stage = Convolutions.Stage(direction, [2, 12, 6, 5], [5, 12, 3, 3], new(2, 2, 1, 1, 1, 1));
        Dictionary<Buffer, float[]> memory = Convolutions.Memory(stage);
        foreach (View view in stage.Reads) memory[view.Buffer][7] = float.NaN;
        Check(stage, ConvSteps.Plan(stage, null, Stages.Options), memory);
    }

    [Test]
    public void An_operand_may_begin_inside_its_buffer()
    {
        ConvStage stage = Convolutions.Stage(ConvDirection.Forward, [2, 12, 6, 5], [5, 12, 3, 3]);
        var larger = SimulatedSteps.BufferOf(stage.F.Buffer.Count + 3, "f");
        stage = stage with { F = new View(larger, stage.F.Map with { Offset = 3 }) };
        Dictionary<Buffer, float[]> memory = Convolutions.Memory(stage);
        Dictionary<Buffer, float[]> cut = new(memory) { [larger] = memory[larger][3..] };
        SimulatedSteps.Run(ConvSteps.Plan(stage, null, Stages.Options), memory);
        Assert.That(memory[stage.Y.Buffer], Is.EqualTo(Convolutions.Compute(stage, cut)));
    }

    private static TestCaseData Case(string name, Shape x, Shape f, ConvGeometry? geometry = null) =>
        new TestCaseData(x, f, geometry ?? new ConvGeometry(1, 1, 0, 0, 0, 0)).SetArgDisplayNames(name);

    private static void Check(ConvStage stage) => Check(stage, ConvSteps.Plan(stage, null, Stages.Options));

    private static void Check(ConvStage stage, IReadOnlyList<Step> steps) => Check(stage, steps, Convolutions.Memory(stage));

    private static void Check(ConvStage stage, IReadOnlyList<Step> steps, Dictionary<Buffer, float[]> memory)
    {
        float[] expected = Convolutions.Compute(stage, memory);
        SimulatedSteps.Run(steps, memory);
        Assert.That(memory[stage.Writes.Single().Buffer], Is.EqualTo(expected), string.Join("; ", stage.Details));
    }
}
