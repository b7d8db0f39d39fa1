// The gradient of each op of the table, and the gradient of that, against central differences in float64.
namespace MiniDL.Tests.Ops;

/// <summary>Gradients of every differentiable op, shapes known and unknown, once and twice.</summary>
[TestFixture]
public sealed class OpGradientTests
{
    private static IEnumerable<OpRow> Once() => OpTable.Rows.Where(row => row.Differentiable);

    private static IEnumerable<OpRow> Twice() => OpTable.Rows.Where(row => row.Differentiable && row.Twice);

    private static IEnumerable<OpRow> Never() => OpTable.Rows.Where(row => !row.Differentiable && row.Draws.Any(draw => draw.DType == DType.Float32) && row.Builder != nameof(T.Range));

    [TestCaseSource(nameof(Once))]
    public void The_gradient_is_what_central_differences_say(object row)
    {
        var op = (OpRow)row;
        for (int seed = 0; seed < 4; seed++)
        {
            bool known = seed % 2 == 0 || op.NeedsShapes;
            (Tensor[] inputs, (Tensor, NDArray)[] feeds) = Draw(op, seed, known);
            GradientCheck.Verify(op.Build(inputs), OpRow.Differentiated(inputs), feeds, elements: 30);
        }
    }

    [TestCaseSource(nameof(Twice))]
    public void The_gradient_of_the_gradient_is_what_central_differences_say(object row)
    {
        var op = (OpRow)row;
        for (int seed = 10; seed < 12; seed++)
        {
            (Tensor[] inputs, (Tensor, NDArray)[] feeds) = Draw(op, seed, known: true);
            Tensor[] wrt = OpRow.Differentiated(inputs);

            // The square makes the first gradient depend on every input, also of a linear op.
            foreach (Tensor first in T.Grad(T.Sum(T.Square(op.Build(inputs))), wrt))
                GradientCheck.Verify(first, wrt, feeds, elements: 8);
        }
    }

    [TestCaseSource(nameof(Never))]
    public void An_op_without_gradient_is_named_when_one_is_asked_for(object row)
    {
        var op = (OpRow)row;
        (Tensor[] inputs, _) = Draw(op, 1, known: true);
        Tensor y = op.Build(inputs);
        Tensor cost = T.Sum(y.DType == DType.Float32 ? y : T.Cast(y, DType.Float32));
        Assert.That(() => T.Grad(cost, OpRow.Differentiated(inputs)), Throws.TypeOf<GraphException>().With.Message.Contains("x0").And.Message.Contains("gradient reaches").Or.Message.Contains("does not depend on"));
    }

    private static (Tensor[] Inputs, (Tensor, NDArray)[] Feeds) Draw(OpRow op, int seed, bool known)
    {
        var gen = new Gen(seed);
        Shape[] shapes = op.Shapes(gen);
        Tensor[] inputs = op.Inputs(shapes, known);
        return (inputs, [.. inputs.Select((input, i) => (input, op.Draws[i].Fill(gen, shapes[i])))]);
    }
}
