// Wrong use fails where it is written: the message names the op, the shapes, the variables, and the file and line.
using System.Runtime.CompilerServices;
using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Graph;

/// <summary>Errors of building expressions. In Release too, the line is the one of the call or of the operator.</summary>
[TestFixture]
public sealed class BuildErrorTests
{
    private static Tensor F(params int[] dims) => Input(Shape.Create(dims), "a");

    private static Tensor I(params int[] dims) => Input(Shape.Create(dims), "i", DType.Int32);

    private static Tensor B(params int[] dims) => Input(Shape.Create(dims), "b", DType.Bool);

    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return Case("add", "axis 1 is 3 and 4", () => Add(F(2, 3), F(2, 4)));
        yield return Case("mul", "axis 0 is 2 and 3", () => Mul(F(2, 3), F(3, 3)));
        yield return Case("add", "dtypes differ", () => Add(F(2), I(2)));
        yield return Case("sub", "dtypes differ", () => Sub(I(2), 0.5f));
        yield return Case("exp", "takes float32", () => Exp(I(2)));
        yield return Case("neg", "takes float32 or int32", () => Neg(B(2)));
        yield return Case("div", "takes float32", () => Div(I(2), I(2)));
        yield return Case("and", "takes bool", () => And(F(2), F(2)));
        yield return Case("not", "takes bool", () => Not(F(2)));
        yield return Case("where", "bool condition", () => Where(F(2), F(2), F(2)));
        yield return Case("where", "dtypes differ", () => Where(B(2), F(2), I(2)));
        yield return Case("less", "takes float32 or int32", () => Less(B(2), B(2)));
        yield return Case("clip", "dtypes differ", () => Clip(I(2), 0.5f, 2), op: "maximum");
        yield return Case("sum", "takes numbers", () => Sum(B(2)));
        yield return Case("sum", "axis 2 does not exist in rank 2", () => Sum(F(2, 3), 2));
        yield return Case("max", "named twice", () => Max(F(2, 3), axes: [1, -1]));
        yield return Case("mean", "not both", () => Mean(F(2, 3), 1, axes: [0]));
        yield return Case("mean", "dtypes differ", () => Mean(I(2)), op: "div");
        yield return Case("argmax", "takes numbers", () => ArgMax(B(2), 0));
        yield return Case("argmax", "no elements", () => ArgMax(F(2, 0), 1));
        yield return Case("dot", "sums over 3 and 4", () => Dot(F(2, 3), F(4, 5)));
        yield return Case("dot", "use * to scale", () => Dot(F(2, 3), F()));
        yield return Case("dot", "takes float32", () => Dot(I(2, 3), I(3, 2)));
        yield return Case("dot", "batch axes differ", () => Dot(F(2, 3, 4), F(5, 4, 3)));
        yield return Case("transpose", "2 axes for rank 3", () => Transpose(F(2, 3, 4), [1, 0]));
        yield return Case("transpose", "axis -3 does not exist in rank 2", () => Transpose(F(2, 3), [-3, 0]));
        yield return Case("dimshuffle", "appears twice", () => DimShuffle(F(2, 3), [0, 0]));
        yield return Case("dimshuffle", "not known to be 1", () => DimShuffle(F(2, 3), [0]));
        yield return Case("dimshuffle", "not known to be 1", () => DimShuffle(F(2, -1), [0]));
        yield return Case("reshape", "6 elements", () => Reshape(F(2, 3), [4]));
        yield return Case("reshape", "only one dim", () => Reshape(F(2, 3), [-1, -1]));
        yield return Case("reshape", "6 elements", () => Reshape(F(2, 3), [4, -1]));
        yield return Case("flatten", "axis 3", () => Flatten(F(2, 3), 3));
        yield return Case("broadcast", "cannot be stretched", () => T.BroadcastTo(F(2, 3), [4, 3]));
        yield return Case("broadcast", "must be known", () => T.BroadcastTo(F(1, 3), [-1, 3]));
        yield return Case("slice", "beyond axis 0", () => Slice(F(2, 3), (0, 3)));
        yield return Case("slice", "not a range", () => Slice(F(2, 3), (2, 1)));
        yield return Case("slice", "not a range", () => Slice(F(2, 3), (0, 2, 0)));
        yield return Case("slice", "more ranges", () => Slice(F(2), (0, 1), (0, 1)));
        yield return Case("concat", "axis 1 is 3 and 4", () => Concat([F(2, 3), F(2, 4)]));
        yield return Case("concat", "ranks differ", () => Concat([F(2, 3), F(2)]));
        yield return Case("concat", "dtypes differ", () => Concat([F(2), I(2)]));
        yield return Case("concat", "axis 5", () => Concat([F(2), F(2)], 5));
        yield return Case("concat", "axis -2 does not exist in rank 1", () => Concat([F(2), F(2)], -2));
        yield return Case("concat", "axis 7", () => Concat([F(2)], 7));
        yield return Case("expand_dims", "axis 4 does not exist in rank 3", () => ExpandDims(F(2, 3), 4));
        yield return Case("expand_dims", "axis -3 does not exist in rank 2", () => Stack([F(2), F(2)], -3));
        yield return Case("flip", "axis 2 does not exist in rank 2", () => Flip(F(2, 3), [2]));
        yield return Case("flip", "named twice", () => Flip(F(2, 3), [0, -2]));
        yield return Case("concat", "axis 0 is 2 and 3", () => Stack([F(2), F(3)], 1));
        yield return Case("pad", "2 and 1 paddings for rank 2", () => Pad(F(2, 3), [0, 0], [1]));
        yield return Case("pad", "below 0", () => Pad(F(2), [-1], [0]));
        yield return Case("gather", "not int32", () => GatherRows(F(2, 3), F(2)));
        yield return Case("rows", "int32 of rank 0", () => Rows(F(5, 3), I(1), 2));
        yield return Case("one_hot", "must be int32", () => OneHot(F(2), 3));
        yield return Case("conv2d", "rank 4", () => Conv2D(F(3, 3), F(1, 1, 2, 2)));
        yield return Case("conv2d", "channels differ: 2 and 3", () => Conv2D(F(1, 2, 5, 5), F(1, 3, 2, 2)));
        yield return Case("conv2d", "larger than the padded image", () => Conv2D(F(1, 1, 2, 2), F(1, 1, 3, 3)));
        yield return Case("conv2d", "KH and KW known", () => Conv2D(F(1, 1, 9, 9), F(1, 1, -1, 3)));
        yield return Case("conv2d", "strides must be", () => Conv2D(F(1, 1, 9, 9), F(1, 1, 3, 3), stride: (0, 1)));
        yield return Case("max_pool", "images (B, C, H, W)", () => MaxPool2D(F(5, 5), (2, 2)));
        yield return Case("max_pool", "smaller than the window", () => MaxPool2D(F(1, 1, 5, 5), (2, 2), padding: (2, 0)));
        yield return Case("avg_pool", "larger than the padded image", () => AvgPool2D(F(1, 1, 2, 2), (3, 3)));
        yield return Case("softmax", "takes float32", () => Softmax(I(2, 3)));
        yield return Case("log_softmax", "axis 2 does not exist", () => LogSoftmax(F(2, 3), 2));
        yield return Case("bernoulli", "must be in [0, 1], not 1.5", () => Bernoulli(F(2), 1.5f), named: false);
        yield return Case("dropout", "must be in [0, 1), not 1", () => Dropout(F(2), 1), named: false);
        yield return Case("dropout", "must be in [0, 1), not NaN", () => Dropout(F(2), float.NaN), named: false);
    }

    [TestCaseSource(nameof(Wrong))]
    public void Wrong_shapes_and_dtypes_are_refused_with_op_reason_variables_and_line(string op, string reason, Func<Tensor> build, int line, bool named)
    {
        GraphException e = Assert.Throws<GraphException>(() => build())!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(e.Message, Does.StartWith(op + ":"));
            Assert.That(e.Message, Does.Contain(reason));
            if (!named) return;
            Assert.That(e.Message, Does.Contain($"asked for at BuildErrorTests.cs:{line}"));
            Assert.That(e.Message, Does.Match(@"(?:[aib]|sum): (float32|int32|bool)\(.*\), made at BuildErrorTests.cs:\d+"));
        }
    }

    [Test]
    public void A_variable_is_named_behind_the_axes_that_aligning_ranks_adds()
    {
        Tensor x = Matrix("x"), bias = Shared(Counting([3]), "bias");
        Tensor h = Dot(x, Input([4, 5], "w"));
        Assert.That(() => h + bias, Throws.TypeOf<GraphException>().With.Message.Contains("bias: float32(3), made at BuildErrorTests.cs").And.Message.Contains("here as float32(1, 3)"));
    }

    private static IEnumerable<TestCaseData> Null()
    {
        Tensor x = Matrix("x"), none = null!;
        (string Name, Action Build)[] cases =
        [
            ("x + null", () => _ = x + none), ("null + x", () => _ = none + x), ("-null", () => _ = -none), ("exp", () => Exp(none)), ("where", () => Where(none, x, x)),
            ("clip", () => Clip(x, none, 1)), ("dot", () => Dot(x, none)), ("sum", () => Sum(none)), ("softmax", () => Softmax(none)), ("gather", () => GatherRows(x, none)),
            ("dimshuffle", () => DimShuffle(none, [0])), ("flip", () => Flip(x, null!)), ("concat", () => Concat([x, none])), ("stop_gradient", () => StopGradient(none)),
            ("pool", () => MaxPool2D(none, (2, 2))), ("input", () => Input(null!, "x")), ("input's name", () => Matrix(null!)), ("zeros", () => NDArray.Zeros(null!)), ("mean_squared_error", () => MeanSquaredError(x, none)),
        ];
        return cases.Select(entry => new TestCaseData(entry.Build).SetArgDisplayNames(entry.Name));
    }

    [TestCaseSource(nameof(Null))]
    public void A_null_is_refused_as_a_null(Action build) => Assert.That(build, Throws.ArgumentNullException);

    [Test]
    public void An_operator_knows_its_line()
    {
        Tensor a = F(2, 3), b = F(2, 4);
        var tries = new (Func<Tensor> Build, int Line)[]
        {
            (() => a + b, Line()), (() => a - b, Line()), (() => a * b, Line()), (() => a / b, Line()), (() => a < b, Line()), (() => a > b, Line()),
            (() => a <= b, Line()), (() => a >= b, Line()), (() => !a, Line()), (() => -B(2), Line()), (() => B(2) & B(3), Line()), (() => B(2) | B(3), Line()),
        };
        using (Assert.EnterMultipleScope())
        {
            foreach ((Func<Tensor> build, int line) in tries)
                Assert.That(Assert.Throws<GraphException>(() => build())!.Message, Does.Contain($"asked for at BuildErrorTests.cs:{line}"));
        }
    }

    [Test]
    public void Nodes_carry_the_line_that_asked_for_them()
    {
        Tensor a = F(2, 3); int made = Line() - 0;
        Tensor byMethod = Exp(a); int method = Line();
        Tensor byOperator = a * 2; int @operator = Line();
        Tensor composed = Dropout(a, 0.5f); int dropout = Line();
        Tensor gradient = Grad(Sum(Exp(a)), a); int differentiated = Line();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(made, Is.Positive);
            Assert.That(byMethod.Source.ToString(), Is.EqualTo($"BuildErrorTests.cs:{method}"));
            Assert.That(byOperator.Source.ToString(), Is.EqualTo($"BuildErrorTests.cs:{@operator}"));
            Assert.That(Traversal.Topological(composed).Where(node => node != a).Select(node => node.Source.Line), Is.All.EqualTo(dropout), "every node a composed function makes is dated to the user's line");
            Assert.That(Traversal.Topological(gradient).Where(node => node != a).Select(node => node.Source.Line), Is.All.EqualTo(differentiated), "a gradient's node has the line of the node it is the gradient of");
        }
    }

    [Test]
    public void Every_known_dim_that_disagrees_is_found_behind_unknown_ones()
    {
        Tensor a = F(-1, 3), b = F(5, 4);
        Assert.That(() => a + b, Throws.TypeOf<GraphException>().With.Message.Contains("axis 1 is 3 and 4"));
    }

    [Test]
    public void An_unknown_dim_takes_the_other_ones_value_and_does_not_stretch()
    {
        Tensor a = Input([Shape.Unknown, 3], "rows"), b = Input([5, 3], "table");
        Tensor sum = a + b;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sum.Shape.ToString(), Is.EqualTo("(5, 3)"));
            Assert.That(OnReference(sum, (a, Counting([5, 3])), (b, Counting([5, 3]))).Shape.ToString(), Is.EqualTo("(5, 3)"));
            Assert.That(() => OnReference(sum, (a, Counting([1, 3])), (b, Counting([5, 3]))),
                Throws.TypeOf<GraphException>().With.Message.Contains("axis 0 of rows turned out to be 1 where 5 is needed").And.Message.Contains("table").And.Message.Contains("BuildErrorTests.cs"));
            Assert.That(() => OnReference(sum, (a, Counting([4, 3])), (b, Counting([5, 3]))), Throws.TypeOf<GraphException>().With.Message.Contains("axis 0 is 4 and 5"));
        }
    }

    [Test]
    public void Two_unknown_dims_must_turn_out_equal()
    {
        Tensor a = Vector("a"), b = Vector("b"), sum = a + b;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(OnReference(sum, (a, Vec(1)), (b, Vec(2))).Item(), Is.EqualTo(3), "both 1: nothing stretches");
            Assert.That(() => OnReference(sum, (a, Vec(1)), (b, Vec(1, 2))), Throws.TypeOf<GraphException>().With.Message.Contains("axis 0 of a turned out to be 1 where 2 is needed"));
            Assert.That(() => OnReference(sum, (a, Vec(1, 2)), (b, Vec(1, 2, 3))), Throws.TypeOf<GraphException>().With.Message.Contains("axis 0 is 2 and 3"));
        }
    }

    [Test]
    public void An_inner_dim_that_is_wrong_at_run_time_is_told_with_both_matrices()
    {
        Tensor a = Matrix("images"), b = Matrix("weights");
        Assert.That(() => OnReference(Dot(a, b), (a, Counting([2, 3])), (b, Counting([4, 5]))),
            Throws.TypeOf<GraphException>().With.Message.Contains("sums over 3 and 4").And.Message.Contains("images").And.Message.Contains("weights").And.Message.Contains("BuildErrorTests.cs"));
    }

    [Test]
    public void A_row_that_is_not_there_is_told_at_run_time()
    {
        Tensor table = Matrix("table"), index = Vector("index", DType.Int32);
        Tensor rows = GatherRows(table, index);
        using Device cpu = Device.Cpu(1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => OnReference(rows, (table, Counting([3, 2])), (index, IntArr([1], 3))), Throws.TypeOf<GraphException>().With.Message.Contains("row 3 does not exist; the table has 3 rows"));
            Assert.That(() => Run(cpu, [rows], [(table, Counting([3, 2])), (index, IntArr([1], -1))]), Throws.TypeOf<GraphException>().With.Message.Contains("row -1 does not exist; the table has 3 rows"));
        }
    }

    [Test]
    public void A_literal_adopts_the_dtype_of_what_it_meets()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That((F(2) * 2).DType, Is.EqualTo(DType.Float32));
            Assert.That((I(2) * 2).DType, Is.EqualTo(DType.Int32));
            Assert.That((2 - I(2)).DType, Is.EqualTo(DType.Int32));
            Assert.That(Where(B(2), I(2), 0).DType, Is.EqualTo(DType.Int32));
            Assert.That(Where(B(2), 1, 0).DType, Is.EqualTo(DType.Float32), "numbers alone are float32");
            Assert.That((I(2) < 3).DType, Is.EqualTo(DType.Bool));
            Assert.That(() => I(2) * 2.5f, Throws.TypeOf<GraphException>().With.Message.Contains("dtypes differ"), "2.5 is not whole");
            Assert.That(() => I(2) * Constant(2), Throws.TypeOf<GraphException>(), "a constant has a dtype of its own");
        }
    }

    [Test]
    public void Inputs_and_shared_variables_are_named_where_they_are_made() =>
        Assert.That(() => F(2).Named("z"), Throws.TypeOf<GraphException>().With.Message.Contains("is a variable"));

    private static int Line([CallerLineNumber] int line = 0) => line;

    private static TestCaseData Case(string name, string reason, Func<Tensor> build, string? op = null, bool named = true, [CallerLineNumber] int line = 0) =>
        new TestCaseData(op ?? name, reason, build, line, named).SetArgDisplayNames($"{name}: {reason}, line {line}");
}
