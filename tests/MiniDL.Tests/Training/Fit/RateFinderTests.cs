using static MiniDL.T;

namespace MiniDL.Tests.Training.Fit;

/// <summary>The sweep of the learning rate: its equations, on steps whose behaviour is known.</summary>
[TestFixture]
public sealed class RateFinderTests
{
    [Test]
    public void Rates_rise_in_equal_ratios_from_the_least_to_the_most()
    {
        var seen = new List<float>();
        RateSweep sweep = RateFinder.Sweep(rate =>
        {
            seen.Add(rate);
            return 1;
        }, [], least: 1e-4, most: 100, steps: 61);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sweep.Rates, Has.Count.EqualTo(61));
            Assert.That(sweep.Rates[0], Is.EqualTo(1e-4).Within(1e-12));
            Assert.That(sweep.Rates[^1], Is.EqualTo(100).Within(1e-9));
            Assert.That(sweep.Rates.Skip(1).Zip(sweep.Rates, (next, rate) => next / rate), Is.All.EqualTo(Math.Pow(10, 0.1)).Within(1e-9));
            Assert.That(seen, Is.EqualTo(sweep.Rates.Select(rate => (float)rate)), "the step gets what the sweep reports");
            Assert.That(sweep.HasDiverged, Is.False);
        }
    }

    [Test]
    public void The_average_of_equal_costs_is_that_cost_from_the_first_step_on()
    {
        RateSweep sweep = RateFinder.Sweep(_ => 2.5f, [], steps: 50);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sweep.Smoothed, Is.All.EqualTo(2.5).Within(1e-12), "the start at 0 is corrected for");
            Assert.That(sweep.Suggestion, Is.Null, "what does not fall suggests nothing");
        }
    }

    [Test]
    public void Chance_suggests_nothing()
    {
        var random = new SplitMix64(seed: 3);
        RateSweep sweep = RateFinder.Sweep(_ => (float)(2.3 + 0.03 * random.NextNormal()), []);
        Assert.That(sweep.Suggestion, Is.Null);
    }

    [Test]
    public void The_average_weighs_each_step_back_by_beta()
    {
        float[] costs = [3, 1, 2];
        int i = 0;
        RateSweep sweep = RateFinder.Sweep(_ => costs[i++], [], steps: 3);
        Assert.That(sweep.Smoothed[2], Is.EqualTo((0.95 * 0.95 * 3 + 0.95 * 1 + 2) / (0.95 * 0.95 + 0.95 + 1)).Within(1e-12));
    }

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    [TestCase(1000f)]
    public void It_ends_where_the_cost_runs_away(float last)
    {
        int steps = 0;
        RateSweep sweep = RateFinder.Sweep(_ => ++steps < 40 ? 2f - steps / 40f : last, [], steps: 100);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(steps, Is.EqualTo(40));
            Assert.That(sweep.HasDiverged, Is.True);
            Assert.That((float)sweep.Costs[^1], Is.EqualTo(last));
            Assert.That(sweep.Suggestion, Is.LessThan(sweep.Rates[^1]), "what is not finite is not the minimum");
            Assert.That(sweep.AtMinimum, Is.EqualTo(sweep.Rates[38]));
        }
    }

    [Test]
    public void The_suggestion_is_where_the_smoothed_cost_falls_fastest()
    {
        // A smooth step down around 1e-3, over a decade, and up from 1e-1 on. The average lags by about 20 of 300 steps over 7 decades: half a decade.
        RateSweep sweep = RateFinder.Sweep(rate => (float)(2 - 1.5 / (1 + Math.Exp(-6 * (Math.Log10(rate) + 3))) + 10 * Math.Max(0, rate - 0.1)), []);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sweep.Suggestion, Is.InRange(1e-3, 4e-3));
            Assert.That(sweep.AtMinimum, Is.GreaterThan(0.05));
            Assert.That(sweep.HasDiverged, Is.True);
        }
    }

    // cost = L w^2 / 2 + 1. A step of gradient descent is w' = (1 - rate L) w, which shrinks w for rates below 2 / L, and for no others.
    [TestCase(0.2f)]
    [TestCase(1f)]
    [TestCase(50f)]
    public void On_a_quadratic_the_suggestion_is_below_the_critical_rate_and_the_end_above_it(float curvature)
    {
        (RateSweep sweep, _) = OnQuadratic(curvature);
        double critical = 2 / curvature;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sweep.HasDiverged, Is.True);
            Assert.That(sweep.Rates[^1], Is.InRange(critical, 10 * critical), "it diverges above the critical rate, and soon");
            Assert.That(sweep.Suggestion, Is.LessThan(critical).And.GreaterThan(critical / 100));
            Assert.That(sweep.Suggestion * curvature, Is.EqualTo(OnQuadratic(1).Sweep.Suggestion).Within(6).Percent, "twice the curvature, half the rate: to one step of the sweep, which is a factor of 1.055");
        }
    }

    [Test]
    public void Values_are_put_back_the_optimisers_too()
    {
        (_, Shared[] variables) = OnQuadratic(2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(variables, Has.Length.EqualTo(2));
            Assert.That(variables[0].Value.Item(), Is.EqualTo(MathF.Sqrt(3)), "w");
            Assert.That(variables[1].Value.Item(), Is.Zero, "its velocity");
        }
    }

    [Test]
    public void Values_are_put_back_also_when_the_step_fails()
    {
        Shared w = Shared(1f, "w");
        Assert.That(() => RateFinder.Sweep(rate =>
        {
            w.Value = NDArray.Scalar(rate);
            return -1;
        }, [w]), Throws.ArgumentException.With.Message.Contains("the cost is -1"));
        Assert.That(w.Value.Item(), Is.EqualTo(1));
    }

    [Test]
    public void It_can_be_cancelled_after_any_step()
    {
        using var stop = new CancellationTokenSource();
        int steps = 0;
        RateSweep sweep = RateFinder.Sweep(_ =>
        {
            if (++steps == 7) stop.Cancel();
            return 1;
        }, [], cancellation: stop.Token);
        Assert.That((sweep.Rates.Count, sweep.HasDiverged), Is.EqualTo((7, false)));
    }

    [TestCase(0, 1, 10)]
    [TestCase(1, 1, 10)]
    [TestCase(1e-60, 1, 10)]
    [TestCase(1e-3, double.NaN, 10)]
    [TestCase(1e-3, 1e40, 10)]
    [TestCase(1e-3, 1, 1)]
    public void A_sweep_that_cannot_be_made_is_refused(double least, double most, int steps) =>
        Assert.That(() => RateFinder.Sweep(_ => 1, [], least, most, steps), Throws.ArgumentException);

    // Momentum 0 keeps a velocity all the same: a state to be put back.
    private static (RateSweep Sweep, Shared[] Variables) OnQuadratic(float curvature)
    {
        Shared w = Shared(MathF.Sqrt(6 / curvature), "w"), rate = Shared(0f, "rate");   // the cost starts at 4
        Tensor cost = curvature / 2 * Square(w) + 1;
        Update[] updates = Momentum(cost, [w], rate, momentum: 0);
        using Device device = Device.Cpu(threads: 1);
        using Function step = Function([], cost, updates, device: device);
        IReadOnlyList<Shared> variables = Checkpoint.Variables([w], updates);
        RateSweep sweep = RateFinder.Sweep(r =>
        {
            rate.Value = NDArray.Scalar(r);
            return step.Run().Scalar();
        }, variables, most: 1000);
        return (sweep, [.. variables]);
    }
}
