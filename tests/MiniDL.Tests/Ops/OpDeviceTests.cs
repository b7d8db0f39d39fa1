// Every op of the table on the CPU executor, against the reference.
namespace MiniDL.Tests.Ops;

/// <summary>The CPU computes what the reference computes: generated shapes, strange strides, special values, gradients.</summary>
[TestFixture]
public sealed class OpDeviceTests
{
    private static readonly Device s_device = Device.Cpu(threads: 2);

    private static IEnumerable<OpRow> All() => OpTable.Rows;

    private static IEnumerable<OpRow> WithExamples() => OpTable.Rows.Where(row => row.Examples.Length > 0);

    private static IEnumerable<OpRow> Differentiable() => OpTable.Rows.Where(row => row.Differentiable);

    [OneTimeTearDown]
    public void FreeThreads() => s_device.Dispose();

    [TestCaseSource(nameof(WithExamples))]
    public void The_examples_worked_by_hand_come_out(object row) => OpValueTests.CheckExamples((OpRow)row, s_device);

    [TestCaseSource(nameof(All))]
    public void Generated_shapes_agree_within_the_ops_tolerance(object row) => CheckShapes((OpRow)row, first: 0, count: 12);

    [TestCaseSource(nameof(All)), Category("Long")]
    public void Many_generated_shapes_agree_within_the_ops_tolerance(object row) => CheckShapes((OpRow)row, first: 1000, count: 150);

    [TestCaseSource(nameof(Differentiable))]
    public void Gradients_agree_as_far_as_rounding_allows(object row)
    {
        var op = (OpRow)row;
        int set = 0;
        for (int seed = 0; seed < 4; seed++)
        {
            var gen = new Gen(seed) { Budget = seed == 3 ? 2000 : 200, Empty = true };
            Shape[] shapes = op.Shapes(gen);
            Tensor[] inputs = op.Inputs(shapes, known: op.NeedsShapes || seed % 2 == 0);
            NDArray[] arrays = [.. shapes.Select((shape, i) => op.Draws[i].Fill(gen, shape))];
            Tensor y = op.Build(inputs);
            FunctionGraph graph = FunctionChecks.Freeze(inputs, [y, .. T.Grad(T.Mean(T.Square(y)) + T.Sum(y), OpRow.Differentiated(inputs))], [], []);
            (string? wrong, bool stable) = Agreement.Compare(Agreement.On(s_device), graph, arrays, seed);
            if (!stable) set++;
            Assert.That(wrong, Is.Null, $"seed {seed}\n{(wrong is null ? "" : Agreement.Smallest(Agreement.On(s_device), graph, arrays, seed))}");
        }
        Assert.That(set, Is.LessThan(4), "no seed could be judged: a bool or an int was about to change in each");
    }

    [TestCaseSource(nameof(All))]
    public void Any_number_of_threads_gives_the_same_bits(object row)
    {
        var op = (OpRow)row;
        using Device one = Device.Cpu(threads: 1), three = Device.Cpu(threads: 3);
        var gen = new Gen(9) { Budget = 50_000 };
        Shape[] shapes = op.Shapes(gen);
        Tensor[] inputs = op.Inputs(shapes, known: true);
        NDArray[] arrays = [.. shapes.Select((shape, i) => op.Draws[i].Fill(gen, shape))];
        Tensor y = op.Build(inputs);
        FunctionGraph graph = FunctionChecks.Freeze(inputs, op.Differentiable ? [y, .. T.Grad(T.Sum(T.Square(y)), OpRow.Differentiated(inputs))] : [y], [], []);
        ReferenceArray[] withOne = Agreement.On(one)(graph, arrays, default), withThree = Agreement.On(three)(graph, arrays, default);
        for (int i = 0; i < withOne.Length; i++)
            Assert.That(withThree[i].Data.AsSpan().SequenceEqual(withOne[i].Data), $"output {i} of shape {withOne[i].Shape}");
    }

    private static void CheckShapes(OpRow op, int first, int count)
    {
        for (int seed = first; seed < first + count; seed++)
        {
            var gen = new Gen(seed) { Budget = new[] { 40, 3000, 300, 20_000 }[seed % 4], Empty = true, Outliers = seed % 3 == 0, Special = seed % 5 == 4 };
            Shape[] shapes = op.Shapes(gen);
            (Tensor[] fed, Tensor[] inputs, NDArray[] arrays) = Through(gen, op, shapes);
            FunctionGraph graph = FunctionChecks.Freeze(fed, [op.Build(inputs)], [], []);
            string? wrong = OnlyOp(graph.Outputs[0]) is null ? Agreement.Compare(Agreement.On(s_device), graph, arrays, seed).Wrong : Disagreement(graph, arrays, seed);
            Assert.That(wrong, Is.Null, $"seed {seed}: {wrong}\n{Listing.Print(graph.Outputs)}");
        }
    }

