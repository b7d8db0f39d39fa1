using static MiniDL.Layer;

namespace MiniDL.Tests.Training.Layers;

/// <summary>Dropout silences elements, Dropout2D whole maps, both in training only.</summary>
[TestFixture]
public sealed class DropoutTests
{
    private const int B = 50, C = 40;

    private static NDArray Ones(Shape shape)
    {
        NDArray ones = NDArray.Zeros(shape);
        ones.Span<float>().Fill(1);
        return ones;
    }

    [Test]
    public void Dropout2D_has_one_number_for_each_map()
    {
        foreach (Shape map in (Shape[])[[5], [3, 4]])
        {
            int pixels = (int)map.Count;
            double[] mask = Nets.Model(Dropout2D(0.25f), [C, .. map.Dims]).Trained(Ones([B, C, .. map.Dims])).Doubles();
            float kept = 1 / 0.75f;
            int whole = 0;
            for (int first = 0; first < mask.Length; first += pixels)
            {
                Assert.That(mask[first], Is.EqualTo(0).Or.EqualTo(kept));
                Assert.That(mask[first..(first + pixels)], Is.All.EqualTo(mask[first]), "all pixels of a map");
                if (mask[first] != 0) whole++;
            }
            // 2,000 maps, of which 3/4 are kept: +-5 standard deviations of sqrt(2000 * 3/16) = 19.4.
            Assert.That(whole, Is.InRange(1500 - 97, 1500 + 97));
        }
    }

    [Test]
    public void Dropout_has_one_number_for_each_element_and_keeps_the_sum_on_average()
    {
        double[] mask = Nets.Model(Dropout(0.25f), [C]).Trained(Ones([B, C])).Doubles();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(mask.Distinct().Order(), Is.EqualTo(new[] { 0, (double)(1 / 0.75f) }));
            Assert.That(mask.Sum(), Is.EqualTo(B * C).Within(97 / 0.75));
            Assert.That(mask[..C], Is.Not.EqualTo(mask[C..(2 * C)]), "another mask for each example");
        }
    }

    [Test]
    public void Another_seed_draws_another_mask_and_the_same_seed_the_same()
    {
        Model model = Nets.Model(Dropout2D(0.5f), [C, 2, 2]);
        double[] one = model.Trained(Ones([1, C, 2, 2]), seed: 1).Doubles();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(model.Trained(Ones([1, C, 2, 2]), seed: 1).Doubles(), Is.EqualTo(one));
            Assert.That(model.Trained(Ones([1, C, 2, 2]), seed: 2).Doubles(), Is.Not.EqualTo(one));
        }
    }

    [Test]
    public void In_use_the_expression_is_its_input()
    {
        Model model = Nets.Model(Sequential(Dropout(0.5f), Dropout2D(0.5f)), [C, 2, 2]);
        Tensor x = Nets.Batch(model);
        Assert.That(model.Use(x), Is.SameAs(x));
    }

    [Test]
    public void With_probability_0_nothing_is_drawn_in_training_either()
    {
        Model model = Nets.Model(Sequential(Dropout(0), Dropout2D(0)), [C, 2, 2]);
        Tensor x = Nets.Batch(model);
        Assert.That(model.Train(x).Output, Is.SameAs(x));
    }

    [Test]
    public void Wrong_use_is_refused()
    {
        Model rows = Nets.Model(Dropout2D(0.5f), [C]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => rows.Train(Nets.Batch(rows)), Throws.TypeOf<GraphException>().With.Message.Contains("dropout2d").And.Message.Contains("(?, 40)"));
            Assert.That(() => Dropout(1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => Dropout2D(float.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
    }
}
