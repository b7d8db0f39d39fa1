// Randomness has no hidden state: seed, run and node decide every number.
using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Functions;

[TestFixture("reference")]
[TestFixture("cpu")]
public sealed class RandomnessTests(string deviceName)
{
    private readonly Device _device = deviceName == "cpu" ? Device.Cpu(2) : Device.Reference();

    [OneTimeTearDown]
    public void Free() => _device.Dispose();

    private static readonly NDArray s_ones = NDArray.From(Enumerable.Repeat(1f, 1000).ToArray(), [1000]);

    private Function Dropouts(ulong seed, out Tensor x)
    {
        x = Vector("x");
        return Function([x], [Dropout(x, 0.5f), Dropout(x, 0.5f)], device: _device, seed: seed);
    }

    [Test]
    public void The_same_seed_and_counter_give_the_same_numbers()
    {
        using Function f = Dropouts(3, out _), g = Dropouts(3, out _);
        double[] first = f.Eval(s_ones)[0].Doubles(), second = f.Eval(s_ones)[0].Doubles();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(g.Eval(s_ones)[0].Doubles(), Is.EqualTo(first));
            Assert.That(second, Is.Not.EqualTo(first), "each run draws new numbers");
            Assert.That(f.Counter, Is.EqualTo(2));
        }
        f.Counter = 0;
        Assert.That(f.Eval(s_ones)[0].Doubles(), Is.EqualTo(first), "the counter is the only state");
    }

    [Test]
    public void Another_seed_gives_other_numbers()
    {
        using Function f = Dropouts(3, out _), g = Dropouts(4, out _);
        Assert.That(g.Eval(s_ones)[0].Doubles(), Is.Not.EqualTo(f.Eval(s_ones)[0].Doubles()));
    }

    [Test]
    public void Two_dropouts_in_one_function_are_independent()
    {
        using Function f = Dropouts(3, out _);
        NDArray[] masks = f.Eval(s_ones);
        double both = masks[0].Doubles().Zip(masks[1].Doubles()).Count(pair => pair.First != 0 && pair.Second != 0);

        // 1000 pairs with probability 1/4: a mean of 250, a deviation of 13.7; five of these.
        Assert.That(both, Is.EqualTo(250).Within(69));
    }

    [Test]
    public void Forward_and_backward_see_the_same_mask()
    {
        Tensor x = Vector("x"), y = Dropout(x, 0.3f);
        using Function f = Function([x], [y, Grad(Sum(y), x)], device: _device);
        NDArray[] values = f.Eval(s_ones);
        Assert.That(values[1].Doubles(), Is.EqualTo(values[0].Doubles()), "the derivative of a kept element is 1 / (1 - p), its value at 1");
    }

    [Test]
    public void Dropout_keeps_the_expected_value()
    {
        using Function f = Dropouts(5, out _);
        double[] y = f.Eval(s_ones)[0].Doubles();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(y, Is.All.EqualTo(0).Or.EqualTo(2), "kept elements are divided by 1 - p");
            Assert.That(y.Average(), Is.EqualTo(1).Within(0.16), "a mean of 1 with a deviation of 0.032; five of these");
        }
    }

    [Test]
    public void Uniform_and_normal_have_their_moments()
    {
        Tensor x = Vector("x");
        using Function f = Function([x], [Uniform(x), Normal(x)], device: _device, seed: 11);
        NDArray[] values = f.Eval(NDArray.Zeros([20_000]));
        double[] u = values[0].Doubles(), n = values[1].Doubles();

        // Five standard errors: sqrt(1/12 / 20000) = 0.0020, 1 / sqrt(20000) = 0.0071, sqrt(2 / 20000) = 0.01.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(u, Has.All.InRange(0, 1 - Math.Pow(2, -25)));
            Assert.That(u.Average(), Is.EqualTo(0.5).Within(0.0102));
            Assert.That(n.Average(), Is.Zero.Within(0.0354));
            Assert.That(n.Select(v => v * v).Average(), Is.EqualTo(1).Within(0.05));
        }
    }

    [Test]
    public void A_random_node_draws_the_same_numbers_whatever_else_the_function_computes()
    {
        Tensor x = Vector("x"), noise = Uniform(x);
        using Function alone = Function([x], noise, device: _device, seed: 1), among = Function([x], [noise, Exp(x), Sum(noise * x)], device: _device, seed: 1);
        Assert.That(among.Eval(s_ones)[0].Doubles(), Is.EqualTo(alone.Eval(s_ones)[0].Doubles()));
    }

    [Test]
    public void The_numbers_are_the_references_bit_for_bit()
    {
        Tensor x = Vector("x");
        Tensor[] outputs = [Uniform(x), Bernoulli(x, 0.3f)];
        using Device reference = Device.Reference();
        NDArray[] expected = Run(reference, outputs, [(x, s_ones)]), actual = Run(_device, outputs, [(x, s_ones)]);
        for (int i = 0; i < outputs.Length; i++) Assert.That(actual[i].Bytes().SequenceEqual(expected[i].Bytes()), outputs[i].Op.Name);
    }
}
