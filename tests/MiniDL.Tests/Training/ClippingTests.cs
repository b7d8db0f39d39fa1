using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Training;

/// <summary>Clipping shortens gradients, by norm without turning them, for every optimiser alike.</summary>
[TestFixture]
public sealed class ClippingTests
{
    // Lengths 5 and 12: together sqrt(25 + 144) = 13.
    private static readonly NDArray s_matrix = Arr([2, 2], 3, 0, 0, -4), s_vector = Vec(0, 12, 0);

    [Test]
    public void The_global_norm_is_the_length_of_all_gradients_as_one_vector() =>
        Assert.That(OnReference(GlobalNorm([Constant(s_matrix), Constant(s_vector)])).Item(), Is.EqualTo(13f));

    [Test]
    public void Clipping_by_norm_brings_the_length_to_the_limit_and_leaves_the_direction()
    {
        NDArray[] clipped = Clip(g => ClipByNorm(g, 6.5f));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(clipped[0].Span<float>().ToArray(), Is.EqualTo(new[] { 1.5f, 0, 0, -2 }));
            Assert.That(clipped[1].Span<float>().ToArray(), Is.EqualTo(new[] { 0, 6f, 0 }));
        }
    }

    [Test]
    public void Gradients_within_the_limit_pass_untouched()
    {
        foreach (Func<Tensor[], Tensor[]> transform in (Func<Tensor[], Tensor[]>[])[g => ClipByNorm(g, 13), g => ClipByNorm(g, 1e6f), g => ClipByValue(g, 12)])
        {
            NDArray[] clipped = Clip(transform);
            Assert.That(clipped[0].Span<float>().ToArray(), Is.EqualTo(s_matrix.Span<float>().ToArray()));
            Assert.That(clipped[1].Span<float>().ToArray(), Is.EqualTo(s_vector.Span<float>().ToArray()));
        }
    }

    [Test]
    public void Clipping_by_value_limits_each_element_by_itself()
    {
        NDArray[] clipped = Clip(g => ClipByValue(g, 3.5f));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(clipped[0].Span<float>().ToArray(), Is.EqualTo(new[] { 3, 0, 0, -3.5f }));
            Assert.That(clipped[1].Span<float>().ToArray(), Is.EqualTo(new[] { 0, 3.5f, 0 }));
        }
    }

    [Test]
    public void No_gradient_at_all_stays_none() =>
        Assert.That(OnReference(ClipByNorm([Constant(Vec(0, 0))], 1)[0]).Span<float>().ToArray(), Is.All.Zero);

    [Test]
    public void A_NaN_is_not_hidden()
    {
        NDArray byNorm = OnReference(ClipByNorm([Constant(Vec(1, float.NaN))], 1)[0]), byValue = OnReference(ClipByValue([Constant(Vec(1, float.NaN))], 1)[0]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(byNorm.Span<float>().ToArray(), Is.All.NaN);
            Assert.That(byValue.Span<float>().ToArray(), Is.EqualTo(new[] { 1, float.NaN }));
        }
    }

    private static readonly TestCaseData<Func<Tensor, Shared[], Func<Tensor[], Tensor[]>?, Update[]>>[] s_optimisers =
    [
        Case("Sgd", (cost, p, transform) => Sgd(cost, p, 0.1f, transform)),
        Case("Momentum", (cost, p, transform) => Momentum(cost, p, 0.1f, gradients: transform)),
        Case("Nesterov", (cost, p, transform) => Nesterov(cost, p, 0.1f, gradients: transform)),
        Case("RmsProp", (cost, p, transform) => RmsProp(cost, p, 0.1f, epsilon: 1, gradients: transform)),
        Case("Adadelta", (cost, p, transform) => Adadelta(cost, p, epsilon: 1, gradients: transform)),
        Case("Adam", (cost, p, transform) => Adam(cost, p, 0.1f, epsilon: 1, gradients: transform)),
        Case("AdamW", (cost, p, transform) => AdamW(cost, p, 0.1f, epsilon: 1, gradients: transform)),
    ];

    private static TestCaseData<Func<Tensor, Shared[], Func<Tensor[], Tensor[]>?, Update[]>> Case(string name, Func<Tensor, Shared[], Func<Tensor[], Tensor[]>?, Update[]> optimiser) =>
        new TestCaseData<Func<Tensor, Shared[], Func<Tensor[], Tensor[]>?, Update[]>>(optimiser).SetArgDisplayNames(name);

    /// <summary>The gradient of sum c p is c. Clipping c = (3, 0, 0, -4), (0, 12, 0) to half its length is descending with c / 2.</summary>
    [TestCaseSource(nameof(s_optimisers))]
    public void Every_optimiser_sees_clipped_gradients(Func<Tensor, Shared[], Func<Tensor[], Tensor[]>?, Update[]> optimiser)
    {
        float[] clipped = After(1, g => ClipByNorm(g, 6.5f)), halved = After(0.5f, null), whole = After(1, null);
        Assert.That(clipped, Is.EqualTo(halved).Within(1e-6).And.Not.EqualTo(whole).Within(1e-3));

        float[] After(float factor, Func<Tensor[], Tensor[]>? transform)
        {
            Shared p = Shared(Arr([2, 2], 1, 1, 1, 1), "p"), q = Shared(Vec(1, 1, 1), "q");
            Tensor cost = factor * (Sum(Constant(s_matrix) * p) + Sum(Constant(s_vector) * q));
            using Device device = Device.Cpu(threads: 1);
            using Function train = Function([], cost, optimiser(cost, [p, q], transform), device: device);
            for (int step = 0; step < 5; step++) train.Run();
            return [.. p.Value.Span<float>(), .. q.Value.Span<float>()];
        }
    }

    [Test]
    public void A_limit_that_is_not_above_0_is_refused_with_its_value()
    {
        Tensor[] g = [Vector("g")];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => ClipByNorm(g, 0), Throws.TypeOf<GraphException>().With.Message.Contains("clip_by_norm").And.Message.Contains("not 0"));
            Assert.That(() => ClipByValue(g, -1), Throws.TypeOf<GraphException>().With.Message.Contains("clip_by_value").And.Message.Contains("not -1"));
            Assert.That(() => ClipByValue(g, Vector("limits")), Throws.TypeOf<GraphException>().With.Message.Contains("limits"));
            Assert.That(() => GlobalNorm([]), Throws.ArgumentException);
        }
    }

    [Test]
    public void A_transform_must_return_a_gradient_for_each_of_the_same_type()
    {
        Shared p = Shared(NDArray.Zeros([2, 3]), "p"), q = Shared(NDArray.Zeros([3]), "q");
        Tensor cost = Sum(p * q);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Sgd(cost, [p, q], 0.1f, g => [g[0]]), Throws.TypeOf<GraphException>().With.Message.Contains("2 gradients").And.Message.Contains("1 came out"));
            Assert.That(() => Sgd(cost, [p, q], 0.1f, g => [g[1], g[0]]), Throws.TypeOf<GraphException>().With.Message.Contains("float32(2, 3)").And.Message.Contains("float32(3)"));
        }
    }

    private static NDArray[] Clip(Func<Tensor[], Tensor[]> transform)
    {
        using Device device = Device.Cpu(threads: 1);
        return Run(device, transform([Constant(s_matrix), Constant(s_vector)]), []);
    }
}