    /// <summary>What is wrong with the CPU's result of a single op, whose own tolerance is the measure.</summary>
    private static string? Disagreement(FunctionGraph graph, NDArray[] arrays, int seed)
    {
        var run = new RunState((ulong)seed, 1);
        double[] actual = Agreement.On(s_device)(graph, arrays, run)[0].Data, expected = Reference(graph, arrays, run).Doubles();
        if (actual.Length != expected.Length) return $"{actual.Length} elements instead of {expected.Length}";
        Tensor op = OnlyOp(graph.Outputs[0])!;
        Tolerance tolerance = op.DType == DType.Float32 ? op.Op.Tolerance : new Tolerance(0);
        double largest = tolerance.OfLargest ? LargestTerm(graph, arrays, op, run) : 0;
        for (int i = 0; i < actual.Length; i++)
        {
            if (actual[i].Equals(expected[i])) continue;   // NaN and infinity too
            double allowed = tolerance.Relative * (tolerance.OfLargest ? largest : Math.Abs(expected[i])) + 1e-37;
            if (!(double.IsFinite(expected[i]) && Math.Abs(actual[i] - expected[i]) <= allowed)) return $"element {i} is {actual[i]:G9} instead of {expected[i]:G9}; {allowed:G3} is allowed";
        }
        return null;
    }

    /// <summary>What the tolerance of a sum is relative to.</summary>
    private static double LargestTerm(FunctionGraph graph, NDArray[] arrays, Tensor op, RunState run)
    {
        using Device reference = Device.Reference();
        ReferenceArray[] values = Agreement.On(reference)(graph with { Outputs = [.. op.Inputs, op] }, arrays, run);
        Tensor known = new Tensor(op.Op, op.Inputs.ToArray(), new TensorType(op.DType, values[^1].Shape), null, op.Source);
        return Jitter.LargestTerm(known, values[..^1], values[^1], run);
    }

    /// <summary>The one node that computes, views aside; null if there are several (each then has its own part in the tolerance).</summary>
    private static Tensor? OnlyOp(Tensor y)
    {
        Tensor[] computing = [.. Traversal.Topological(y).Where(node => (node.Inputs.Length > 0 || node.Op is RandomOp) && !Match.IsView(node.Op))];
        return computing.Length switch { 0 => y, 1 => computing[0], _ => null };
    }

    /// <summary>Inputs as they come, or seen through a transpose, a slice with a step, a flip or a stretch, so that an op reads with any strides.</summary>
    private static (Tensor[] Fed, Tensor[] Inputs, NDArray[] Arrays) Through(Gen gen, OpRow op, Shape[] shapes)
    {
        var (fed, inputs, arrays) = (new Tensor[shapes.Length], new Tensor[shapes.Length], new NDArray[shapes.Length]);
        for (int i = 0; i < shapes.Length; i++)
        {
            Shape shape = shapes[i];
            int[] swapped = [.. Enumerable.Range(0, shape.Rank)];
            if (shape.Rank >= 2) (swapped[^1], swapped[^2]) = (swapped[^2], swapped[^1]);
            (Shape source, Func<Tensor, Tensor> view) = (shape.Rank == 0 ? 0 : gen.Below(6)) switch
            {
                1 => (Shape.Create([.. swapped.Select(axis => shape[axis])]), x => T.Transpose(x, swapped)),
                2 => (shape.With(0, 2 * shape[0] + 1), x => T.Slice(x, (1, 2 * shape[0] + 1, 2))),
                3 => (shape, x => T.Flip(x, [shape.Rank - 1])),
                4 => (shape.With(0, 1), x => T.BroadcastTo(x, shape)),
                _ => (shape, (Func<Tensor, Tensor>)(x => x)),
            };
            fed[i] = T.Input(source, $"x{i}", op.Draws[i].DType);
            inputs[i] = view(fed[i]);
            arrays[i] = op.Draws[i].Fill(gen, source);
        }
        return (fed, inputs, arrays);
    }

    private static NDArray Reference(FunctionGraph graph, NDArray[] arrays, RunState run)
    {
        using Device reference = Device.Reference();
        return Agreement.On(reference)(graph, arrays, run)[0].ToNDArray(graph.Outputs[0].DType);
    }
}
