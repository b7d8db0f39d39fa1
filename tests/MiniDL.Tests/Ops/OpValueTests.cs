// What each op of the table computes: against a formula of its own, and against values worked by hand.
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Ops;

/// <summary>The reference's values are the ones on paper.</summary>
[TestFixture]
public sealed class OpValueTests
{
    private static IEnumerable<OpRow> WithFormula() => OpTable.Rows.Where(row => row.Formula is not null);

    private static IEnumerable<OpRow> WithExamples() => OpTable.Rows.Where(row => row.Examples.Length > 0);

    [TestCaseSource(nameof(WithFormula))]
    public void The_reference_agrees_with_a_formula_of_its_own(object row)
    {
        var op = (OpRow)row;
        for (int seed = 0; seed < 8; seed++)
        {
            var gen = new Gen(seed) { Empty = true, Budget = 200 };
            Shape[] shapes = op.Shapes(gen);
            NDArray[] arrays = [.. op.Draws.Zip(shapes, (draw, shape) => draw.Fill(gen, shape))];
            Tensor[] inputs = op.Inputs(shapes, known: true);
            Tensor y = op.Build(inputs);
            var leaves = inputs.Zip(arrays).ToDictionary(pair => pair.First, pair => pair.Second);
            double[] values = Interpret([y], leaves)[0].Data;
            for (int i = 0; i < values.Length; i++)
            {
                double expected = op.Formula!([.. arrays.Select(array => array.ToDouble(Source(i, y.Shape, array.Shape)))]);
                Assert.That(values[i], Is.EqualTo(expected).Within(1e-12 * Math.Max(1, Math.Abs(expected))), $"element {i} of {y.Shape}, seed {seed}");
            }
        }
    }

    [TestCaseSource(nameof(WithExamples))]
    public void The_examples_worked_by_hand_come_out(object row)
    {
        using Device device = Device.Reference();
        CheckExamples((OpRow)row, device);
    }

    /// <summary>Runs a row's examples on a device, shapes known and unknown.</summary>
    internal static void CheckExamples(OpRow op, Device device)
    {
        foreach (bool known in new[] { true, false })
        {
            if (!known && op.NeedsShapes) continue;
            foreach (Example example in op.Examples)
            {
                Tensor[] inputs = op.Inputs([.. example.Inputs.Select(array => array.Shape)], known);
                NDArray result = Run(device, [op.Build(inputs)], [.. inputs.Zip(example.Inputs)])[0];
                using (Assert.EnterMultipleScope())
                {
                    Assert.That(result.Shape, Is.EqualTo(example.Expected.Shape));
                    Assert.That(result.DType, Is.EqualTo(example.Expected.DType));
                    Assert.That(result.Doubles(), Is.EqualTo(example.Expected.Doubles()).Using<double, double>((a, b) => a.Equals(b) || (double.IsFinite(b) && Math.Abs(a - b) <= 1e-6 * Math.Abs(b))));
                }
            }
        }
    }

    /// <summary>The element of an input that element i of a result reads under broadcasting: from the innermost axis outward.</summary>
    private static int Source(int i, Shape result, Shape input)
    {
        int source = 0, step = 1;
        for (int back = 1; back <= result.Rank; back++)
        {
            int index = i % result[^back];
            i /= result[^back];
            if (back > input.Rank) continue;
            if (input[^back] > 1) source += index * step;
            step *= input[^back];
        }
        return source;
    }
}
