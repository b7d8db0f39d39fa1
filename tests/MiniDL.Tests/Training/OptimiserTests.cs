using static MiniDL.T;

namespace MiniDL.Tests.Training;

/// <summary>Each optimiser takes the steps of its formula. The cost is 0.5 sum a (p - b)^2 over three elements, whose gradient is a (p - b);
/// a step of the formula for one element, in double, is written out in each test.</summary>
[TestFixture]
public sealed class OptimiserTests
{
    private const int Steps = 100;
    private static readonly float[] s_start = [1f, -2f, 0.5f], s_a = [1f, 0.25f, 3f], s_b = [5f, -4f, 2f];

    [Test]
    public void Sgd_goes_down_the_gradient() =>
        AssertTrajectory((cost, p) => Sgd(cost, p, learningRate: 0.05f), gradient => new Stepper(0, 0, (p, _, _, _) => p - 0.05f * gradient(p)));

    [Test]
    public void Momentum_keeps_a_share_of_its_velocity() =>
        AssertTrajectory((cost, p) => Momentum(cost, p, 0.01f, momentum: 0.8f), gradient => new Stepper(0, 0, (p, v, _, keep) =>
        {
            double velocity = 0.8f * v - 0.01f * gradient(p);
            keep(velocity, 0);
            return p + velocity;
        }));

    [Test]
    public void RmsProp_divides_by_the_root_of_the_new_mean_square_plus_epsilon() =>
        AssertTrajectory((cost, p) => RmsProp(cost, p, 0.001f, rho: 0.9f, epsilon: 0.01f), gradient => new Stepper(0, 0, (p, a, _, keep) =>
        {
            double g = gradient(p), mean = 0.9f * a + (1 - 0.9f) * g * g;
            keep(mean, 0);
            return p - 0.001f * g / Math.Sqrt(mean + 0.01f);
        }));

    [Test]
    public void Adam_corrects_its_averages_for_their_start_at_0()
    {
        double t = 0;
        AssertTrajectory((cost, p) => Adam(cost, p, 0.01f), gradient => new Stepper(0, 0, (p, m, v, keep) =>
        {
            const double B1 = 0.9f, B2 = 0.999f;
            double g = gradient(p), mean = B1 * m + (1 - B1) * g, square = B2 * v + (1 - B2) * g * g;
            keep(mean, square);
            double correctedMean = mean / (1 - Math.Pow(B1, t)), correctedSquare = square / (1 - Math.Pow(B2, t));
            return p - 0.01f * correctedMean / (Math.Sqrt(correctedSquare) + 1e-8f);
        }), step => t = step);
    }

    [Test]
    public void The_first_step_of_RmsProp_is_three_rates_long_whatever_the_gradient()
    {
        // a' = 0.1 g^2, so g / sqrt(a') = 1 / sqrt(0.1) = 3.1623.
        foreach (float scale in new[] { 1f, 1000f })
        {
            Shared p = Shared(NDArray.From([2f], [1]), "p");
            using Device device = Device.Reference();
            using Function train = Function([], Sum(scale * p), RmsProp(Sum(scale * p), [p], 0.001f), device: device);
            train.Run();
            Assert.That(2 - p.Value.Item(), Is.EqualTo(0.0031623f).Within(1e-6f));
        }
    }

    [Test]
    public void A_schedule_sets_a_shared_learning_rate_between_runs()
    {
        Shared p = Shared(NDArray.From([0f], [1]), "p"), rate = Shared(0.5f, "rate");
        using Device device = Device.Reference();
        using Function train = Function([], Sum(p), Sgd(Sum(p), [p], rate), device: device);
        train.Run();
        Assert.That(p.Value.Item(), Is.EqualTo(-0.5f));
        rate.Value = 0.25f;
        train.Run();
        Assert.That(p.Value.Item(), Is.EqualTo(-0.75f));
    }

    [Test]
    public void A_learning_rate_that_is_no_scalar_is_refused_by_name()
    {
        Shared p = Shared(NDArray.Zeros([2]), "p");
        var error = Assert.Throws<GraphException>(() => Sgd(Sum(p), [p], Vector("rates")))!;
        Assert.That(error.Message, Does.Contain("sgd").And.Contain("rates"));
    }

    [Test]
    public void State_starts_at_zero_and_has_its_parameters_shape_and_name()
    {
        Shared p = Shared(NDArray.Zeros([2, 3]), "weights");
        Update[] updates = RmsProp(Sum(p), [p], 0.001f);
        Assert.That(updates, Has.Length.EqualTo(2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(updates[0].Variable.Name, Does.Contain("weights"));
            Assert.That(updates[0].Variable.Shape, Is.EqualTo(p.Shape));
            Assert.That(updates[0].Variable.Value.Span<float>().ToArray(), Is.All.Zero);
            Assert.That(updates[1].Variable, Is.SameAs(p));
        }
    }

    // One element's optimiser in double: a step maps the parameter and two numbers of state to the new parameter, and keeps new state.
    private sealed class Stepper(double first, double second, Func<double, double, double, Action<double, double>, double> step)
    {
        private double _first = first, _second = second;

        public double Step(double p) => step(p, _first, _second, (a, b) => (_first, _second) = (a, b));
    }

    private static void AssertTrajectory(Func<Tensor, IReadOnlyList<Shared>, Update[]> optimiser, Func<Func<double, double>, Stepper> formula, Action<int>? beforeStep = null)
    {
        Shared p = Shared(NDArray.From(s_start, [3]), "p");
        Tensor a = Constant(NDArray.From(s_a, [3])), b = Constant(NDArray.From(s_b, [3]));
        Tensor cost = 0.5f * Sum(a * Square(p - b));
        using Device device = Device.Reference();
        using Function train = Function([], cost, optimiser(cost, [p]), device: device);

        double[] expected = [.. s_start];
        Stepper[] steppers = [.. Enumerable.Range(0, 3).Select(i => formula(x => s_a[i] * (x - s_b[i])))];
        for (int step = 1; step <= Steps; step++)
        {
            beforeStep?.Invoke(step);
            for (int i = 0; i < 3; i++) expected[i] = steppers[i].Step(expected[i]);
            train.Run();
            float[] actual = p.Value.Span<float>().ToArray();
            for (int i = 0; i < 3; i++)
                Assert.That(actual[i], Is.EqualTo(expected[i]).Within(1e-6 * Math.Abs(expected[i])), $"element {i} after step {step}");
        }
        Assert.That(p.Value.Span<float>().ToArray(), Is.Not.EqualTo(s_start));
    }
}
