using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Gradients;

/// <summary>What Grad promises beyond the rules of the ops: sums over uses, conventions at kinks, intermediate nodes, seeds, errors.</summary>
[TestFixture]
public sealed class GradTests
{
    private static float[] At(Func<Tensor, Tensor> f, params float[] x)
    {
        Tensor v = Vector("v");
        return OnReference(Grad(Sum(f(v)), v), (v, Vec(x))).Span<float>().ToArray();
    }

    [Test]
    public void Kinks_have_the_documented_derivatives()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(At(x => Relu(x), -1, 0, 1), Is.EqualTo((float[])[0, 0, 1]), "relu'(0) = 0");
            Assert.That(At(x => Abs(x), -1, 0, 1), Is.EqualTo((float[])[-1, 0, 1]), "abs'(0) = 0");
            Assert.That(At(x => Maximum(x, 1), 0, 1, 2), Is.EqualTo((float[])[0, 1, 1]), "a tie of maximum goes to the first argument");
            Assert.That(At(x => Maximum(1, x), 0, 1, 2), Is.EqualTo((float[])[0, 0, 1]), "a tie of maximum goes to the first argument");
            Assert.That(At(x => Minimum(x, 1), 0, 1, 2), Is.EqualTo((float[])[1, 1, 0]), "a tie of minimum goes to the first argument");
            Assert.That(At(x => Minimum(1, x), 0, 1, 2), Is.EqualTo((float[])[1, 0, 0]), "a tie of minimum goes to the first argument");
            Assert.That(At(x => Clip(x, -1, 1), -2, -1, 0, 1, 2), Is.EqualTo((float[])[0, 1, 1, 1, 0]), "at its limits clip lets the gradient through");
            Assert.That(At(x => Sign(x) * x, 2, -3), Is.EqualTo((float[])[1, -1]), "sign has derivative 0");
            Assert.That(At(x => Floor(x) * x, 2.5f, -0.5f), Is.EqualTo((float[])[2, -1]), "floor has derivative 0");
            Assert.That(At(x => Max(x), 3, 1, 3), Is.EqualTo((float[])[0.5f, 0, 0.5f]), "elements that tie for the maximum share");
            Assert.That(At(x => Min(x), 1, 1, 3), Is.EqualTo((float[])[0.5f, 0.5f, 0]), "elements that tie for the minimum share");
        }
    }

    [Test]
    public void Max_pool_gives_the_gradient_of_a_tie_to_the_first_element()
    {
        Tensor x = Tensor4("x");
        NDArray g = OnReference(Grad(Sum(MaxPool2D(x, (2, 2))), x), (x, Arr([1, 1, 2, 4], 5, 5, 1, 7, 5, 0, 7, 7)));
        Assert.That(g.Span<float>().ToArray(), Is.EqualTo((float[])[1, 0, 0, 1, 0, 0, 0, 0]));
    }

    [Test]
    public void The_gradient_of_a_product_is_right_with_one_zero_and_with_two() => Assert.Multiple(() =>
    {
        Assert.That(At(x => Prod(x), 2, 3, 4), Is.EqualTo((float[])[12, 8, 6]));
        Assert.That(At(x => Prod(x), 2, 0, 4), Is.EqualTo((float[])[0, 8, 0]));
        Assert.That(At(x => Prod(x), 0, 0, 4), Is.EqualTo((float[])[0, 0, 0]));
    });

    [Test]
    public void The_side_of_a_choice_that_is_not_taken_gives_no_NaN() =>
        Assert.That(At(x => Where(x > 0, Log(x), 0), 2, -1), Is.EqualTo((float[])[0.5f, 0]));

    [Test]
    public void A_square_written_as_a_power_has_a_gradient_at_zero_and_below() =>
        Assert.That(At(x => Pow(x, 2), -3, 0, 3), Is.EqualTo((float[])[-6, 0, 6]));

    [Test]
    public void Stop_gradient_makes_a_constant_of_what_it_holds() =>
        Assert.That(At(x => x * StopGradient(x), 3), Is.EqualTo((float[])[3]));

    [Test]
    public void Gradients_with_respect_to_intermediate_nodes_are_total_derivatives()
    {
        // y = x^2, z = y^2 + x: dz/dy = 2y; dz/dx = 4 x^3 + 1, also when both are asked for at once.
        Tensor x = Scalar("x"), y = Square(x), z = Square(y) + x;
        Tensor[] g = Grad(z, [y, x]);
        using Device device = Device.Reference();
        NDArray[] values = Run(device, g, [(x, 2f)]);
        Assert.That(values.Select(value => value.Item()), Is.EqualTo((float[])[8, 33]));
    }

    [Test]
    public void A_shift_that_softmax_cancels_has_gradient_zero_and_not_none()
    {
        Tensor x = Matrix("x"), shift = Scalar("shift");
        Tensor e = Exp(x - shift), p = e / Sum(e, 1, keepDims: true);
        NDArray g = OnReference(Grad(Sum(Square(p)), shift), (x, Arr([1, 2], 1, 2)), (shift, 0.5f));
        Assert.That(g.Item(), Is.Zero.Within(1e-7));
    }

    [Test]
    public void Known_gradients_seed_the_sweep_in_place_of_a_cost()
    {
        Tensor x = Vector("x"), y = Square(x), seed = Vector("seed");
        Tensor g = Grad(null, [x], knownGradients: [(y, seed)])[0];
        Assert.That(OnReference(g, (x, Vec(1, 2)), (seed, Vec(10, 100))).Span<float>().ToArray(), Is.EqualTo((float[])[20, 400]));
    }

    [Test]
    public void Known_gradients_add_to_a_costs()
    {
        Tensor x = Vector("x"), y = Square(x), seed = Vector("seed");
        Tensor g = Grad(Sum(x), [x], knownGradients: [(y, seed)])[0];
        Assert.That(OnReference(g, (x, Vec(1, 2)), (seed, Vec(10, 100))).Span<float>().ToArray(), Is.EqualTo((float[])[21, 401]));
    }

    [Test]
    public void A_Hessian_times_a_vector_is_the_gradient_of_a_gradient()
    {
        // f = x0^2 x1 has the Hessian (2 x1, 2 x0; 2 x0, 0); at (3, 5) times (1, 2) that is (22, 6).
        Tensor x = Input([2], "x"), v = Input([2], "v");
        Tensor f = Sum(Square(Slice(x, (0, 1))) * Slice(x, (1, 2)));
        Tensor hessianTimesV = Grad(Sum(Grad(f, x) * v), x);
        Assert.That(OnReference(hessianTimesV, (x, Vec(3, 5)), (v, Vec(1, 2))).Span<float>().ToArray(), Is.EqualTo((float[])[22, 6]));
    }

    [Test]
    public void A_variable_the_cost_does_not_depend_on_is_named_or_gets_zeros()
    {
        Tensor x = Vector("x"), stranger = Vector("stranger");
        Tensor cost = Sum(Square(x));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Grad(cost, stranger), Throws.TypeOf<GraphException>().With.Message.Contains("does not depend on stranger").And.Message.Contains("GradTests.cs"));
            Assert.That(OnReference(Grad(cost, stranger, zerosForDisconnected: true), (stranger, Vec(1, 2))).Span<float>().ToArray(), Is.EqualTo((float[])[0, 0]));
        }
    }

    private static IEnumerable<TestCaseData> Breaks()
    {
        yield return new TestCaseData("argmax", (Tensor x) => Cast(ArgMax(x, 1), DType.Float32));
        yield return new TestCaseData("greater", (Tensor x) => Cast(x > 0, DType.Float32));
        yield return new TestCaseData("cast[int32]", (Tensor x) => Cast(Cast(x, DType.Int32), DType.Float32));
        yield return new TestCaseData("stop_gradient", (Tensor x) => Exp(StopGradient(x)));
        yield return new TestCaseData("bernoulli", (Tensor x) => Square(Bernoulli(x, 0.5f)));
    }

    [TestCaseSource(nameof(Breaks))]
    public void The_op_that_breaks_the_path_is_named(string op, Func<Tensor, Tensor> f)
    {
        Tensor x = Matrix("x");
        Assert.That(() => Grad(Sum(f(x)), x), Throws.TypeOf<GraphException>().With.Message.Contains($"breaks at {op}").And.Message.Contains("x (float32(?, ?), made at GradTests.cs"));
    }

    [Test]
    public void A_cost_that_is_not_a_scalar_is_refused()
    {
        Tensor x = Matrix("x");
        Assert.That(() => Grad(x * 2, x), Throws.TypeOf<GraphException>().With.Message.Contains("must be a float32 scalar").And.Message.Contains("GradTests.cs"));
    }

    [Test]
    public void A_variable_that_is_not_float_is_refused()
    {
        Tensor x = Vector("x"), i = Vector("i", DType.Int32);
        Assert.That(() => Grad(Sum(GatherRows(x, i)), i), Throws.TypeOf<GraphException>().With.Message.Contains("i is int32"));
    }
}
