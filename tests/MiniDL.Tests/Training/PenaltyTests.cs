using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Training;

/// <summary>L1 leaves few weights, L2 small ones, and decay beside an optimiser is not a penalty through it.</summary>
[TestFixture]
public sealed class PenaltyTests
{
    [Test]
    public void Penalties_sum_over_all_weights()
    {
        Tensor[] weights = [Constant(Arr([2, 2], 3, 0, -4, 1)), Constant(Vec(-0.5f))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(OnReference(L1(weights)).Item(), Is.EqualTo(8.5f));
            Assert.That(OnReference(L2(weights)).Item(), Is.EqualTo(26.25f));
            Assert.That(() => L1([]), Throws.ArgumentException);
        }
    }

    /// <summary>y depends on 3 of 20 inputs. Both penalties cost 1.2 at the true weights; L1 finds out that the other 17 are not needed.</summary>
    [Test]
    public void L1_leaves_only_the_weights_that_the_data_pay_for_and_L2_leaves_all()
    {
        float[] truth = [.. Enumerable.Range(0, 20).Select(i => i < 3 ? i + 1f : 0)];   // 1, 2, 3: L1 = 6, L2 = 14
        float[] withL1 = Fit(w => 0.2f * L1([w])), withL2 = Fit(w => 0.086f * L2([w])), without = Fit(_ => 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(NearZeros(withL1), Is.EqualTo(17), "under L1");
            Assert.That(NearZeros(withL2), Is.LessThan(10), "under L2");
            Assert.That(NearZeros(without), Is.LessThan(10), "without a penalty");
            Assert.That(withL1.Take(3), Is.All.GreaterThan(0.5f));
            Assert.That(withL2.Max(), Is.LessThan(without.Max()), "L2 shrinks what is large");
        }

        static int NearZeros(float[] weights) => weights.Count(w => Math.Abs(w) < 0.01f);   // a weight at 0 jumps to and fro by rate * factor = 0.004

        float[] Fit(Func<Tensor, Tensor> penalty)
        {
            const int B = 200;
            var init = new Init(seed: 4);
            NDArray inputs = init.Normal([B, 20], 1), noise = init.Normal([B], 0.5f);
            Tensor X = Constant(inputs), targets = Dot(X, Constant(Vec(truth))) + Constant(noise);
            Shared w = Shared(init.Normal([20], 0.1f), "w");
            Tensor cost = 0.5f * MeanSquaredError(Dot(X, w), targets) + penalty(w);
            using Device device = Device.Cpu(threads: 1);
            using Function train = Function([], cost, Sgd(cost, [w], 0.02f), device: device);
            for (int step = 0; step < 1000; step++) train.Run();
            return w.Value.Span<float>().ToArray();
        }
    }

    [Test]
    public void Decay_beside_gradient_descent_is_L2_and_beside_Adam_is_not()
    {
        // rate (2 factor) w with factor 0.05 and rate 0.1 is a decay of 0.01 a step.
        float[] Sgd(bool decay) => After((cost, p) => decay ? WeightDecay(T.Sgd(cost, [p], 0.1f), [p], 0.01f) : T.Sgd(cost + 0.05f * L2([p]), [p], 0.1f));
        float[] Adam(bool decay) => After((cost, p) => decay ? WeightDecay(T.Adam(cost, [p], 0.1f), [p], 0.01f) : T.Adam(cost + 0.05f * L2([p]), [p], 0.1f));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Sgd(decay: true), Is.EqualTo(Sgd(decay: false)).Within(1e-5));
            Assert.That(Adam(decay: true), Is.Not.EqualTo(Adam(decay: false)).Within(0.1));
        }

        static float[] After(Func<Tensor, Shared, Update[]> optimiser)
        {
            Shared p = Shared(Vec(3, -4), "p");
            Tensor cost = Sum(Constant(Vec(10, 0.1f)) * p);
            using Device device = Device.Cpu(threads: 1);
            using Function train = Function([], cost, optimiser(cost, p), device: device);
            for (int step = 0; step < 20; step++) train.Run();
            return p.Value.Span<float>().ToArray();
        }
    }

    [Test]
    public void Only_what_is_named_decays_and_what_has_no_update_cannot()
    {
        Shared w = Shared(Vec(1), "w"), b = Shared(Vec(1), "b"), other = Shared(Vec(1), "other");
        Tensor cost = Sum(0 * w + 0 * b);
        using Device device = Device.Reference();
        using Function train = Function([], cost, WeightDecay(Sgd(cost, [w, b], 1f), [w], 0.25f), device: device);
        train.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(w.Value.Item(), Is.EqualTo(0.75f));
            Assert.That(b.Value.Item(), Is.EqualTo(1));
            Assert.That(() => WeightDecay(Sgd(cost, [w, b], 1f), [w, other], 0.25f), Throws.TypeOf<GraphException>().With.Message.Contains("other"));
        }
    }
}
