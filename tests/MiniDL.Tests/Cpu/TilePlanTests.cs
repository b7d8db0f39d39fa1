// What the tile engine makes of a body: how long tiles are, what is one pass, what stays one element; and that none of it changes a result.
using MiniDL.Cpu;
using static MiniDL.T;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed class TilePlanTests
{
    private static FusedBody[] Bodies(Tensor output, Tensor input)
    {
        using Device device = Device.Cpu(1);
        using Function f = Function([input], output, device: device);
        f.Compile(input.Shape);
        return [.. f.Program!.Stages.OfType<FusedStage>().SelectMany(stage => stage.Bodies)];
    }

    private static TilePlan PlanOf(Tensor output, Tensor input) => new(Bodies(output, input)[^1], null, kept: -1);

    /// <summary>The steps that go through a tile, in order.</summary>
    private static StepKind[] Passes(TilePlan plan) =>
        [.. plan.Steps.Where(step => step.Kind is StepKind.Copy or StepKind.Stretch || (!step.IsRow && step.Kind is StepKind.Compute or StepKind.Chain) || step.Kind is StepKind.Reduce or StepKind.SumOfChain).Where(step => !step.IsRow || step.Kind is StepKind.Reduce or StepKind.SumOfChain).Select(step => step.Kind)];

    private static Tensor Normalised(Tensor x)
    {
        Shared gamma = Shared(NDArray.Zeros([x.Shape[1]]), "gamma"), beta = Shared(NDArray.Zeros([x.Shape[1]]), "beta");
        Tensor centred = x - Mean(x, axis: 1, keepDims: true);
        return centred * Rsqrt(Mean(Square(centred), axis: 1, keepDims: true) + 1e-5f) * gamma + beta;
    }

    [TestCase(200)]
    [TestCase(784)]
    [TestCase(3000)]
    public void LayerNormGoesThroughARowFourTimes(int columns)
    {
        // The sum; the distances from the mean; the sum of their squares; scaled, times gamma, plus beta.
        Tensor x = Input([50, columns], "x");
        Assert.That(Passes(PlanOf(Normalised(x), x)), Is.EqualTo(new[] { StepKind.Reduce, StepKind.Chain, StepKind.SumOfChain, StepKind.Chain }));
    }

    [Test]
    public void ShortRowsAreStretchedSeveralAtATime()
    {
        Tensor x = Input([50, 10], "x");
        TilePlan plan = PlanOf(Normalised(x), x);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(plan.RowsPerTile, Is.EqualTo(102));
            Assert.That(plan.Steps.Count(step => step.Kind == StepKind.Stretch), Is.EqualTo(2));
        }
    }

    // Height x width of a map, and the tile that a number for each channel asks for: a divisor of the map, and worth while.
    [TestCase(28, 784)]
    [TestCase(56, 784)]
    [TestCase(64, 1024)]
    [TestCase(16, 256)]
    [TestCase(13, 1024)]    // 169 is too short, so numbers are copied out along the map
    [TestCase(31, 961)]
    public void ATileIsCutSoThatItSeesOneChannel(int side, int expected)
    {
        Tensor x = Input([8, 6, side, side], "x");
        Shared scale = Shared(NDArray.Zeros([1, 6, 1, 1]), "scale"), shift = Shared(NDArray.Zeros([1, 6, 1, 1]), "shift");
        TilePlan plan = PlanOf(x * scale + shift, x);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(plan.RowsPerTile, Is.EqualTo(expected));
            Assert.That(plan.Steps.Count(step => step.Form == TileForm.Single), Is.EqualTo(side == 13 ? 0 : 2));
            Assert.That(plan.Steps.Count(step => step.Kind == StepKind.Chain), Is.EqualTo(1));
        }
    }

    [Test]
    public void ASumOfSquaredDistancesIsOnePass()
    {
        Tensor x = Input([50, 300], "x"), y = Input([50, 300], "y");
        using Device device = Device.Cpu(1);
        using Function f = Function([x, y], Sum(Square(x - y), axis: 1), device: device);
        f.Compile(x.Shape, y.Shape);
        var plan = new TilePlan(((FusedStage)f.Program!.Stages.Single()).Bodies.Single(), null, kept: -1);
        TileStep sum = plan.Steps.Single(step => step.Kind is not (StepKind.Address or StepKind.Nothing));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sum.Kind, Is.EqualTo(StepKind.SumOfChain));
            Assert.That(sum.Links, Is.EqualTo(new[] { ChainOp.Sub, ChainOp.Square }));
            Assert.That(plan.Registers, Is.Zero);
        }
    }

    [Test]
    public void AValueThatSomebodyElseReadsIsNoLinkOfAChain()
    {
        // x + 1 is both squared and passed on.
        Tensor x = Input([3000], "x"), shared = x + 1;
        TilePlan plan = PlanOf(Tanh(shared) - shared * 2, x);
        Assert.That(plan.Steps.Where(step => step.Kind == StepKind.Chain).Select(step => step.Links.Length), Is.EqualTo(new[] { 1, 2 }));
    }

    private static readonly Shape[] s_shapes = [[4, 300], [9, 130], [5, 1500], [3, 4096], [1, 700], [20, 10], [3, 4, 28, 28], [2, 6, 13, 13], [4, 3, 40, 40]];

    /// <summary>Random arithmetic over a whole tensor, a number for each row, one for each column, one for each channel, row sums and constants: on the CPU, with one thread and three,
    /// as on the reference.</summary>
    [Test]
    public void RandomArithmeticIsThatOfTheReference([ValueSource(nameof(s_shapes))] Shape shape)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            var init = new Init((ulong)seed);
            int[] ones = [.. Enumerable.Repeat(1, shape.Rank)];
            Tensor x = Input(shape, "x");
            Shared row = Shared(init.Uniform(Shape.Create(ones).With(0, shape[0]), 0.5f, 1.5f), "row");
            Shared column = Shared(init.Uniform(Shape.Create([1, .. shape.Dims[1..]]), 0.5f, 1.5f), "column");
            Shared channel = Shared(init.Uniform(Shape.Create(ones).With(1, shape[1]), 0.5f, 1.5f), "channel");
            int[] rest = [.. Enumerable.Range(1, shape.Rank - 1)];
            List<Tensor> values = [x, x, row, column, channel, 0.75f, 1.25f];
            for (int i = 0; i < 12; i++)
            {
                Tensor a = values[random.Next(values.Count)], b = values[random.Next(Math.Max(0, values.Count - 4), values.Count)];
                values.Add(random.Next(8) switch
                {
                    0 or 1 => a + b,
                    2 or 3 => a - b,
                    4 => a * b,
                    5 => a / (Square(b) + 1),
                    6 => Mean(x * b, axes: rest, keepDims: true),
                    _ => Tanh(a),
                });
            }
            Tensor y = x + values[^1] * values[^2], z = values[^3] * x;
            FunctionGraph graph = FunctionChecks.Freeze([x], [y, z], [(row, row * 0.5f + Mean(y * y, axes: rest, keepDims: true))], []);
            foreach (int threads in new[] { 1, 3 })
            {
                using Device device = Device.Cpu(threads);
                (string? wrong, bool stable) = Agreement.Compare(Agreement.On(device), graph, [init.Uniform(shape, -1, 1)], seed);
                Assert.That(stable, Is.True);
                if (wrong is not null) Assert.Fail($"seed {seed}, {threads} threads: {wrong}\n{Listing.Print(y, z)}");
            }
        }
    }
}
