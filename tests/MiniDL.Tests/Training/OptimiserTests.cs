using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Training;

/// <summary>What the optimisers have in common, and what is particular about one of them; their steps are in <see cref="TrajectoryTests"/>.</summary>
[TestFixture]
public sealed class OptimiserTests
{
    [Test]
    public void The_first_step_of_RmsProp_is_three_rates_long_whatever_the_gradient()
    {
        // a' = 0.1 g^2, so g / sqrt(a') = 1 / sqrt(0.1) = 3.1623.
        foreach (float scale in new[] { 1f, 1000f })
        {
            Shared p = Shared(Vec(2), "p");
            Run(1, Sum(scale * p), RmsProp(Sum(scale * p), [p], 0.001f));
            Assert.That(2 - p.Value.Item(), Is.EqualTo(0.0031623f).Within(1e-6f));
        }
    }

    [Test]
    public void The_first_step_of_Adam_is_one_rate_long_and_that_of_Adadelta_a_fraction_of_the_root_of_epsilon()
    {
        // Adam: m / c1 = g and v / c2 = g^2. Adadelta: sqrt(epsilon) / sqrt((1 - rho) g^2 + epsilon), here 0.001 / sqrt(0.05 * 100^2).
        Shared p = Shared(Vec(2), "p"), q = Shared(Vec(2), "q");
        Run(1, Sum(100 * p), Adam(Sum(100 * p), [p], 0.001f));
        Run(1, Sum(100 * q), Adadelta(Sum(100 * q), [q]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(2 - p.Value.Item(), Is.EqualTo(0.001f).Within(2e-7f));
            Assert.That(2 - q.Value.Item(), Is.EqualTo(100 * 0.001 / Math.Sqrt(0.05 * 1e4)).Within(2e-7f));
        }
    }

    [Test]
    public void Adadelta_with_no_rate_is_Adadelta_with_rate_1()
    {
        Shared p = Shared(Vec(2), "p"), q = Shared(Vec(2), "q");
        Run(20, Sum(Square(p)), Adadelta(Sum(Square(p)), [p]));
        Run(20, Sum(Square(q)), Adadelta(Sum(Square(q)), [q], 1f));
        Assert.That(p.Value.Item(), Is.EqualTo(q.Value.Item()).And.LessThan(2));
    }

    [Test]
    public void Nesterov_brakes_before_the_valley_where_momentum_rolls_up_the_other_side()
    {
        // 0.5 p^2 from 1: how far beyond 0 does each come?
        float beyond = Lowest((cost, p) => Momentum(cost, p, 0.1f, 0.9f)), lessBeyond = Lowest((cost, p) => Nesterov(cost, p, 0.1f, 0.9f));
        Assert.That(lessBeyond, Is.LessThan(0).And.GreaterThan(beyond + 0.1f));

        static float Lowest(Func<Tensor, IReadOnlyList<Shared>, Update[]> optimiser)
        {
            Shared p = Shared(Vec(1), "p");
            Tensor cost = 0.5f * Sum(Square(p));
            using Device device = Device.Cpu(threads: 1);
            using Function train = Function([], cost, optimiser(cost, [p]), device: device);
            float lowest = 1;
            for (int step = 0; step < 60; step++)
            {
                train.Run();
                lowest = Math.Min(lowest, p.Value.Item());
            }
            return lowest;
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

    private static readonly TestCaseData<string, Func<Tensor, Shared[], Update[]>>[] s_badShares =
    [
        new TestCaseData<string, Func<Tensor, Shared[], Update[]>>("momentum", (cost, p) => Momentum(cost, p, 0.1f, momentum: 1)),
        new TestCaseData<string, Func<Tensor, Shared[], Update[]>>("nesterov", (cost, p) => Nesterov(cost, p, 0.1f, momentum: -0.5f)),
        new TestCaseData<string, Func<Tensor, Shared[], Update[]>>("rho", (cost, p) => RmsProp(cost, p, 0.1f, rho: 9)),
        new TestCaseData<string, Func<Tensor, Shared[], Update[]>>("rho", (cost, p) => Adadelta(cost, p, rho: float.NaN)),
        new TestCaseData<string, Func<Tensor, Shared[], Update[]>>("beta1", (cost, p) => Adam(cost, p, 0.1f, beta1: 1)),
        new TestCaseData<string, Func<Tensor, Shared[], Update[]>>("beta2", (cost, p) => AdamW(cost, p, 0.1f, beta2: 2)),
    ];

    [TestCaseSource(nameof(s_badShares))]
    public void A_share_outside_0_to_1_is_refused_by_name(string name, Func<Tensor, Shared[], Update[]> optimiser)
    {
        Shared p = Shared(NDArray.Zeros([2]), "p");
        Assert.That(() => optimiser(Sum(p), [p]), Throws.TypeOf<GraphException>().With.Message.Contains(name).And.Message.Contains("[0, 1)"));
    }

    [Test]
    public void State_starts_at_zero_and_has_its_parameters_shape_and_name()
    {
        Shared p = Shared(NDArray.Zeros([2, 3]), "weights");
        foreach (Update[] updates in (Update[][])[Momentum(Sum(p), [p], 0.1f), Nesterov(Sum(p), [p], 0.1f), RmsProp(Sum(p), [p], 0.1f), Adadelta(Sum(p), [p]), Adam(Sum(p), [p], 0.1f)[2..]])
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(updates[^1].Variable, Is.SameAs(p));
                Assert.That(updates, Has.Length.GreaterThanOrEqualTo(2));
                foreach (Update state in updates[..^1])
                {
                    Assert.That(state.Variable.Name, Does.Contain("weights"));
                    Assert.That(state.Variable.Shape, Is.EqualTo(p.Shape));
                    Assert.That(state.Variable.Value.Span<float>().ToArray(), Is.All.Zero);
                }
                Assert.That(updates.Select(update => update.Variable.Name), Is.Unique, "a checkpoint finds state by name");
            }
        }
    }

    private static void Run(int steps, Tensor cost, Update[] updates)
    {
        using Device device = Device.Reference();
        using Function train = Function([], cost, updates, device: device);
        for (int step = 0; step < steps; step++) train.Run();
    }
}
