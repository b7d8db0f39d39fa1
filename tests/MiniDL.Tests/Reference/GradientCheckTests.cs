using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Reference;

/// <summary>The gradient check accepts right gradients and nothing else.</summary>
[TestFixture]
public sealed class GradientCheckTests
{
    private static readonly NDArray s_x = Arr([2, 3], 0.5f, -1.25f, 2, 0.75f, -0.3f, 1.1f);

    [Test]
    public void A_right_gradient_is_far_inside_the_tolerance()
    {
        Tensor x = Matrix("x");
        Shared w = Shared(Arr([3, 2], 0.1f, -0.2f, 0.3f, 0.4f, -0.5f, 0.6f), "w");
        double worst = GradientCheck.Verify(Mean(Square(Tanh(Dot(x, w)))), [w, x], [(x, s_x)]);
        Assert.That(worst, Is.LessThan(0.05));
    }

    [Test]
    public void Second_derivatives_are_checked_through_a_gradient()
    {
        Tensor x = Matrix("x");
        Tensor cost = Sum(Exp(x) * Sin(x));
        Assert.That(GradientCheck.Verify(Grad(cost, x), [x], [(x, s_x)]), Is.LessThan(1));
    }

    [Test]
    public void A_wrong_gradient_is_told_with_the_variable_the_element_and_both_values()
    {
        // x * stop_gradient(x) is x^2, but its gradient says x instead of 2x.
        Tensor x = Matrix("x");
        GraphException e = Assert.Throws<GraphException>(() => GradientCheck.Verify(Sum(x * StopGradient(x)), [x], [(x, s_x)]))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(e.Message, Does.Contain("x[0, 0] = 0.5"));
            Assert.That(e.Message, Does.Contain("GradientCheckTests.cs"));
        }
    }

    [Test]
    public void The_wrong_element_alone_is_found()
    {
        // Only element (1, 2) lies above 1.05, where the two sides of the choice differ in their derivative by a stopped gradient.
        Tensor x = Matrix("x");
        Tensor wrong = Where(Equal(x, 1.1f) | (x > 1.05f & x < 1.2f), 3 * StopGradient(x), 3 * x);
        Assert.That(() => GradientCheck.Verify(Sum(wrong), [x], [(x, s_x)]), Throws.TypeOf<GraphException>().With.Message.Contains("x[1, 2] = 1.1"));
    }

    [Test]
    public void An_error_of_one_part_in_a_hundred_thousand_fails()
    {
        Tensor x = Matrix("x");
        Tensor almost = Sum(Square(x)) + 1e-5f * Sum(Square(StopGradient(x)));
        Assert.That(() => GradientCheck.Verify(almost, [x], [(x, s_x)]), Throws.TypeOf<GraphException>());
    }

    [Test]
    public void NaN_fails()
    {
        Tensor x = Matrix("x");
        Assert.That(() => GradientCheck.Verify(Sum(Log(x)), [x], [(x, s_x)]), Throws.TypeOf<GraphException>());
    }

    [Test]
    public void A_kink_at_the_value_fails_and_the_message_says_why()
    {
        Tensor x = Vector("x");
        Assert.That(() => GradientCheck.Verify(Sum(Relu(x)), [x], [(x, Vec(0))]), Throws.TypeOf<GraphException>().With.Message.Contains("kink"));
    }

    [Test]
    public void Errors_in_different_elements_of_an_output_do_not_cancel()
    {
        // The true sums of the two columns' errors are opposite: with equal weights the check would see nothing.
        Tensor x = Vector("x");
        Tensor wrong = Stack([x + StopGradient(x), x - StopGradient(x)]);
        Assert.That(() => GradientCheck.Verify(wrong, [x], [(x, Vec(0.5f))]), Throws.TypeOf<GraphException>());
    }

    [Test]
    public void A_missing_feed_is_named()
    {
        Tensor x = Matrix("x"), t = Matrix("t");
        Assert.That(() => GradientCheck.Verify(Sum(x * t), [x], [(x, s_x)]), Throws.TypeOf<GraphException>().With.Message.Contains("t is needed"));
    }

    [Test]
    public void Random_nodes_draw_the_same_numbers_for_both_sides()
    {
        Tensor x = Matrix("x");
        Assert.That(GradientCheck.Verify(Square(Dropout(x, 0.5f)), [x], [(x, s_x)]), Is.LessThan(1));
    }
}
